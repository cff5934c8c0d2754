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

/** A request that has not grown for longer than this is taken for whole. */
const STILL_MS = 1000;

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
  lookedMs: number;
  changedMs: number;
  /** Of the last look that saw more bytes come. */
  grownMs: number;
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
    lookedMs: nowMs,
    changedMs: nowMs,
    grownMs: nowMs,
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
  else if (hasGrown) {
    // Its first byte came since the last look; half of that is the least mistake
    const sinceMs = (seen.lookedMs + nowMs) / 2;
    seen.arriving ??= { sinceMs, fromBytes: seen.receivedBytes };
  }
  if (hasGrown) seen.grownMs = nowMs;
  seen.lookedMs = nowMs;
  seen.receivedBytes = now.receivedBytes;
  seen.sentSegments = now.sentSegments;
  seen.ackedBytes = now.ackedBytes;
  if (isSlowRequest(seen, nowMs, limits)) return 'slow_request';
  if (isSlowReader(seen, now.unsentBytes, nowMs, limits)) return 'slow_reader';
  const isIdle = now.unsentBytes === 0 && nowMs - seen.changedMs >= limits.idleMs;
  return isIdle ? 'idle' : undefined;
}

/** When the request that is awaited or arriving has to be here, if one is. */
export function requestDueMs(seen: Watched, limits: ConnectionLimits): number | undefined {
  if (seen.receivedBytes === 0) return seen.openedMs + limits.requestMs;
  return seen.arriving === undefined ? undefined : seen.arriving.sinceMs + limits.requestMs;
}

/**
 * A request comes in one piece. Only one that still grows when its time is up is slow: a handler
 * that works on a whole request also answers nothing for a while, but nothing more arrives meanwhile.
 */
function isSlowRequest(seen: Watched, nowMs: number, limits: ConnectionLimits): boolean {
  const dueMs = requestDueMs(seen, limits);
  if (dueMs === undefined || nowMs < dueMs) return false;
  if (seen.arriving === undefined) return true;
  const bytes = seen.receivedBytes - seen.arriving.fromBytes;
  const isGrowing = nowMs - seen.grownMs <= STILL_MS;
  return isGrowing && isTooSlow(bytes, nowMs - seen.arriving.sinceMs, limits);
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
