// This file says whether an endless stream lives between its cuts, by how its clock goes on.
import type { StreamMotion } from '../../source/source.ts';

/** RFC 8216 §6.2.1, of the clock: what is live never pauses for so long. */
const STILL_TARGET_DURATIONS = 1.5;
/** In half of that another source can be opened and have found its first key frame. */
const LATE_TARGET_DURATIONS = 0.5;
/** It is told of twice a second. */
const LATE_MS_MIN = 1000;
/** Servers that send a burst now and then are late when the next one is. */
const LATE_GAPS = 1.5;
/** Without a key frame it is cut after ten seconds; what is read and sent takes a few more. */
const CUT_DUE_MS = 15_000;
/** The first piece begins with a key frame, which may be as long in coming as the next one is. */
const FIRST_CUT_DUE_MS = 25_000;

/** How long its clock has stood, and whether anything comes all the same. */
export type Standstill = { readonly stillMs: number; readonly hasBytes: boolean };

/** A source of any other kind says nothing here. */
export class StreamSigns {
  #receivedMs = Number.NEGATIVE_INFINITY;
  /** Undefined until its clock was seen to go on. */
  #movedMs: number | undefined;
  /** The longest for which it has stood, and went on. */
  #longestGapMs = 0;
  #cutMs: number;
  #wasCut = false;

  constructor(nowMs: number) {
    this.#cutMs = nowMs;
  }

  begin(nowMs: number): void {
    this.#cutMs = nowMs;
    if (this.#movedMs !== undefined) this.#movedMs = nowMs;
  }

  /** Something came of it, or nothing was read since enough is here. */
  received(nowMs: number, motion: StreamMotion): void {
    this.#receivedMs = nowMs;
    if (motion !== 'still') {
      this.#longestGapMs = Math.max(this.#longestGapMs, nowMs - (this.#movedMs ?? nowMs));
      this.#movedMs = nowMs;
    }
    if (motion === 'ahead') this.#cutMs = nowMs;
  }

  cut(nowMs: number): void {
    this.#cutMs = nowMs;
    this.#wasCut = true;
  }

  /** When its clock was last seen to go on. */
  get movedMs(): number | undefined {
    return this.#movedMs;
  }

  /** Its clock stands for longer than it ever did; that may be nothing. */
  isLate(nowMs: number, targetMs: number): boolean {
    if (this.#movedMs === undefined) return false;
    const usualMs = Math.max(LATE_MS_MIN, LATE_GAPS * this.#longestGapMs);
    return nowMs - this.#movedMs >= Math.max(usualMs, LATE_TARGET_DURATIONS * targetMs);
  }

  /** Set where its clock stands for too long. */
  standstill(nowMs: number, targetMs: number): Standstill | undefined {
    if (this.#movedMs === undefined) return undefined;
    const stillMs = nowMs - this.#movedMs;
    if (stillMs < STILL_TARGET_DURATIONS * targetMs) return undefined;
    return { stillMs, hasBytes: this.#receivedMs - this.#movedMs > stillMs / 2 };
  }

  /** Its clock goes on, and it may still be that there is nothing to cut it at. */
  lives(nowMs: number, targetMs: number): boolean {
    if (this.#movedMs === undefined) return false;
    const dueMs = this.#wasCut ? CUT_DUE_MS : FIRST_CUT_DUE_MS;
    return this.standstill(nowMs, targetMs) === undefined && nowMs - this.#cutMs < dueMs;
  }
}
