// This file hands out the pictures of channels: from the shelf, and from upstream where it must.
import { readFile, stat } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import { SingleFlight } from '../../base/single-flight.ts';
import { type PictureType, pictureTypeOf } from '../../media/picture/picture.ts';
import { HostSlots } from '../../net/host-slots.ts';
import type { Outbound } from '../../net/outbound.ts';
import { fetchLogo, LOGO_MAX_BYTES } from './logo-fetch.ts';
import { type HeldLogo, tagOf } from './logo-file.ts';
import { LogoShelf } from './logo-shelf.ts';
import { logoSourceOf } from './logo-source.ts';
import { Refusals } from './refusals.ts';

export type LogosOptions = {
  readonly folder: string;
  readonly outbound: Outbound;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly maxBytes?: number;
};

export type Logo = {
  readonly bytes: Uint8Array;
  readonly type: PictureType;
  readonly tag: string;
  readonly modifiedMs: number;
};

export type LogoAnswer =
  | { readonly kind: 'logo'; readonly logo: Logo }
  /** There is none, until then. */
  | { readonly kind: 'none'; readonly why: string; readonly untilMs: number }
  | { readonly kind: 'late'; readonly why: string; readonly untilMs: number };

export type LogoOutcome = 'held' | 'fetched' | 'file' | 'none' | 'late';

/** Twenty thousand logos of 25 KB, as many as there can be channels. */
const SHELF_MAX_BYTES = 512 * 1_048_576;
/** After so long upstream is asked whether it has another. */
const FRESH_MS = 24 * 3_600_000;
/** Fetches at once: a player that shows its list for the first time asks for all at once. */
const FETCHES = 16;
const WAIT_MS = 20_000;
/** Pictures that are on their way or wait to be: beyond, whoever asks is told to come again. */
const MAX_WAITING = 2_000;
const BUSY_MS = 5_000;
const FETCH_SLOTS = 'logos';

export class Logos implements Disposable {
  readonly #options: LogosOptions;
  readonly #shelf: LogoShelf;
  readonly #refusals: Refusals;
  readonly #flights = new SingleFlight<LogoAnswer>();
  readonly #slots = new HostSlots(FETCHES);
  readonly #ended = new AbortController();
  readonly #answered = new Map<LogoOutcome, number>();
  readonly #fetched = new Map<string, number>();

  constructor(options: LogosOptions) {
    this.#options = options;
    const { folder, clock, log, random, maxBytes = SHELF_MAX_BYTES } = options;
    this.#shelf = new LogoShelf({ folder, maxBytes, clock, log });
    this.#refusals = new Refusals(clock, random);
  }

  /** `logo` as the channel has it. */
  async get(logo: string): Promise<LogoAnswer> {
    const source = logoSourceOf(logo);
    switch (source?.kind) {
      case undefined:
        return this.#counted('none', this.#none('it is no address of a picture'));
      case 'remote':
        return await this.#remote(source.url);
      case 'inline':
        return this.#local(source.bytes, 0);
      case 'file':
        return await this.#file(source.path);
    }
  }

  stats() {
    return {
      ...this.#shelf.stats(),
      answered: Object.fromEntries(this.#answered),
      fetched: Object.fromEntries(this.#fetched),
    };
  }

  /** What is held is sent at once, however old: nobody waits to be told that it is the same. */
  async #remote(url: string): Promise<LogoAnswer> {
    const held = await this.#shelf.get(url);
    const isOld = held !== undefined && held.checkedMs + FRESH_MS < this.#options.clock.nowMs();
    const refusal = this.#refusals.of(url);
    if (held !== undefined) {
      if (isOld && refusal === undefined) void this.#flights.run(url, () => this.#load(url, held));
      return this.#counted('held', { kind: 'logo', logo: shown(held) });
    }
    if (refusal !== undefined) return this.#refused(refusal);
    const answer = await this.#flights.run(url, () => this.#load(url, undefined));
    return this.#counted(answer.kind === 'logo' ? 'fetched' : answer.kind, answer);
  }

  async #load(url: string, held: HeldLogo | undefined): Promise<LogoAnswer> {
    const { clock, outbound } = this.#options;
    if (this.#flights.size > MAX_WAITING) return this.#busy();
    using slot = await this.#slots.takeWithin(clock, FETCH_SLOTS, WAIT_MS);
    if (slot === undefined || this.#ended.signal.aborted) return this.#busy();
    const fetched = await fetchLogo(outbound, url, held ?? {}, this.#ended.signal);
    this.#fetched.set(fetched.kind, (this.#fetched.get(fetched.kind) ?? 0) + 1);
    const nowMs = clock.nowMs();
    if (fetched.kind === 'none' || fetched.kind === 'failed') return this.#refuse(url, fetched);
    if (fetched.kind === 'same' && held === undefined) {
      return this.#refuse(url, { kind: 'failed', why: 'upstream answers 304 to nothing' });
    }
    const logo = fetched.kind === 'same' ? (held as HeldLogo) : storedOf(fetched, held, nowMs);
    this.#refusals.clear(url);
    await this.#shelf.put(url, { ...logo, checkedMs: nowMs });
    return { kind: 'logo', logo: shown(logo) };
  }

  #refuse(url: string, { kind, why }: { kind: 'none' | 'failed'; why: string }): LogoAnswer {
    const refusal = this.#refusals.add(url, kind === 'none', why);
    return { kind: refusal.isNone ? 'none' : 'late', why, untilMs: refusal.untilMs };
  }

  #refused({ isNone, why, untilMs }: { isNone: boolean; why: string; untilMs: number }) {
    const kind = isNone ? 'none' : 'late';
    return this.#counted(kind, { kind, why, untilMs });
  }

  #busy(): LogoAnswer {
    const untilMs = this.#options.clock.nowMs() + BUSY_MS;
    return { kind: 'late', why: 'too many are asked for at once', untilMs };
  }

  /** As it is now: whoever changes it sees that at once. */
  async #file(path: string): Promise<LogoAnswer> {
    try {
      const found = await stat(path);
      if (!found.isFile()) return this.#counted('none', this.#none('it is no file'));
      if (found.size > LOGO_MAX_BYTES) {
        return this.#counted('none', this.#none(`it has more than ${LOGO_MAX_BYTES} bytes`));
      }
      return this.#local(await readFile(path), found.mtimeMs);
    } catch (error) {
      const { code = 'no file' } = error as { code?: string };
      return this.#counted('none', this.#none(`it cannot be read (${code})`));
    }
  }

  #local(bytes: Uint8Array, modifiedMs: number): LogoAnswer {
    const type = pictureTypeOf(bytes);
    if (type === undefined) return this.#counted('none', this.#none('it is no picture'));
    const logo = { bytes, type, tag: tagOf(bytes), modifiedMs };
    return this.#counted('file', { kind: 'logo', logo });
  }

  #none(why: string): LogoAnswer {
    return { kind: 'none', why, untilMs: this.#options.clock.nowMs() };
  }

  #counted(outcome: LogoOutcome, answer: LogoAnswer): LogoAnswer {
    this.#answered.set(outcome, (this.#answered.get(outcome) ?? 0) + 1);
    return answer;
  }

  [Symbol.dispose](): void {
    this.#ended.abort();
  }
}

/** The same bytes under a new name of upstream's are no other picture. */
function storedOf(
  { bytes, type, etag, modified }: Omit<HeldLogo, 'tag' | 'storedMs' | 'checkedMs'>,
  held: HeldLogo | undefined,
  nowMs: number,
): HeldLogo {
  const tag = tagOf(bytes);
  return {
    bytes,
    type,
    tag,
    storedMs: held?.tag === tag ? held.storedMs : nowMs,
    checkedMs: nowMs,
    ...(etag === undefined ? {} : { etag }),
    ...(modified === undefined ? {} : { modified }),
  };
}

function shown({ bytes, type, tag, storedMs }: HeldLogo): Logo {
  return { bytes, type, tag, modifiedMs: storedMs };
}
