// This file keeps segments in a Redis, in pieces that end by themselves.
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { checkAborted, TierError, unlessAborted } from './errors.ts';
import { keyDigest } from './key-digest.ts';
import { joinPieces, MAX_BODY_BYTES, pieceAt, pieceCount } from './pieces.ts';
import { parseRedisAddress, type RedisAddress } from './redis-address.ts';
import { createRedisClient, type RedisClient } from './redis-client.ts';
import { connectRedis } from './redis-connect.ts';
import { redisFailure } from './redis-failure.ts';
import { COMMIT, DROP, EXTEND, FORGET, HELD, NOTE, TAKE, USE } from './redis-scripts.ts';
import type { Stored, Swept, Tier, TierKey, TierUse } from './tier.ts';

export type RedisTierOptions = {
  readonly url: string;
  /** The most it may hold of ours; absent: what the server lets us. */
  readonly sizeBytes: number | undefined;
  readonly clock: Clock;
  readonly random: Random;
};

/** A server that does one thing at a time must not be held up by one piece for long. */
const PIECE_BYTES = 512 * 1024;
/** Pieces under way at once: 4 MiB. */
const PIECES_AT_ONCE = 8;
/** Pieces of a body that never became whole end by themselves. */
const UNFINISHED_MS = 120_000;
const SWEEP_STEP = 64;
/** A manifest that says otherwise was not written by us. */
const MAX_PIECES = MAX_BODY_BYTES / PIECE_BYTES;

const INDEX = ['weir:{index}:age', 'weir:{index}:expiry', 'weir:{index}:bytes'];

export class RedisTier implements Tier {
  readonly kind = 'redis';
  readonly place: string;
  readonly #address: RedisAddress;
  readonly #options: RedisTierOptions;
  #client: RedisClient | undefined;
  #isOpen = false;
  #isClosed = false;

  constructor(options: RedisTierOptions) {
    this.#options = options;
    this.#address = parseRedisAddress(options.url);
    this.place = this.#address.place;
  }

  async open(signal: AbortSignal): Promise<void> {
    checkAborted(signal, this.place);
    if (this.#isClosed) throw this.#closed();
    this.#client ??= createRedisClient(this.#address, this.#options.random);
    await unlessAborted(connectRedis(this.#client, this.place), signal, this.place);
    const { kind, db } = this.#address;
    await this.#run(signal, async (client) => {
      // The client goes on with database 0 where there is no such one
      if (kind !== 'cluster' && db > 0) await client.select(db);
      await client.eval(USE, INDEX.length, ...INDEX);
    });
    this.#isOpen = true;
  }

  async get(key: TierKey, signal: AbortSignal): Promise<Stored | undefined> {
    this.#check();
    return await this.#run(signal, async (client) => {
      const base = baseOf(keyDigest(key));
      const manifest = parseManifest(await client.getBuffer(`${base}m`));
      if (manifest === undefined) return undefined;
      const { pieces, sizeBytes, contentType } = manifest;
      const parts: (Buffer | null)[] = [];
      for (let first = 0; first < pieces; first += PIECES_AT_ONCE) {
        checkAborted(signal, this.place);
        const count = Math.min(PIECES_AT_ONCE, pieces - first);
        const names = Array.from({ length: count }, (_, index) => `${base}${first + index}`);
        parts.push(...(await client.mgetBuffer(...names)));
      }
      const body = joinPieces(parts, sizeBytes);
      return body && { body, contentType };
    });
  }

  async holds(keys: readonly TierKey[], signal: AbortSignal): Promise<readonly boolean[]> {
    this.#check();
    return await this.#run(signal, async (client) => {
      const held: boolean[] = [];
      for (let first = 0; first < keys.length; first += SWEEP_STEP) {
        checkAborted(signal, this.place);
        const manifests = keys
          .slice(first, first + SWEEP_STEP)
          .map((key) => `${baseOf(keyDigest(key))}m`);
        const said = await Promise.all(manifests.map((name) => client.eval(HELD, 1, name)));
        held.push(...said.map((one) => Number(one) === 1));
      }
      return held;
    });
  }

  async put(
    key: TierKey,
    { body, contentType }: Stored,
    expiresAtMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    this.#check();
    if (body.size > MAX_BODY_BYTES) throw this.#tooLarge(body.size);
    await this.#run(signal, async (client) => {
      const digest = keyDigest(key);
      const ends = Math.ceil(expiresAtMs);
      const ttlMs = Math.max(1, Math.ceil(expiresAtMs - this.#options.clock.nowMs()));
      const manifest = `${baseOf(digest)}m`;
      const held = Number(await client.eval(EXTEND, 1, manifest, ends, ttlMs));
      const sizeBytes = held >= 0 ? held : body.size;
      // Before it is held, so that the size is kept to also where we end here
      await client.eval(NOTE, INDEX.length, ...INDEX, `${digest}:${sizeBytes}`, sizeBytes, ends);
      if (held >= 0) return;
      const rest = ` ${pieceCount(body.size, PIECE_BYTES)} ${body.size} ${contentType}`;
      const bytes = await body.bytes();
      for (const mode of ['as they are', 'anew'] as const) {
        await this.#sendPieces(client, digest, bytes, mode, signal);
        checkAborted(signal, this.place);
        const asked = [ends, ttlMs, rest, pieceCount(body.size, PIECE_BYTES), body.size];
        if (Number(await client.eval(COMMIT, 1, manifest, ...asked)) === 1) return;
      }
      throw this.#lost();
    });
  }

  async delete(keys: readonly TierKey[], signal: AbortSignal): Promise<void> {
    this.#check();
    await this.#run(signal, async (client) => {
      for (let first = 0; first < keys.length; first += SWEEP_STEP) {
        checkAborted(signal, this.place);
        const digests = keys.slice(first, first + SWEEP_STEP).map(keyDigest);
        const sizes = await Promise.all(digests.map((digest) => drop(client, digest, '')));
        const members = digests.flatMap((digest, index) =>
          Number(sizes[index]) >= 0 ? [`${digest}:${sizes[index]}`] : [],
        );
        if (members.length > 0) await client.eval(FORGET, INDEX.length, ...INDEX, ...members);
      }
    });
  }

  async sweep(nowMs: number, signal: AbortSignal): Promise<Swept> {
    this.#check();
    return await this.#run(signal, async (client) => {
      const swept = { expired: 0, evicted: 0 };
      const most = this.#options.sizeBytes ?? -1;
      for (let isMore = true; isMore; ) {
        checkAborted(signal, this.place);
        const asked = [Math.floor(nowMs), most, SWEEP_STEP];
        const taken = (await client.eval(TAKE, INDEX.length, ...INDEX, ...asked)) as string[];
        const drops: Promise<void>[] = [];
        for (let at = 0; at + 2 < taken.length; at += 3) {
          const [why, member, ends] = taken.slice(at, at + 3) as [keyof Swept, string, string];
          const digest = member.slice(0, member.indexOf(':'));
          drops.push(
            drop(client, digest, ends).then((outcome) => {
              if (outcome !== 'later') swept[why] += 1;
            }),
          );
        }
        await Promise.all(drops);
        isMore = taken.length > 0;
      }
      return swept;
    });
  }

  async use(signal: AbortSignal): Promise<TierUse> {
    this.#check();
    return await this.#run(signal, async (client) => {
      const [segments, bytes] = (await client.eval(USE, INDEX.length, ...INDEX)) as number[];
      return { segments: Number(segments), bytes: Number(bytes) };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#isOpen = false;
    this.#client?.disconnect();
    this.#client = undefined;
  }

  /** Pieces that are there are another's for the same key: they keep their time. */
  async #sendPieces(
    client: RedisClient,
    digest: string,
    bytes: Uint8Array,
    mode: 'as they are' | 'anew',
    signal: AbortSignal,
  ): Promise<void> {
    const pieces = pieceCount(bytes.length, PIECE_BYTES);
    for (let first = 0; first < pieces; first += PIECES_AT_ONCE) {
      checkAborted(signal, this.place);
      const count = Math.min(PIECES_AT_ONCE, pieces - first);
      const sent = Array.from({ length: count }, (_, index) => {
        const piece = pieceAt(bytes, first + index, PIECE_BYTES);
        const name = `${baseOf(digest)}${first + index}`;
        return mode === 'anew'
          ? client.set(name, piece, 'PX', UNFINISHED_MS)
          : client.set(name, piece, 'PX', UNFINISHED_MS, 'NX');
      });
      await Promise.all(sent);
    }
  }

  /** Whoever gave up does not wait for the rest of `work`. */
  async #run<T>(signal: AbortSignal, work: (client: RedisClient) => Promise<T>): Promise<T> {
    checkAborted(signal, this.place);
    const client = this.#client;
    if (client === undefined) throw this.#closed();
    const done = work(client).catch((error: unknown) => {
      throw this.#isClosed ? this.#closed() : redisFailure(error, this.place);
    });
    return await unlessAborted(done, signal, this.place);
  }

  #check(): void {
    if (!this.#isOpen) throw this.#closed();
  }

  #closed(): TierError {
    const place = this.place;
    return new TierError('TIER_CLOSED', `Cannot use ${place}: it is not open`, { place });
  }

  #tooLarge(sizeBytes: number): TierError {
    const message = `Cannot put ${sizeBytes} bytes into ${this.place}: wanted at most ${MAX_BODY_BYTES}`;
    return new TierError('TIER_TOO_LARGE', message, { place: this.place, sizeBytes });
  }

  /** The server evicts by itself. */
  #lost(): TierError {
    const message = `Cannot put into ${this.place}: it let go of a piece at once`;
    return new TierError('TIER_FULL', message, { place: this.place });
  }
}

type Manifest = {
  readonly pieces: number;
  readonly sizeBytes: number;
  readonly contentType: string;
};

function parseManifest(bytes: Buffer | null): Manifest | undefined {
  const match = /^\d+ (\d{1,6}) (\d{1,15}) ([\s\S]*)$/.exec(bytes?.toString() ?? '');
  if (match === null) return undefined;
  const [pieces, sizeBytes] = [Number(match[1]), Number(match[2])];
  if (pieces > MAX_PIECES || sizeBytes > MAX_BODY_BYTES) return undefined;
  return { pieces, sizeBytes, contentType: match[3] as string };
}

/** The braces keep all keys of a segment on one node of a Cluster. */
function baseOf(digest: string): string {
  return `weir:{${digest}}:`;
}

/** The size of what it held; `later` where it stays, since its end has moved; else below zero. */
async function drop(client: RedisClient, digest: string, latest: string): Promise<string> {
  return String(await client.eval(DROP, 1, `${baseOf(digest)}m`, latest));
}
