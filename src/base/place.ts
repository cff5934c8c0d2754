// This file tells addresses from files, where an operator may name either.
import { redactUrl } from './redact.ts';

export function isUrl(place: string): boolean {
  return /^https?:\/\//i.test(place);
}

/** Without its secrets. */
export function showPlace(place: string): string {
  return isUrl(place) ? redactUrl(place) : place;
}
