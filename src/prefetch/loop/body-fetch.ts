// This file fetches one body whole: attempts, checks, and the bytes for who waits.
import { backoffDelayMs } from '../../base/backoff.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import { AppError, errorRecord } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import type { Timeouts } from '../../config/config.ts';
import { sizeOf } from '../../media/chunk-cursor.ts';
import { checkWhole, contentTypeOf, sniffChunks } from '../../media/container.ts';
import { firstPcr } from '../../media/mpegts/media-clock.ts';
import type { BodyRef } from '../../ring/listing.ts';
import type { BodyMaker } from '../../ring/memory-files.ts';
import { segmentLimits } from '../../source/deadlines.ts';
import { SourceAssetError, SourceBodyError, SourceStatusError } from '../../source/errors.ts';
import type { RenditionSource } from '../../source/source.ts';
import type { BodyKey, BodyKind, LoopEvent } from '../messages.ts';
import type { Taken } from './body-remux.ts';
import type { LookAside } from './look-aside.ts';
import type { OriginGate } from './origin-gate.ts';
import type { RetryBudget } from './retry-budget.ts';

export type BodyFetchDeps = {
  readonly source: RenditionSource;
  readonly clock: Clock;
  readonly random: Random;
  readonly gate: OriginGate;
  readonly budget: RetryBudget;
  readonly timeouts: Timeouts;
  readonly maxBytes: number;
  readonly emit: (event: LoopEvent) => void;
  readonly makeBody: BodyMaker;
  /** Who is asked before the source is; absent: nobody. */
  readonly aside?: LookAside;
};

/** What the bytes must look like to count as whole. */
export type Expectation = 'media' | 'encrypted' | 'init' | 'key' | 'partial';

export type BodyFetchRequest = {
  readonly key: BodyKey;
  readonly kind: BodyKind;
  readonly ref: BodyRef;
  readonly expect: Expectation;
  readonly targetDurationS: number;
  /** Monotonic time after which it is given up. */
  readonly deadlineMs: number;
  readonly sequence?: number;
  /** It may change once it is whole: nobody is sent its pieces before. */
  readonly isHeldBack?: boolean;
  /** What becomes of it once it is whole. */
  readonly take?: (chunks: readonly Uint8Array[]) => Taken | undefined;
};

/** Tries in all, whatever the reason: an origin is not asked for one body more often. */
const ATTEMPTS_MAX = 8;
/** No attempt is given less time than this. */
const ATTEMPT_MIN_MS = 250;
const BACKOFF_BASE_MS = 200;
/** So many tries for what is not there yet are spread over the time left: it may come at its end. */
const SPREAD_TRIES = 3;
/** How often a retry that found the budget spent looks again. */
const BUDGET_WAIT_MS = 250;
/** Waits after a Retry-After longer than this are not worth it for a live segment. */
const RETRY_AFTER_MAX_MS = 30_000;
/** RFC 8216 §4.3.2.4: an AES-128 key. */
const KEY_BYTES = 16;
/**
 * RFC 8216 §3.5: what a segment without cues is. Some packagers write nothing at all, which players
 * take for no WebVTT.
 */
const NO_CUES = new TextEncoder().encode('WEBVTT\n\n');
/** Failures that no second try can mend. */
const PERMANENT = new Set([
  'NET_URL',
  'NET_ADDRESS_BLOCKED',
  'NET_TOO_LARGE',
  'SOURCE_ASSET',
  'SOURCE_STREAM_GONE',
]);

export class BodyFetch {
  readonly #deps: BodyFetchDeps;
  readonly #request: BodyFetchRequest;
  readonly #abort = new AbortController();
  #deadlineMs: number;
  #waiting: AbortController | undefined;
  #chunks: Uint8Array[] = [];
  #piped = false;
  /** The try at hand is one that was paid for. */
  #isPaid = false;
  /** Bytes already sent to who waits; of an attempt that broke, they are in #sent. */
  #sentBytes = 0;
  #sent: Uint8Array[] = [];

  constructor(deps: BodyFetchDeps, request: BodyFetchRequest) {
    this.#deps = deps;
    this.#request = request;
    this.#deadlineMs = request.deadlineMs;
  }

  /** From now on bytes are sent as they arrive, those at hand first. */
  pipe(): void {
    if (this.#piped || this.#request.isHeldBack === true) return;
    this.#piped = true;
    if (this.#sent.length === 0) for (const chunk of this.#chunks) this.#send(chunk);
  }

  close(): void {
    this.#abort.abort();
  }

  /** It is worth less than was thought: no try begins after `deadlineMs`. */
  hurry(deadlineMs: number): void {
    this.#deadlineMs = Math.min(this.#deadlineMs, deadlineMs);
    this.#waiting?.abort();
  }

  /**
   * Runs until the body is whole, given up or closed; true where it is whole. It is not loaded
   * before `assets` are, without which it cannot be played, and fails where they do.
   */
  async run(assets: Promise<boolean>): Promise<boolean> {
    const { clock, budget, emit } = this.#deps;
    const startedMs = clock.monotonicMs();
    budget.earn();
    for (let attempt = 0; ; attempt++) {
      try {
        const aside = attempt === 0 && this.#deps.aside;
        const held = aside ? await this.#look(aside) : undefined;
        if (this.#abort.signal.aborted) return false;
        const contentType = held ?? (await this.#attempt(attempt));
        if (this.#isPaid) budget.helped();
        if (held === undefined) emit({ type: 'fetched', what: this.#request.kind, outcome: 'ok' });
        if (!(await assets)) throw new SourceAssetError();
        const { key, expect } = this.#request;
        const clockTicks = expect === 'media' ? firstPcr(this.#chunks) : undefined;
        const fingerprint = expect === 'key' ? sha256(this.#chunks) : undefined;
        const { chunks = this.#chunks, ...taken } = this.#request.take?.(this.#chunks) ?? {};
        const body = this.#deps.makeBody(chunks);
        this.#chunks = [];
        const tookMs = clock.monotonicMs() - startedMs;
        const attempts = attempt + 1;
        emit({
          type: 'loaded',
          key,
          body,
          contentType,
          tookMs,
          attempts,
          ...(clockTicks === undefined ? {} : { clockTicks }),
          ...(fingerprint === undefined ? {} : { fingerprint }),
          ...taken,
        });
        return true;
      } catch (error) {
        if (this.#abort.signal.aborted) return false;
        emit({ type: 'fetched', what: this.#request.kind, outcome: errorRecord(error).code });
        this.#keepSent();
        const delayMs = this.#delayBefore(attempt + 1, error);
        if (delayMs === undefined) {
          emit({ type: 'failed', key: this.#request.key, error: errorRecord(error) });
          return false;
        }
        if (await this.#mayRetry(delayMs, error)) continue;
        if (this.#abort.signal.aborted) return false;
        emit({ type: 'failed', key: this.#request.key, error: errorRecord(error) });
        return false;
      }
    }
  }

  /** The content type of what the tiers have of it, which is then at hand; undefined: nothing. */
  async #look(aside: LookAside): Promise<string | undefined> {
    const bytes = await aside.ask(this.#request.key);
    if (bytes === undefined) return undefined;
    this.#chunks = [bytes];
    try {
      return this.#check();
    } catch {
      // Whatever it is, the source has the real one
      this.#chunks = [];
      return undefined;
    }
  }

  /** Waits for the next try and for a place in the budget of retries; false where neither comes. */
  async #mayRetry(delayMs: number, error: unknown): Promise<boolean> {
    const { clock, budget } = this.#deps;
    await this.#rest(delayMs);
    for (;;) {
      if (this.#abort.signal.aborted || clock.monotonicMs() >= this.#deadlineMs) return false;
      // A late CDN edge says 404 for every new segment: cheap, expected, and not a sign of load
      const isFree = statusOf(error) === 404;
      this.#isPaid = !isFree && budget.spend();
      if (isFree || this.#isPaid) return true;
      await this.#rest(BUDGET_WAIT_MS);
    }
  }

  async #rest(delayMs: number): Promise<void> {
    this.#waiting = new AbortController();
    const signal = AbortSignal.any([this.#waiting.signal, this.#abort.signal]);
    await sleep(this.#deps.clock, delayMs, signal);
    this.#waiting = undefined;
  }

  async #attempt(attempt: number): Promise<string> {
    const { gate, source, timeouts, maxBytes, clock } = this.#deps;
    const { ref, targetDurationS } = this.#request;
    const signal = this.#abort.signal;
    using place = await gate.enter(ref.kind === 'http' ? ref.url : 'loop:', signal);
    if (place === undefined) throw new AppError('NET_ABORTED', 'Cannot fetch: stopped');
    const limits = segmentLimits(targetDurationS, timeouts, maxBytes, attempt);
    // Who is late at the door still gets a chance, but not at the cost of what comes next
    const leftMs = Math.max(ATTEMPT_MIN_MS, this.#deadlineMs - clock.monotonicMs());
    const totalMs = Math.min(limits.totalMs, leftMs);
    const answer = await source.open(ref, { ...limits, totalMs }, signal);
    let done = false;
    try {
      for await (const chunk of answer.body) this.#take(chunk);
      done = true;
    } finally {
      if (!done) answer.cancel();
    }
    return this.#check();
  }

  #take(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    if (this.#sent.length > 0) this.#matchSent();
    else if (this.#piped) this.#send(chunk);
  }

  #send(chunk: Uint8Array): void {
    const offset = this.#sentBytes;
    this.#sentBytes += chunk.byteLength;
    this.#deps.emit({ type: 'chunk', key: this.#request.key, offset, bytes: chunk });
  }

  /** An attempt broke off: what was sent of it must be how the next one begins. */
  #keepSent(): void {
    if (this.#sentBytes > 0 && this.#sent.length === 0) this.#sent = this.#chunks;
    this.#chunks = [];
  }

  /** Compares this attempt with what was sent of the last; goes on behind it, or says broken. */
  #matchSent(): void {
    const have = sizeOf(this.#chunks);
    if (have < this.#sentBytes) return;
    const sentBytes = this.#sentBytes;
    const isSame = startsEqual(this.#chunks, this.#sent, sentBytes);
    this.#sent = [];
    if (!isSame) {
      this.#sentBytes = 0;
      this.#deps.emit({ type: 'broken', key: this.#request.key });
    }
    let skip = isSame ? sentBytes : 0;
    for (const chunk of this.#chunks) {
      if (skip < chunk.byteLength) this.#send(skip === 0 ? chunk : chunk.subarray(skip));
      skip = Math.max(0, skip - chunk.byteLength);
    }
  }

  /** The content type of what was read; throws SourceBodyError where it is not whole. */
  #check(): string {
    const { expect, ref } = this.#request;
    const uri = ref.kind === 'http' ? ref.url : '';
    if (this.#sent.length > 0) {
      throw new SourceBodyError('it became shorter', sizeOf(this.#chunks));
    }
    if (sizeOf(this.#chunks) === 0) {
      const isSubtitles = contentTypeOf('unknown', uri) === contentTypeOf('webvtt', '');
      if (!isSubtitles || expect !== 'media') throw new SourceBodyError('it is empty', 0);
      this.#chunks = [NO_CUES];
    }
    const sizeBytes = sizeOf(this.#chunks);
    if (expect === 'key') {
      if (sizeBytes !== KEY_BYTES) throw new SourceBodyError('the key is not 16 bytes', sizeBytes);
      return 'application/octet-stream';
    }
    if (expect !== 'partial') {
      const role = expect === 'init' ? 'init' : 'media';
      const flaw = checkWhole(this.#chunks, { role, encrypted: expect === 'encrypted' });
      if (flaw !== undefined) throw new SourceBodyError(flaw.reason, flaw.offset);
    }
    return contentTypeOf(expect === 'encrypted' ? 'unknown' : sniffChunks(this.#chunks), uri);
  }

  /** How long to wait before the next try, or undefined to give up. */
  #delayBefore(attempt: number, error: unknown): number | undefined {
    const { clock, random, source } = this.#deps;
    const { targetDurationS, sequence } = this.#request;
    const { code } = errorRecord(error);
    const status = statusOf(error);
    if (status === 404 && sequence !== undefined) source.observe?.(sequence, 'missing');
    if (attempt >= ATTEMPTS_MAX || PERMANENT.has(code) || status === 410) return undefined;
    const targetMs = targetDurationS * 1000;
    const leftMs = this.#deadlineMs - clock.monotonicMs() - ATTEMPT_MIN_MS;
    const retryAfterMs = error instanceof SourceStatusError ? (error.retryAfterMs ?? 0) : 0;
    const askedMs = Math.min(retryAfterMs, RETRY_AFTER_MAX_MS);
    if (leftMs < Math.max(BACKOFF_BASE_MS / 2, askedMs)) return undefined;
    const backoff = { baseMs: BACKOFF_BASE_MS, maxMs: Math.max(300, targetMs / 2) };
    const triesLeft = ATTEMPTS_MAX - attempt;
    const spreadMs = status === 404 && triesLeft <= SPREAD_TRIES ? leftMs / triesLeft : 0;
    const delayMs = Math.max(backoffDelayMs(backoff, attempt - 1, random), spreadMs, askedMs);
    return Math.min(delayMs, leftMs);
  }
}

function statusOf(error: unknown): number | undefined {
  return error instanceof SourceStatusError ? error.status : undefined;
}

function sha256(chunks: readonly Uint8Array[]): string {
  const hasher = new Bun.CryptoHasher('sha256');
  for (const chunk of chunks) hasher.update(chunk);
  return hasher.digest('hex');
}

/** Are the first `count` bytes of both the same? Both hold at least as many. */
function startsEqual(a: readonly Uint8Array[], b: readonly Uint8Array[], count: number): boolean {
  const first = Buffer.concat(a).subarray(0, count);
  return Buffer.compare(first, Buffer.concat(b).subarray(0, count)) === 0;
}
