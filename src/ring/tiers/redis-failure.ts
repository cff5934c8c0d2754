// This file says what the errors of Redis and of its client mean.
import { certificateState } from '../../net/certificate-failure.ts';
import { type TierCode, TierError } from './errors.ts';

/** What a server says begins with a word in capitals; inside a script others stand before it. */
const SAID: readonly (readonly [pattern: RegExp, code: TierCode, state: string])[] = [
  [/\bWRONGPASS\b|invalid password/, 'TIER_REFUSED', 'it does not accept user and password'],
  [/\bNOAUTH\b/, 'TIER_REFUSED', 'it wants a password'],
  [/\bNOPERM\b|no permissions/, 'TIER_REFUSED', 'the user may not do what weir needs'],
  [/without any password|no password is set/, 'TIER_REFUSED', 'it knows no password'],
  [/DB index is out of range|invalid DB index/i, 'TIER_REFUSED', 'it has no such database'],
  [/\bOOM\b/, 'TIER_FULL', 'its maxmemory is used up, and it may not evict'],
  [/\bREADONLY\b/, 'TIER_READ_ONLY', 'it is a replica, wanted a master'],
  [/\bMISCONF\b/, 'TIER_READ_ONLY', 'it cannot save to its disk, and takes nothing'],
  [/\bNOREPLICAS\b/, 'TIER_READ_ONLY', 'it has too few replicas, and takes nothing'],
  [/\bLOADING\b/, 'TIER_UNREACHABLE', 'it is still loading its data'],
  [/\bBUSY\b/, 'TIER_UNREACHABLE', 'it is busy with a script'],
  [/\bCLUSTERDOWN\b/, 'TIER_UNREACHABLE', 'the cluster is down'],
  [/\bMASTERDOWN\b|\bTRYAGAIN\b/, 'TIER_UNREACHABLE', 'it has lost its master'],
  [/max number of clients/, 'TIER_UNREACHABLE', 'it has too many clients'],
  [/All sentinels are unreachable/, 'TIER_UNREACHABLE', 'no sentinel knows where it is'],
  [/timed out|timeout/i, 'TIER_UNREACHABLE', 'it does not answer'],
];

/** What the server itself said; all else is about the connection. */
const FROM_SERVER = /^(?:ReplyError|ParserError)$/;

export function redisFailure(error: unknown, place: string): TierError {
  if (error instanceof TierError) return error;
  const inner = deepest(error);
  const untrusted = certificateState(inner);
  if (untrusted !== undefined) return failure('TIER_REFUSED', place, untrusted);
  const message = inner instanceof Error ? inner.message : String(inner);
  for (const [pattern, code, state] of SAID) {
    if (pattern.test(message)) return failure(code, place, state);
  }
  if (inner instanceof Error && FROM_SERVER.test(inner.name)) {
    const [word = ''] = /^[A-Z]{2,24}\b/.exec(message) ?? [];
    return failure('TIER_BROKEN', place, `it answered with an error${word && ` (${word})`}`);
  }
  return failure('TIER_UNREACHABLE', place, 'no connection');
}

function failure(code: TierCode, place: string, state: string): TierError {
  return new TierError(code, `Cannot use ${place}: ${state}`, { place });
}

/** The clients of clusters and sentinels wrap what happened last. */
function deepest(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const inner: unknown = 'lastNodeError' in error ? error.lastNodeError : error.cause;
  return inner instanceof Error ? deepest(inner) : error;
}
