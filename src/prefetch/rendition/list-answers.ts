// This file answers whoever asks for the list of a rendition, or has him wait for it.
import { type Clock, within } from '../../base/clock.ts';
import type { RenditionRing } from '../../ring/rendition-ring.ts';
import {
  type PlaylistAnswer,
  told,
  type Unavailable,
  unavailable,
  VIEWER_WAIT_MS,
} from '../answers.ts';
import type { Intake } from './intake.ts';
import { isRefusal } from './troubles.ts';

export type ListAnswersParts = {
  readonly ring: RenditionRing;
  readonly intake: Intake;
  readonly clock: Clock;
  /** It was started, and not stopped since. */
  readonly isOpen: () => boolean;
};

/** The last playlist of a source that fell silent stays this many target durations. */
export const STALE_TARGET_DURATIONS = 3;
/** Whether a stream that outlasts the patience of viewers still lives. */
const LOOK_AGAIN_MS = 500;

export class ListAnswers {
  readonly #parts: ListAnswersParts;
  /** Viewers whose request is not answered yet. */
  #waiting = 0;

  constructor(parts: ListAnswersParts) {
    this.#parts = parts;
  }

  get isAwaited(): boolean {
    return this.#waiting > 0;
  }

  /** As the list is; a promise only where there is none. */
  answer(nowMs: number): PlaylistAnswer | Promise<PlaylistAnswer> {
    const { ring, intake } = this.#parts;
    if (ring.listedCount === 0) {
      const isNothing = ring.onDemand && ring.ended;
      return isNothing ? { kind: 'ready' } : this.next(nowMs + VIEWER_WAIT_MS);
    }
    if (this.#isStale(nowMs)) return this.#unavailable(intake.troubles.inWords());
    ring.markServed();
    return { kind: 'ready' };
  }

  /** Waits for the next listing; a source that refuses for good is not waited for. */
  async next(untilMs: number): Promise<PlaylistAnswer> {
    const { ring, intake, clock, isOpen } = this.#parts;
    const listedBefore = intake.listedMs;
    this.#waiting++;
    using _waits = { [Symbol.dispose]: () => void this.#waiting-- };
    for (;;) {
      const nowMs = clock.monotonicMs();
      if (!isOpen()) return unavailable(1, 'the channel was stopped');
      const isListed = intake.listedMs > listedBefore;
      if (isListed && ring.listedCount > 0) return this.answer(nowMs);
      if (isListed && ring.ended) return { kind: 'ready' };
      const lastError = intake.troubles.list;
      const isOver = nowMs >= untilMs && !intake.watch.awaitsCut(nowMs);
      if (isOver || (lastError !== undefined && isRefusal(lastError))) {
        if (ring.listedCount > 0) return this.answer(nowMs);
        const late = 'the source did not answer in time';
        const reason = lastError === undefined ? late : told(lastError);
        return unavailable(Math.min(5, ring.targetDurationS), reason);
      }
      const leftMs = untilMs - nowMs;
      await within(clock, intake.growth.changed.next(), leftMs > 0 ? leftMs : LOOK_AGAIN_MS);
    }
  }

  #isStale(nowMs: number): boolean {
    const { ring, intake } = this.#parts;
    const staleMs = STALE_TARGET_DURATIONS * ring.targetDurationS * 1000;
    if (ring.ended || nowMs - intake.watch.livedMs(staleMs) <= staleMs) return false;
    // Not silent: one segment is late, and will have come or be a gap in a moment
    return !ring.isHeldUp;
  }

  #unavailable(reason: string): Unavailable {
    return unavailable(this.#parts.ring.targetDurationS, reason);
  }
}
