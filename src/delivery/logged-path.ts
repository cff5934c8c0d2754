// This file says by what path a request may stand in the log: without the password of whoever sent it.
import { MASK } from '../base/redact.ts';
import { pathOf } from './query.ts';

/** Xtream clients write user and password before a number: `/live/user/password/101.ts`. */
const CREDENTIALS =
  /^(\/(?:(?:live|movie|series|past|timeshift)\/)?)[^/]+\/[^/]+\/(?=(?:[^/]+\/){0,2}\d{1,10}(?:\.\w{1,8})?$)/;

export function loggedPath(url: string): string {
  return pathOf(url).replace(CREDENTIALS, `$1${MASK}/${MASK}/`);
}
