// This file tells addresses from files, where an operator may name either.
import { MASK, redactUrl } from './redact.ts';

export function isUrl(place: string): boolean {
  return /^https?:\/\//i.test(place);
}

/** Panels write a list as /playlist/user/password/m3u_plus, a stream as /live/user/password/1.ts. */
const ACCOUNT = /\/(playlist|live|movie|series|timeshift)\/[^/]+\/[^/]+(?=\/|$)/i;
/** Sixteen and more letters and digits, both among them: tokens, hashes, ids that are secret. */
const TOKEN = /\/(?=[^/]*\d)(?=[^/]*[a-z])[a-z0-9=-]{16,}(?=[/.]|$)/gi;

/** Without its secrets: what an operator writes is an account more often than what a stream names. */
export function showPlace(place: string): string {
  if (!isUrl(place)) return place;
  const shown = redactUrl(place);
  const pathAt = shown.indexOf('/', shown.indexOf('://') + 3);
  if (pathAt < 0) return shown;
  const [path = '', ...query] = shown.slice(pathAt).split('?');
  const safe = path.replace(ACCOUNT, `/$1/${MASK}/${MASK}`).replace(TOKEN, `/${MASK}`);
  return [shown.slice(0, pathAt) + safe, ...query].join('?');
}
