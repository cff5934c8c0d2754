// This file lets the thread that calls it give way to the other threads of this process.
import { getPriority, setPriority } from 'node:os';

/** A third of the time where two want the same core, and all of it where nobody else does. */
const NICER_BY = 5;
const NICEST = 19;

export function giveWay(): void {
  // setpriority(2): elsewhere than on Linux it is of the whole process
  if (process.platform !== 'linux') return;
  try {
    setPriority(0, Math.min(NICEST, getPriority(0) + NICER_BY));
  } catch {
    // A sandbox may forbid it; then all are alike
  }
}
