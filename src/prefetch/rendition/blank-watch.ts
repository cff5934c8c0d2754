// This file tells when a source has sent silence or a flat picture for longer than it may.
import type { Log } from '../../base/log.ts';
import type { BlankLimits } from '../../config/config.ts';
import type { Judgement, WatchFor } from '../../media/content/judgement.ts';
import type { JudgedEvent } from '../messages.ts';
import { BlankSpan } from './blank-span.ts';

export type BlankKind = 'silent' | 'black';

/** It goes on for too long. */
export type Blank = { readonly kind: BlankKind; readonly reason: string };

export function isBlank(trouble: {
  readonly kind: string;
  readonly reason: string;
}): trouble is Blank {
  return trouble.kind === 'silent' || trouble.kind === 'black';
}

type Side = { readonly limitMs: number; readonly span: BlankSpan; isSaid: boolean };

const WHAT: Readonly<Record<BlankKind, string>> = {
  silent: 'its sound has been silent',
  black: 'its picture has been of one colour',
};

/** What the loop is to judge for these limits. */
export function watchFor(limits: BlankLimits | undefined): WatchFor | undefined {
  if (limits === undefined) return undefined;
  return { silence: limits.silenceMs !== undefined, black: limits.blackMs !== undefined };
}

export class BlankWatch {
  readonly #sides: ReadonlyMap<BlankKind, Side>;
  readonly #log: Log;

  constructor({ silenceMs, blackMs }: BlankLimits, log: Log) {
    this.#log = log;
    const sides = new Map<BlankKind, Side>();
    for (const [kind, limitMs] of [
      ['silent', silenceMs],
      ['black', blackMs],
    ] as const) {
      if (limitMs === undefined) continue;
      sides.set(kind, { limitMs, span: new BlankSpan(), isSaid: false });
    }
    this.#sides = sides;
  }

  take({ key, sound, picture }: JudgedEvent): void {
    this.#take('silent', key, sound);
    this.#take('black', key, picture);
  }

  trouble(): Blank | undefined {
    for (const [kind, { limitMs, span }] of this.#sides) {
      const { spanS } = span.state();
      if (spanS * 1000 < limitMs) continue;
      return { kind, reason: `${WHAT[kind]} for ${spanS.toFixed(1)} s` };
    }
    return undefined;
  }

  /** There is sound, or a picture, and it has not been blank for too long. */
  shows(kind: BlankKind): boolean {
    const side = this.#sides.get(kind);
    if (side === undefined) return false;
    const { spanS, isJudged } = side.span.state();
    return isJudged && spanS * 1000 < side.limitMs;
  }

  #take(kind: BlankKind, ordinal: number, judgement: Judgement | undefined): void {
    const side = this.#sides.get(kind);
    if (side === undefined || judgement === undefined) return;
    side.span.take(ordinal, judgement);
    if (judgement.kind !== 'unknown' || side.isSaid) return;
    side.isSaid = true;
    this.#log.warn(`source cannot be judged to be ${kind}`, { because: judgement.why });
  }
}
