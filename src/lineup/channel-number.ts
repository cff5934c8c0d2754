// This file gives a number to channels that have none, and remembers it.
import { errorFields, errorRecord } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { eachInTurns } from '../base/turn.ts';
import type { SharedStore } from '../channel/shared-store.ts';
import type { ChannelConfig } from '../config/config.ts';

/** As for numbers that people give; within what every player takes. */
const MAX_NUMBER = 99_999;
/** Looked at without a pause: some milliseconds. */
const TURN_CHANNELS = 10_000;
export const CHANNEL_NUMBER_KIND = 'channel-number';

/**
 * Jellyfin makes up a number where there is none (of a name such as "5 USA", which it then cuts),
 * Plex refuses the channel, and both hang guide and favourites on it. So every channel gets one, in
 * the order of the file after the highest that was given, and keeps it: a list that grows in its
 * middle does not move the rest. Those of line-ups have theirs when they come.
 */
export class ChannelNumbers {
  readonly #store: SharedStore;
  readonly #log: Log;
  readonly #known = new Map<string, number>();

  private constructor(store: SharedStore, log: Log) {
    this.#store = store;
    this.#log = log;
  }

  /** Without its store it numbers all the same, anew with every start. */
  static async open(store: SharedStore, log: Log): Promise<ChannelNumbers> {
    const numbers = new ChannelNumbers(store, log);
    await numbers.read();
    return numbers;
  }

  /** What other nodes gave goes; true where a number is another now. Never rejects. */
  async read(): Promise<boolean> {
    let isChanged = false;
    try {
      for (const [id, number] of await this.#store.load(CHANNEL_NUMBER_KIND)) {
        if (!isNumber(number) || this.#known.get(id) === number) continue;
        this.#known.set(id, number);
        isChanged = true;
      }
    } catch (error) {
      this.#log.error('channel numbers not read', errorFields(errorRecord(error)));
    }
    return isChanged;
  }

  /** By id, of channels that are away too. */
  get known(): ReadonlyMap<string, number> {
    return this.#known;
  }

  /** The same channels in the same order, each with a number while there are any. */
  async number(channels: readonly ChannelConfig[]): Promise<readonly ChannelConfig[]> {
    const without = channels.filter(({ number }) => number === undefined);
    if (without.length === 0) return channels;
    const given = new Set<number>();
    await eachInTurns(
      channels,
      TURN_CHANNELS,
      ({ number }) => void (number !== undefined && given.add(number)),
    );
    const changed = this.#makeRoom(channels, given.size + without.length);
    // Of a channel that is away for now too: it may come back
    const formerly = new Set(this.#known.values());
    const isTaken = (number: number) => given.has(number) || formerly.has(number);
    const free = freeNumbers(isTaken, highestOf(given));
    const fresh = new Map<string, number>();
    for (const { id } of without) {
      const known = this.#known.get(id);
      if (known !== undefined && !given.has(known)) continue;
      const next = free.next();
      if (next.done === true) break;
      if (known === undefined) fresh.set(id, next.value);
      else changed.set(id, next.value);
      this.#known.set(id, next.value);
    }
    await this.#save(changed, fresh);
    const numbered: ChannelConfig[] = [];
    await eachInTurns(channels, TURN_CHANNELS, (channel) => {
      const number = channel.number ?? this.#known.get(channel.id);
      const isSame = number === undefined || channel.number !== undefined;
      numbered.push(isSame ? channel : { ...channel, number });
    });
    return numbered;
  }

  /** Where all numbers would be used up, channels that are away lose theirs. */
  #makeRoom(channels: readonly ChannelConfig[], wanted: number): Map<string, unknown> {
    const forgotten = new Map<string, unknown>();
    if (this.#known.size + wanted <= MAX_NUMBER) return forgotten;
    const present = new Set(channels.map(({ id }) => id));
    for (const id of this.#known.keys()) {
      if (present.has(id)) continue;
      this.#known.delete(id);
      forgotten.set(id, null);
    }
    return forgotten;
  }

  /** What another node gave a channel first is its number. */
  async #save(
    changed: ReadonlyMap<string, unknown>,
    fresh: ReadonlyMap<string, number>,
  ): Promise<void> {
    try {
      if (changed.size > 0) await this.#store.save(CHANNEL_NUMBER_KIND, changed);
      if (fresh.size === 0) return;
      for (const [id, number] of await this.#store.claim(CHANNEL_NUMBER_KIND, fresh)) {
        if (isNumber(number)) this.#known.set(id, number);
      }
    } catch (error) {
      this.#log.error('channel numbers not saved', errorFields(errorRecord(error)));
    }
  }
}

function isNumber(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_NUMBER;
}

/** Lists of others may give 7.1 too. */
function highestOf(numbers: Iterable<number>): number {
  let highest = 0;
  for (const number of numbers) highest = Math.max(highest, Math.floor(number));
  return highest;
}

/** Those after `last`, then those before it. */
function* freeNumbers(
  isTaken: (number: number) => boolean,
  last: number,
): Generator<number, undefined> {
  for (let step = 1; step <= MAX_NUMBER; step++) {
    const number = ((last + step - 1) % MAX_NUMBER) + 1;
    if (!isTaken(number)) yield number;
  }
  return undefined;
}
