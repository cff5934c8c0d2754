// This file gives a number to channels that have none, and remembers it.
import type { Log } from '../base/log.ts';
import type { Store } from '../channel/store.ts';
import type { ChannelConfig } from '../config/config.ts';

/** As for numbers that people give; within what every player takes. */
const MAX_NUMBER = 99_999;
const KIND = 'channel-number';

/**
 * Jellyfin makes up a number where there is none (of a name such as "5 USA", which it then cuts),
 * Plex refuses the channel, and both hang guide and favourites on it. So every channel gets one, in
 * the order of the file after the highest that was given, and keeps it: a list that grows in its
 * middle does not move the rest.
 */
export class ChannelNumbers {
  readonly #store: Store;
  readonly #log: Log;
  readonly #known = new Map<string, number>();

  constructor(store: Store, log: Log) {
    this.#store = store;
    this.#log = log;
    for (const [id, number] of store.load(KIND)) {
      if (isNumber(number)) this.#known.set(id, number);
    }
  }

  /** The same channels in the same order, each with a number while there are any. */
  number(channels: readonly ChannelConfig[]): readonly ChannelConfig[] {
    const given = new Set(channels.flatMap(({ number }) => number ?? []));
    const without = channels.filter(({ number }) => number === undefined);
    const changed = this.#makeRoom(channels, given.size + without.length);
    // Of a channel that is away for now too: it may come back
    const taken = new Set([...given, ...this.#known.values()]);
    const free = freeNumbers(taken, highestOf(given));
    for (const { id } of without) {
      const known = this.#known.get(id);
      if (known !== undefined && !given.has(known)) continue;
      const next = free.next();
      if (next.done === true) break;
      changed.set(id, next.value);
      this.#known.set(id, next.value);
    }
    this.#save(changed);
    return channels.map((channel) => {
      const number = channel.number ?? this.#known.get(channel.id);
      return number === undefined ? channel : { ...channel, number };
    });
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

  #save(changed: ReadonlyMap<string, unknown>): void {
    if (changed.size === 0) return;
    try {
      this.#store.save(KIND, changed);
    } catch (error) {
      this.#log.error('channel numbers not saved', { error });
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
function* freeNumbers(taken: ReadonlySet<number>, last: number): Generator<number, undefined> {
  for (let step = 1; step <= MAX_NUMBER; step++) {
    const number = ((last + step - 1) % MAX_NUMBER) + 1;
    if (!taken.has(number)) yield number;
  }
  return undefined;
}
