// This file says whether an endless stream lives between its cuts, by the bytes that come of it.

/** RFC 8216 §6.2.1, of bytes: what is live never pauses for so long. */
const QUIET_TARGET_DURATIONS = 1.5;
/** Without a key frame it is cut after ten seconds; what is read and sent takes a few more. */
const CUT_DUE_MS = 15_000;
/** The first piece begins with a key frame, which may be as long in coming as the next one is. */
const FIRST_CUT_DUE_MS = 25_000;

/** A source of any other kind says nothing here. */
export class StreamSigns {
  #receivedMs: number | undefined;
  #cutMs: number;
  #wasCut = false;

  constructor(nowMs: number) {
    this.#cutMs = nowMs;
  }

  begin(nowMs: number): void {
    this.#cutMs = nowMs;
    if (this.#receivedMs !== undefined) this.#receivedMs = nowMs;
  }

  /** `isAhead`: more has come than is played, and is not read on for a while. */
  received(nowMs: number, isAhead: boolean): void {
    this.#receivedMs = nowMs;
    if (isAhead) this.#cutMs = nowMs;
  }

  cut(nowMs: number): void {
    this.#cutMs = nowMs;
    this.#wasCut = true;
  }

  /** Milliseconds without a byte, where those are too many. */
  quietMs(nowMs: number, targetMs: number): number | undefined {
    if (this.#receivedMs === undefined) return undefined;
    const quietMs = nowMs - this.#receivedMs;
    return quietMs >= QUIET_TARGET_DURATIONS * targetMs ? quietMs : undefined;
  }

  /** Bytes come, and it may still be that there is nothing to cut them at. */
  lives(nowMs: number, targetMs: number): boolean {
    if (this.#receivedMs === undefined) return false;
    const dueMs = this.#wasCut ? CUT_DUE_MS : FIRST_CUT_DUE_MS;
    return this.quietMs(nowMs, targetMs) === undefined && nowMs - this.#cutMs < dueMs;
  }
}
