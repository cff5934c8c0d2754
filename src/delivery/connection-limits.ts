// This file decides from what the kernel counts on a connection whether it may stay.

export type ConnectionLimits = {
  /** Open connections from one address; what is over is closed, the newest first. */
  readonly perAddress: number;
  /** From its first byte, or from the accept, a request has this long to arrive. */
  readonly requestMs: number;
  /** Bytes that wait must move at `bytesPerSecond` on the average of each such window. */
  readonly readWindowMs: number;
  /** Slower than any picture: a segment of N bytes is gone after N / 8 KiB/s, or its reader is. */
  readonly bytesPerSecond: number;
  /** Not one byte either way for this long; players poll every few seconds. */
  readonly idleMs: number;
};

export const CONNECTION_LIMITS: ConnectionLimits = {
  perAddress: 256,
  requestMs: 5_000,
  readWindowMs: 20_000,
  bytesPerSecond: 8 * 1024,
  idleMs: 120_000,
};

/** What the kernel has counted since the connection was accepted. */
export type Counters = {
  receivedBytes: number;
  /** Segments of ours that carried data: above 0 a request has been answered, at least in part. */
  sentSegments: number;
  ackedBytes: number;
  /** Written by us, but the reader has left no room to send it. */
  unsentBytes: number;
};

/** What is remembered of a connection from one look to the next. */
export type Watched = {
  readonly openedMs: number;
  changedMs: number;
  receivedBytes: number;
  sentSegments: number;
  ackedBytes: number;
  /** The request that is arriving; undefined between requests and once an answer goes out. */
  arriving: { readonly sinceMs: number; readonly fromBytes: number } | undefined;
  /** The answer that waits for its reader, in the window that runs now. */
  waiting: { readonly sinceMs: number; readonly fromBytes: number } | undefined;
};

export type Fault = 'slow_request' | 'slow_reader' | 'idle';

export function watch(nowMs: number): Watched {
  return {
    openedMs: nowMs,
    changedMs: nowMs,
    receivedBytes: 0,
    sentSegments: 0,
    ackedBytes: 0,
    arriving: undefined,
    waiting: undefined,
  };
}

/** Takes the counters in and says what is wrong, if anything. */
export function judge(
  seen: Watched,
  now: Counters,
  nowMs: number,
  limits: ConnectionLimits,
): Fault | undefined {
  const hasGrown = now.receivedBytes > seen.receivedBytes;
  const hasAnswered = now.sentSegments > seen.sentSegments;
  if (hasGrown || hasAnswered || now.ackedBytes > seen.ackedBytes) seen.changedMs = nowMs;
  if (hasAnswered) seen.arriving = undefined;
  else if (hasGrown) seen.arriving ??= { sinceMs: nowMs, fromBytes: seen.receivedBytes };
  seen.receivedBytes = now.receivedBytes;
  seen.sentSegments = now.sentSegments;
  seen.ackedBytes = now.ackedBytes;
  if (isSlowRequest(seen, hasGrown, nowMs, limits)) return 'slow_request';
  if (isSlowReader(seen, now.unsentBytes, nowMs, limits)) return 'slow_reader';
  const isIdle = now.unsentBytes === 0 && nowMs - seen.changedMs >= limits.idleMs;
  return isIdle ? 'idle' : undefined;
}

/**
 * A request comes in one piece. Only one that still grows after its time is slow: a handler that
 * works on a whole request also answers nothing for a while, but nothing more arrives meanwhile.
 */
function isSlowRequest(
  seen: Watched,
  hasGrown: boolean,
  nowMs: number,
  limits: ConnectionLimits,
): boolean {
  if (seen.receivedBytes === 0) return nowMs - seen.openedMs >= limits.requestMs;
  if (seen.arriving === undefined || !hasGrown) return false;
  const { sinceMs, fromBytes } = seen.arriving;
  const tookMs = nowMs - sinceMs;
  const bytes = seen.receivedBytes - fromBytes;
  return tookMs >= limits.requestMs && isTooSlow(bytes, tookMs, limits);
}

function isSlowReader(
  seen: Watched,
  unsentBytes: number,
  nowMs: number,
  limits: ConnectionLimits,
): boolean {
  if (unsentBytes === 0) {
    seen.waiting = undefined;
    return false;
  }
  seen.waiting ??= { sinceMs: nowMs, fromBytes: seen.ackedBytes };
  const tookMs = nowMs - seen.waiting.sinceMs;
  if (tookMs < limits.readWindowMs) return false;
  if (isTooSlow(seen.ackedBytes - seen.waiting.fromBytes, tookMs, limits)) return true;
  seen.waiting = { sinceMs: nowMs, fromBytes: seen.ackedBytes };
  return false;
}

function isTooSlow(bytes: number, tookMs: number, limits: ConnectionLimits): boolean {
  return bytes * 1000 < limits.bytesPerSecond * tookMs;
}
