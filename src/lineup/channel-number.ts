// This file gives a number to channels that have none, the same for ever.
import type { ChannelConfig } from '../config/config.ts';

/**
 * Five digits: beyond the numbers that people give, within what every player takes. Jellyfin makes
 * up a number of its own where there is none, Plex refuses the channel, and both hang their guide
 * and favourites on it, so it must not move when the list is sorted anew.
 */
const FIRST = 10_000;
const COUNT = 90_000;
/** Half of the slots, so that a free one is near; channels beyond that go without a number. */
const MAX_TAKEN = COUNT / 2;

/**
 * Number by channel id. A channel without one gets 10,000 and more by a hash of its id; where that
 * is taken, by a number that was given or by an id before it in the alphabet, the next one free.
 */
export function channelNumbers(channels: readonly ChannelConfig[]): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  const taken = new Set<number>();
  const without: string[] = [];
  for (const { id, number } of channels) {
    if (number === undefined) {
      without.push(id);
    } else {
      numbers.set(id, number);
      taken.add(number);
    }
  }
  for (const id of without.sort()) {
    if (taken.size >= MAX_TAKEN) break;
    let slot = fnv1a(id) % COUNT;
    while (taken.has(FIRST + slot)) slot = (slot + 1) % COUNT;
    taken.add(FIRST + slot);
    numbers.set(id, FIRST + slot);
  }
  return numbers;
}

/** FNV-1a, 32 bits: the same on every machine and in every version. Ids are ASCII. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
