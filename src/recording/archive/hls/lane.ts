// This file lets one thing after the other be done to a disk, and leaves one that hangs.
import { type Clock, within } from '../../../base/clock.ts';

/** A disk that wakes up takes ten seconds; one that takes longer is as good as none. */
const WORK_MS = 30_000;

/**
 * One at a time over all channels: a folder of the network that hangs then holds one thread of those
 * that all files of the process share.
 */
export class Lane {
  readonly #clock: Clock;
  #last: Promise<unknown> = Promise.resolve();
  #isHanging = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Undefined where it takes too long, or something before it still does. */
  run<T>(work: () => Promise<T>): Promise<T | undefined> {
    const turn = this.#last.then(() => this.#run(work));
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #run<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.#isHanging) return undefined;
    const running = work().then((value) => ({ value }));
    const done = await within(this.#clock, running, WORK_MS);
    if (done !== undefined) return done.value;
    this.#isHanging = true;
    const goOn = () => {
      this.#isHanging = false;
    };
    running.then(goOn, goOn);
    return undefined;
  }
}
