// This file tests how spans of silence and black add up over segments.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Judgement } from '../../../src/media/content/judgement.ts';
import { BlankSpan } from '../../../src/prefetch/rendition/blank-span.ts';

/** Of four seconds each. */
const BLANK: Judgement = { kind: 'judged', blankS: 4, isWhole: true };
const SHOWN: Judgement = { kind: 'judged', blankS: 0, isWhole: false };
const END: Judgement = { kind: 'judged', blankS: 1, isWhole: false };
const UNDECIDED: Judgement = { kind: 'undecided', durationS: 4 };
const ABSENT: Judgement = { kind: 'absent' };
const UNKNOWN: Judgement = { kind: 'unknown', why: 'it is encrypted' };

type Row = readonly [
  name: string,
  course: readonly (Judgement | 'gap')[],
  spanS: number,
  isJudged: boolean,
];

const ROWS: readonly Row[] = [
  ['nothing', [], 0, false],
  ['one blank', [BLANK], 4, true],
  ['three', [BLANK, BLANK, BLANK], 12, true],
  ['the end of one and two more', [SHOWN, END, BLANK, BLANK], 9, true],
  ['something in the last', [BLANK, BLANK, SHOWN], 0, true],
  ['something in the last but its end', [BLANK, BLANK, END], 1, true],
  ['something in between', [BLANK, SHOWN, BLANK], 4, true],
  ['one that never came', [BLANK, BLANK, 'gap', BLANK], 4, true],
  ['one that cannot be judged', [BLANK, BLANK, UNKNOWN], 0, false],
  ['one that cannot be judged, in between', [BLANK, UNKNOWN, BLANK], 4, true],
  ['one without', [BLANK, BLANK, ABSENT], 0, false],
  ['key frames in every second', [BLANK, UNDECIDED, BLANK, UNDECIDED], 16, true],
  ['no key frame after something', [SHOWN, UNDECIDED, UNDECIDED], 0, true],
  ['no key frame at first', [UNDECIDED, UNDECIDED, BLANK], 4, true],
  ['never a key frame', [UNDECIDED, UNDECIDED], 0, false],
];

function stateOf(course: readonly (Judgement | 'gap')[], order = [...course.keys()]) {
  const span = new BlankSpan();
  for (const ordinal of order) {
    const judgement = course[ordinal];
    if (judgement !== undefined && judgement !== 'gap') span.take(100 + ordinal, judgement);
  }
  return span.state();
}

describe('BlankSpan', () => {
  test.each(ROWS)('%s', (_name, course, spanS, isJudged) => {
    expect(stateOf(course)).toEqual({ spanS, isJudged });
  });

  test('the order of loading does not matter', () => {
    for (const [, course, spanS, isJudged] of ROWS) {
      const backwards = [...course.keys()].reverse();
      expect(stateOf(course, backwards)).toEqual({ spanS, isJudged });
    }
  });

  test('says the same of any course, loaded a little out of order, as of its end', () => {
    const judgement = fc.constantFrom(BLANK, BLANK, BLANK, END, SHOWN, UNDECIDED, UNKNOWN);
    const course = fc.array(
      fc.oneof({ weight: 9, arbitrary: judgement }, fc.constant('gap' as const)),
      {
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(course, fc.array(fc.nat(3), { minLength: 60, maxLength: 60 }), (all, late) => {
        const order = [...all.keys()].sort((a, b) => a + late[a]! - (b + late[b]!) || a - b);
        expect(stateOf(all, order).spanS).toBe(modelS(all));
      }),
    );
  });

  test('a long night is one span, and takes no more room', () => {
    const span = new BlankSpan();
    for (let ordinal = 0; ordinal < 10_000; ordinal++) span.take(ordinal, BLANK);
    expect(span.state()).toEqual({ spanS: 40_000, isJudged: true });
    span.take(5, SHOWN);
    expect(span.state().spanS).toBe(40_000);
  });
});

/** Read forwards. */
function modelS(course: readonly (Judgement | 'gap')[]): number {
  let spanS = 0;
  for (const judgement of course) {
    if (judgement === 'gap') continue;
    if (judgement.kind === 'judged') {
      spanS = judgement.isWhole ? spanS + judgement.blankS : judgement.blankS;
    } else if (judgement.kind === 'undecided') spanS = spanS > 0 ? spanS + judgement.durationS : 0;
    else spanS = 0;
  }
  return forGaps(course, spanS);
}

/** What stands before the last gap does not count, unless nothing came behind it. */
function forGaps(course: readonly (Judgement | 'gap')[], spanS: number): number {
  const end = course.findLastIndex((judgement) => judgement !== 'gap');
  const gap = course.lastIndexOf('gap', end);
  return gap < 0 || end < 0 || gap > end ? spanS : modelS(course.slice(gap + 1));
}
