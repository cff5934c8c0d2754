// This file holds the errors of sources that a caller branches on.
import { AppError, type ErrorRecord } from '../base/errors.ts';

/** What providers answer to one connection more than they allow, or than they have noticed closed. */
export const BUSY_STATUS: ReadonlySet<number> = new Set([401, 403, 423, 429, 458, 503, 509]);

/** Of those, what can mean nothing else but that no more are allowed now. */
export const FULL_STATUS: ReadonlySet<number> = new Set([423, 429, 458, 509]);

/** The upstream answered, but not with what was asked for. */
export class SourceStatusError extends AppError {
  readonly status: number;
  /** What Retry-After asked for: RFC 9110 §10.2.3. */
  readonly retryAfterMs: number | undefined;

  constructor(what: string, status: number, retryAfterMs: number | undefined) {
    super('SOURCE_STATUS', `Cannot fetch the ${what}: upstream answered ${status}, wanted 200`, {
      status,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** An address that was one kind of source answers as another: it must be opened anew. */
export class SourceChangedError extends AppError {
  constructor(is: 'a playlist' | 'an endless stream') {
    const was = is === 'a playlist' ? 'an endless stream' : 'a playlist';
    super('SOURCE_CHANGED', `Cannot go on: the source is ${is} now, wanted ${was} as before`);
  }
}

/** The bytes came, but they are not a whole segment. */
export class SourceBodyError extends AppError {
  constructor(reason: string, offset: number) {
    super('SOURCE_BODY', `Cannot use the segment: ${reason}, wanted whole media`, { offset });
  }
}

/** Retry-After in milliseconds: seconds or a date; undefined where absent or unreadable. */
export function parseRetryAfterMs(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  if (/^\s*\d{1,6}\s*$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

/** The segment came, but not the key or init segment it needs. */
export class SourceAssetError extends AppError {
  constructor() {
    super('SOURCE_ASSET', 'Cannot use the segment: its key or init segment was not to be had');
  }
}

/** Why a first look failed, once it has crossed a thread: as far as a caller branches on it. */
export function revivedError({ code, message, detail }: ErrorRecord): AppError {
  const { status, retryAfterMs } = detail;
  if (code !== 'SOURCE_STATUS' || typeof status !== 'number') {
    return new AppError(code, message, detail);
  }
  const askedMs = typeof retryAfterMs === 'number' ? retryAfterMs : undefined;
  const error = new SourceStatusError('source', status, askedMs);
  error.message = message;
  return error;
}
