// This file holds the errors of places for segments beyond memory.
import { AppError, type ErrorDetail, type ErrorRecord } from '../../base/errors.ts';

/** What a tier may fail with; a caller needs to know no more than this. */
export type TierCode =
  /** `signal` said so. */
  | 'TIER_ABORTED'
  /** Not open, or closed already. */
  | 'TIER_CLOSED'
  /** A folder that archives rely on is not there: nothing is mounted over it. */
  | 'TIER_ABSENT'
  /** No connection, a lost one, or a thread that died. */
  | 'TIER_UNREACHABLE'
  /** It answers, and will have nothing of us: a wrong password, rights that are missing. */
  | 'TIER_REFUSED'
  /** It failed in a way of its own: an error of reading, a server's complaint. */
  | 'TIER_BROKEN'
  /** It can be read, and has no room for more. */
  | 'TIER_FULL'
  /** It can be read, and takes nothing. */
  | 'TIER_READ_ONLY'
  /** One segment is more than it can ever hold. */
  | 'TIER_TOO_LARGE';

/** `message` names the place without what is secret. */
export class TierError extends AppError {
  declare readonly code: TierCode;

  constructor(code: TierCode, message: string, detail: ErrorDetail = {}, cause?: unknown) {
    super(code, message, detail, cause);
  }
}

/** Such an error again, on the other side of a thread. */
export function tierErrorOf({ code, message, detail }: ErrorRecord): TierError {
  const known = code.startsWith('TIER_') ? (code as TierCode) : 'TIER_BROKEN';
  return new TierError(known, message, detail);
}

/** Throws where `signal` has aborted. */
export function checkAborted(signal: AbortSignal, place: string): void {
  if (signal.aborted) throw aborted(place);
}

export function aborted(place: string): TierError {
  return new TierError('TIER_ABORTED', `Cannot wait for ${place}: it was given up`, { place });
}

/** The value of `work`, or TIER_ABORTED as soon as `signal` aborts; `work` itself may go on. */
export async function unlessAborted<T>(
  work: Promise<T>,
  signal: AbortSignal,
  place: string,
): Promise<T> {
  // What comes of it after the abort is nobody's business, and must not end the process
  work.catch(() => {});
  checkAborted(signal, place);
  const gone = Promise.withResolvers<never>();
  const leave = () => gone.reject(aborted(place));
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([work, gone.promise]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
