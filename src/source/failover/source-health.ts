// This file remembers how one source of a channel has done, and when it may be tried again.
import { backoffDelayMs } from '../../base/backoff.ts';
import type { ErrorRecord } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';

/** The first failure costs a source this long; each further one twice the one before, up to this. */
const COOL_DOWN = { baseMs: 5000, maxMs: 300_000 } as const;
/** A source that played this long has made up for what was before. */
const FORGIVEN_AFTER_MS = 120_000;
/** How much of the score each outcome decides; failures weigh more, so that flapping shows. */
const SCORE_GAIN = 0.15;
const SCORE_LOSS = 0.4;

export type HealthReport = {
  readonly state: 'untried' | 'good' | 'cooling' | 'waiting';
  /** 1: it has always done well. 0: it never did. */
  readonly score: number;
  readonly failures: number;
  /** Milliseconds since something of it last came whole; absent where nothing ever did. */
  readonly goodAgoMs?: number;
  readonly coolDownLeftMs: number;
  readonly error?: ErrorRecord;
};

/**
 * ```
 *   untried ──► good ──failed──► cooling ──time──► waiting ──proved──► good
 * ```
 */
export class SourceHealth {
  readonly #random: Random;
  #failures = 0;
  #score = 1;
  #wasTried = false;
  #goodSinceMs: number | undefined;
  #lastGoodMs: number | undefined;
  #failedMs = Number.NEGATIVE_INFINITY;
  #coolUntilMs = Number.NEGATIVE_INFINITY;
  #error: ErrorRecord | undefined;
  #stoodStill = false;

  constructor(random: Random) {
    this.#random = random;
  }

  /** It gives media, and gave some at `mediaMs`. To be said as long as it does. */
  good(nowMs: number, mediaMs = nowMs): void {
    this.#wasTried = true;
    if (this.#goodSinceMs === undefined) {
      this.#goodSinceMs = nowMs;
      this.#score += (1 - this.#score) * SCORE_GAIN;
    }
    this.#lastGoodMs = Math.max(this.#lastGoodMs ?? mediaMs, mediaMs);
    this.#coolUntilMs = Number.NEGATIVE_INFINITY;
    this.#error = undefined;
    this.#stoodStill = false;
    if (nowMs - this.#goodSinceMs < FORGIVEN_AFTER_MS) return;
    this.#failures = 0;
    this.#score = 1;
  }

  failed(nowMs: number, error: ErrorRecord): void {
    this.#wasTried = true;
    this.#failedMs = nowMs;
    this.#failures++;
    this.#score *= 1 - SCORE_LOSS;
    this.#goodSinceMs = undefined;
    this.#error = error;
    this.#stoodStill ||= isStandstill(error);
    this.#coolUntilMs = nowMs + backoffDelayMs(COOL_DOWN, this.#failures - 1, this.#random);
  }

  /** It said that it has ended: no failure, but there is nothing to be had of it for a moment. */
  ended(nowMs: number, error: ErrorRecord): void {
    this.#wasTried = true;
    this.#failedMs = nowMs;
    this.#goodSinceMs = undefined;
    this.#error = error;
    this.#coolUntilMs = nowMs + backoffDelayMs(COOL_DOWN, 0, this.#random);
  }

  /** It is left although nothing is wrong with it. */
  rest(): void {
    this.#goodSinceMs = undefined;
  }

  /** It named nothing new, or its clock stood, and has not played since: it may still answer. */
  get stoodStill(): boolean {
    return this.#stoodStill;
  }

  isCooling(nowMs: number): boolean {
    return nowMs < this.#coolUntilMs;
  }

  /** Where nothing else plays: may be tried again although it has not cooled down. */
  isWorthATry(nowMs: number): boolean {
    return nowMs - this.#failedMs >= COOL_DOWN.baseMs;
  }

  report(nowMs: number): HealthReport {
    const coolDownLeftMs = Math.max(0, this.#coolUntilMs - nowMs);
    return {
      state: this.#stateAt(nowMs),
      score: Math.round(this.#score * 100) / 100,
      failures: this.#failures,
      ...(this.#lastGoodMs === undefined
        ? {}
        : { goodAgoMs: Math.round(nowMs - this.#lastGoodMs) }),
      coolDownLeftMs: Number.isFinite(coolDownLeftMs) ? Math.round(coolDownLeftMs) : 0,
      ...(this.#error === undefined ? {} : { error: this.#error }),
    };
  }

  #stateAt(nowMs: number): HealthReport['state'] {
    if (!this.#wasTried) return 'untried';
    if (this.isCooling(nowMs)) return 'cooling';
    return this.#error === undefined ? 'good' : 'waiting';
  }
}

function isStandstill({ code, detail }: ErrorRecord): boolean {
  const { trouble } = detail;
  return code === 'SOURCE_STALLED' || trouble === 'stall' || trouble === 'frozen';
}
