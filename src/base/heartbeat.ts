// This file tells by questions without an answer that a thread is stuck.

/** How often a thread is asked. */
export const BEAT_MS = 5000;
/** So many questions stand open, and the next is due: that took it a quarter of a minute and more. */
const OPEN_MAX = 3;

/**
 * Counted, and not by time: who was paused himself for long (a container, a machine that slept) finds
 * that nobody has answered him meanwhile, and has asked once.
 */
export class Heartbeat {
  #open = 0;

  /** The thread is to be asked once more. False where it is stuck. */
  ask(): boolean {
    if (this.#open === OPEN_MAX) return false;
    this.#open++;
    return true;
  }

  answered(): void {
    this.#open = 0;
  }
}
