// This file tests that a saved numbering is read only where it is one.
import { describe, expect, test } from 'bun:test';
import { parseSavedTimeline, type SavedTimeline } from '../../src/ring/saved-timeline.ts';

const MARK = {
  epoch: 1,
  sourceSequence: 7,
  discontinuitySequence: 2,
  mediaSequence: 107,
  floor: 100,
  history: [
    [0, 0],
    [101, 2],
  ],
  tail: [[7, 's7.ts']],
} as const;
const SAVED: SavedTimeline = {
  epochs: [
    { mediaOffset: 0, discontinuityOffset: 0 },
    { mediaOffset: -100, discontinuityOffset: -1 },
  ],
  marks: { '720p': MARK },
};

function withMark(changes: Record<string, unknown>): unknown {
  return { ...SAVED, marks: { '720p': { ...MARK, ...changes } } };
}

describe('parseSavedTimeline()', () => {
  test('gives back what was saved', () => {
    expect(parseSavedTimeline(JSON.parse(JSON.stringify(SAVED)))).toEqual(SAVED);
    expect(parseSavedTimeline({ epochs: [], marks: {} })).toEqual({ epochs: [], marks: {} });
    const turned = {
      ...SAVED,
      turn: { source: 'abc', number: 3 },
      marks: { a: { ...MARK, turn: 2 } },
    };
    expect(parseSavedTimeline(JSON.parse(JSON.stringify(turned)))).toEqual(turned);
  });

  for (const [what, value] of [
    ['nothing', undefined],
    ['null', null],
    ['a list', []],
    ['a text', 'epochs'],
    ['no epochs', { marks: {} }],
    ['no marks', { epochs: [] }],
    ['marks in a list', { epochs: [], marks: [] }],
    ['marks null', { epochs: [], marks: null }],
    ['an epoch without an offset', { epochs: [{ mediaOffset: 0 }], marks: {} }],
    ['an epoch null', { epochs: [null], marks: {} }],
    ['half an offset', { epochs: [{ mediaOffset: 0.5, discontinuityOffset: 0 }], marks: {} }],
    ['a huge offset', { epochs: [{ mediaOffset: 2 ** 53, discontinuityOffset: 0 }], marks: {} }],
    ['a mark null', { ...SAVED, marks: { a: null } }],
    ['one bad mark among good ones', { ...SAVED, marks: { a: MARK, b: {} } }],
    ['a turn null', { ...SAVED, turn: null }],
    ['a turn of no source', { ...SAVED, turn: { number: 1 } }],
    ['a turn without a number', { ...SAVED, turn: { source: 'abc' } }],
    ['a negative turn', { ...SAVED, turn: { source: 'abc', number: -1 } }],
    ['a mark of half a turn', withMark({ turn: 0.5 })],
    ['an epoch that is not there', withMark({ epoch: 2 })],
    ['a negative epoch', withMark({ epoch: -1 })],
    ['a number as text', withMark({ mediaSequence: '107' })],
    ['a negative number', withMark({ sourceSequence: -1 })],
    ['a number missing', withMark({ floor: undefined })],
    ['no discontinuity sequence', withMark({ discontinuitySequence: null })],
    ['history that is no list', withMark({ history: {} })],
    ['history of threes', withMark({ history: [[1, 2, 3]] })],
    ['history of texts', withMark({ history: [[1, 'a']] })],
    ['tail of numbers', withMark({ tail: [[1, 2]] })],
    ['tail of singles', withMark({ tail: [[1]] })],
    ['tail with half a number', withMark({ tail: [[1.5, 'a']] })],
  ] as const) {
    test(`refuses ${what}`, () => {
      expect(parseSavedTimeline(value)).toBeUndefined();
    });
  }
});
