// This file reads what a list says of an entry beside what has a place of its own.
import { GUIDE_SHIFT_MAX_MS } from '../guide-shifts.ts';
import type { ListEntry } from './list-entry.ts';

type Kept = Pick<ListEntry, 'kept'>;

/** What its account says of it: players that lock such channels ask ours. */
export function isAdult({ kept }: Kept): boolean {
  return kept?.['adult'] === '1';
}

/** `tvg-shift` in hours, as Kodi reads it: how much later than the guide says; undefined for nothing. */
export function guideShiftMsOf({ kept }: Kept): number | undefined {
  const text = kept?.['tvg-shift'] ?? '';
  const hours = /^[+-]?\d{1,2}(?:\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (hours === 0 || Math.abs(hours) * 3_600_000 > GUIDE_SHIFT_MAX_MS) return undefined;
  return Math.round(hours * 60) * 60_000;
}
