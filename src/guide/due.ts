// This file says whether a guide is read when weir starts, or at its time only.
import { statSync } from 'node:fs';
import { isUrl } from '../base/place.ts';

/** What is older when we start is fetched at once. */
const FRESH_MS = 24 * 3600_000;

/** `fetchedMs`: absent where it has never come. */
export function isDueAtStart(place: string, fetchedMs: number | undefined, nowMs: number): boolean {
  if (fetchedMs === undefined || nowMs - fetchedMs >= FRESH_MS) return true;
  return !isUrl(place) && writtenMs(place) >= fetchedMs;
}

/** 0 where it cannot be said: what was kept of it stays. */
function writtenMs(path: string): number {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}
