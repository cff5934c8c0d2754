// This file remembers which stretches of a channel's past somebody is watching.
import type { TimeSpan } from './archived.ts';

/** Who pauses for longer has to find out anew what is still there. */
export const HOLD_MAX_MS = 6 * 3_600_000;
/** So coarse that the span of a whole archive is a few thousand entries at most. */
const BUCKET_MS = 10 * 60_000;

export class ViewerHolds {
  /** Number of a stretch of time → Unix time until which it is held. */
  readonly #untilMs = new Map<number, number>();

  keep({ fromMs, toMs }: TimeSpan, wantedUntilMs: number, nowMs: number): void {
    const untilMs = Math.min(wantedUntilMs, nowMs + HOLD_MAX_MS);
    if (untilMs <= nowMs) return;
    for (let bucket = bucketOf(fromMs); bucket * BUCKET_MS < toMs; bucket++) {
      this.#untilMs.set(bucket, Math.max(untilMs, this.#untilMs.get(bucket) ?? 0));
    }
  }

  isHeld({ fromMs, toMs }: TimeSpan, nowMs: number): boolean {
    for (let bucket = bucketOf(fromMs); bucket * BUCKET_MS < toMs; bucket++) {
      if ((this.#untilMs.get(bucket) ?? 0) > nowMs) return true;
    }
    return false;
  }

  forgetPast(nowMs: number): void {
    for (const [bucket, untilMs] of this.#untilMs) {
      if (untilMs <= nowMs) this.#untilMs.delete(bucket);
    }
  }
}

function bucketOf(atMs: number): number {
  return Math.floor(atMs / BUCKET_MS);
}
