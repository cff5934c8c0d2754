// This file notices lost packets by the continuity counters.
import { NULL_PID } from './packet.ts';

const UNKNOWN = 0xff;
/** Set in a state when the packet was sent twice: a third time is an error. */
const REPEATED = 0x10;

/** The last counter of every PID: one byte each, so that looking at a packet costs nearly nothing. */
export class Continuity {
  /** Open to the loop over packets, which handles the plain case itself. */
  readonly last = new Uint8Array(NULL_PID + 1).fill(UNKNOWN);

  /** The counter of `pid` may be anything next. */
  forget(pid: number): void {
    this.last[pid] = UNKNOWN;
  }

  /** True where the packet that was taken last has the counter of the one before. */
  isRepeat(pid: number): boolean {
    const state = this.last[pid]!;
    return state !== UNKNOWN && (state & REPEATED) !== 0;
  }

  // ISO/IEC 13818-1 §2.4.3.3: it goes up with each payload, stands without one, and a packet may be
  // sent twice
  /** False where packets of `pid` were lost before this one. */
  take(pid: number, counter: number, hasPayload: boolean): boolean {
    const state = this.last[pid]!;
    this.last[pid] = counter;
    if (state === UNKNOWN) return true;
    const before = state & 0x0f;
    if (!hasPayload) {
      this.last[pid] = counter;
      return counter === before;
    }
    if (counter === ((before + 1) & 0x0f)) return true;
    if (counter !== before || (state & REPEATED) !== 0) return false;
    this.last[pid] = counter | REPEATED;
    return true;
  }
}
