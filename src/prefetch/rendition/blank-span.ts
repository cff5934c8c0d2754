// This file adds up for how long there has been nothing to hear, or nothing to see.
import type { Judgement } from '../../media/content/judgement.ts';

/** Segments are loaded out of order, by no more than a few: what is older has its place. */
const OPEN_MAX = 16;

/**
 * Invariant: a span is made of segments in a row, up to the newest, each of them judged. One that
 * is missing or cannot be judged ends it.
 */
export class BlankSpan {
  readonly #open = new Map<number, Judgement>();
  /** The span at the end of what is no longer open, and of that what no key frame has decided. */
  #settled = NOTHING;
  #settledTo: number | undefined;

  take(ordinal: number, judgement: Judgement): void {
    if (this.#settledTo !== undefined && ordinal <= this.#settledTo) return;
    this.#open.set(ordinal, judgement);
    while (this.#open.size > OPEN_MAX) {
      const oldest = Math.min(...this.#open.keys());
      this.#settled = follow(this.#settled, this.#open.get(oldest), this.#isNext(oldest));
      this.#settledTo = oldest;
      this.#open.delete(oldest);
    }
  }

  /** Seconds, and whether the newest segments were judged at all. */
  state(): { readonly spanS: number; readonly isJudged: boolean } {
    let span = this.#settled;
    let before = this.#settledTo;
    let isJudged = false;
    for (const ordinal of [...this.#open.keys()].sort((a, b) => a - b)) {
      const judgement = this.#open.get(ordinal);
      span = follow(span, judgement, before === undefined || ordinal === before + 1);
      isJudged = judgement?.kind === 'judged' || (isJudged && judgement?.kind === 'undecided');
      before = ordinal;
    }
    return { spanS: span.blankS, isJudged };
  }

  #isNext(ordinal: number): boolean {
    return this.#settledTo === undefined || ordinal === this.#settledTo + 1;
  }
}

type Span = { readonly blankS: number; readonly isBlank: boolean };
const NOTHING: Span = { blankS: 0, isBlank: false };

/** The span once another segment has come behind it; `isNext`: with none missing between. */
function follow(span: Span, judgement: Judgement | undefined, isNext: boolean): Span {
  const before = isNext ? span : NOTHING;
  switch (judgement?.kind) {
    case 'judged': {
      const { blankS, isWhole } = judgement;
      return { blankS: (isWhole ? before.blankS : 0) + blankS, isBlank: blankS > 0 };
    }
    case 'undecided':
      return before.isBlank
        ? { blankS: before.blankS + judgement.durationS, isBlank: true }
        : NOTHING;
    default:
      return NOTHING;
  }
}
