// This file reads the line-ups an operator named, and keeps the channels that each last gave.
import { type Backoff, backoffDelayMs } from '../base/backoff.ts';
import { type Clock, sleep } from '../base/clock.ts';
import { errorFields, errorRecord } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { showPlace } from '../base/place.ts';
import type { Random } from '../base/random.ts';
import type { ChannelConfig } from '../config/config.ts';
import type { ParsedM3uEntry } from '../media/m3u/list.ts';
import type { Outbound } from '../net/outbound.ts';
import { channelsFromM3u } from './import.ts';
import { baseOf, readLineUp } from './read-line-up.ts';

export type LineUpParts = {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly outbound: Outbound;
};

/** A server that was started while its provider was down plays once the provider is back. */
const RETRY: Backoff = { baseMs: 2_000, maxMs: 300_000 };
/** Serving does not wait longer than this for lists to come. */
const START_WAIT_MS = 10_000;
/** A list that shrinks below this share of itself is half an answer and no new line-up. */
const LEAST_SHARE = 0.5;

/** Stable, so that those without a number stay as they are. */
function byNumber(a: ChannelConfig, b: ChannelConfig): number {
  const [first, second] = [a.number ?? Number.MAX_VALUE, b.number ?? Number.MAX_VALUE];
  return first - second;
}

export class LineUps implements Disposable {
  readonly #places: readonly string[];
  readonly #parts: LineUpParts;
  readonly #entries = new Map<string, readonly ParsedM3uEntry[]>();
  readonly #ended = new AbortController();
  /** Of the last answer, as long as neither the lists nor the ids of others change. */
  #made: { readonly ownIds: string; readonly channels: readonly ChannelConfig[] } | undefined;

  /** `places` are URLs and files. */
  constructor(places: readonly string[], parts: LineUpParts) {
    this.#places = places;
    this.#parts = parts;
  }

  /**
   * Resolves once each was read or has failed, or after a while. One that comes later calls
   * `changed`; one that failed is tried again until it comes.
   */
  async start(changed: () => void): Promise<void> {
    let isStarted = false;
    const follow = async (place: string) => {
      const isRead = await this.#read(place);
      if (!isRead) void this.#retry(place, changed);
      else if (isStarted) changed();
    };
    const all = Promise.all(this.#places.map(follow));
    using late = new AbortAfter(this.#parts.clock, START_WAIT_MS);
    await Promise.race([all, late.aborted]);
    isStarted = true;
  }

  /** Reads each anew; one that fails keeps the channels it had. */
  async refresh(): Promise<void> {
    await Promise.all(this.#places.map((place) => this.#read(place)));
  }

  /**
   * `own` by their numbers, those without one after them as they stand in the file; then those of
   * the line-ups as they stand there, none with an id that was there before.
   */
  channels(own: readonly ChannelConfig[]): readonly ChannelConfig[] {
    const ids = own.map(({ id }) => id);
    const id = ids.join('\n');
    // Making tens of thousands of channels takes a while, and a reload asks for the same again.
    if (this.#made?.ownIds !== id) this.#made = { ownIds: id, channels: this.#make(ids) };
    return [...own.toSorted(byNumber), ...this.#made.channels];
  }

  #make(ownIds: readonly string[]): ChannelConfig[] {
    const taken = new Set(ownIds);
    const made: ChannelConfig[] = [];
    for (const place of this.#places) {
      const entries = this.#entries.get(place) ?? [];
      for (const channel of channelsFromM3u(entries, { taken, ...baseOf(place) }).channels) {
        taken.add(channel.id);
        made.push(channel);
      }
    }
    return made;
  }

  [Symbol.dispose](): void {
    this.#ended.abort();
  }

  async #retry(place: string, changed: () => void): Promise<void> {
    const { clock, random } = this.#parts;
    const { signal } = this.#ended;
    for (let attempt = 0; !this.#entries.has(place); attempt++) {
      await sleep(clock, backoffDelayMs(RETRY, attempt, random), signal);
      // A refresh may have brought it meanwhile, and said so to whoever asked for the refresh.
      if (signal.aborted || this.#entries.has(place)) return;
      if (await this.#read(place)) changed();
    }
  }

  /** Never rejects; false where there is no new answer to go by. */
  async #read(place: string): Promise<boolean> {
    const { log, outbound } = this.#parts;
    const shown = showPlace(place);
    try {
      const { entries, channels, problems } = await readLineUp(place, outbound, this.#ended.signal);
      const before = this.#entries.get(place)?.length ?? 0;
      if (entries.length < before * LEAST_SHARE) {
        const message = 'line-up has shrunk by more than half: the old one stays';
        log.warn(message, { place: shown, before, after: entries.length });
        return false;
      }
      this.#entries.set(place, entries);
      this.#made = undefined;
      const counts = Object.fromEntries(problems.counts);
      log.info('line-up loaded', { place: shown, channels: channels.length, problems: counts });
      for (const { message, ...where } of problems.first) {
        log.debug('line-up entry', { place: shown, ...where, problem: message });
      }
      return true;
    } catch (error) {
      if (this.#ended.signal.aborted) return false;
      log.error('line-up not loaded', { place: shown, ...errorFields(errorRecord(error)) });
      return false;
    }
  }
}

/** A promise that resolves after a while, and a timer that ends with its scope. */
class AbortAfter implements Disposable {
  readonly aborted: Promise<void>;
  readonly #timer: Disposable;

  constructor(clock: Clock, delayMs: number) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.aborted = promise;
    this.#timer = clock.after(delayMs, resolve);
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }
}
