// This file tests how new segments are told from old ones, and a new count from a slow copy.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Listing } from '../../src/ring/listing.ts';
import { Tracker } from '../../src/source/tracker.ts';
import { listedSegment, listing } from '../support/listed.ts';

type Change = (sequence: number) => Parameters<typeof listedSegment>[1];

/** A list whose segments differ from those of `listing` by `change`. */
function other(first: number, last: number, change: Change, more: Partial<Listing> = {}): Listing {
  const plain = listing(first, last, more);
  return {
    ...plain,
    segments: plain.segments.map(({ sequence }) => listedSegment(sequence, change(sequence))),
  };
}

const renamed: Change = (sequence) => ({ identity: `run2-${sequence}.ts` });
const dated =
  (offsetMs: number): Change =>
  (sequence) => ({ programDateTimeMs: 1_000_000 + offsetMs + sequence * 4000 });

const carried =
  (offsetMs: number): Change =>
  (sequence) => ({ ...dated(offsetMs)(sequence), isDateCarried: true });

/** The list from `first` to `last` as one without EXT-X-MEDIA-SEQUENCE has it: counted from 0. */
function standing(first: number, last: number): Listing {
  return other(0, last - first, (sequence) => ({ identity: `${first + sequence}.ts` }));
}
/** An encoder that writes the same four files again and again. */
const around: Change = (sequence) => ({ identity: `${sequence % 4}.ts` });

/** What a tracker says to a list: the link, the numbers and what was missed. */
function say(tracker: Tracker, list: Listing, atMs = 0): string {
  const fresh = tracker.take(list, atMs);
  if (fresh === undefined) return 'nothing';
  const numbers = fresh.segments.map(({ sequence }) => sequence);
  const missed = fresh.missed === 0 ? '' : ` missed ${fresh.missed}`;
  return `${fresh.link} ${numbers[0]}..${numbers.at(-1)}${missed}`;
}

/** Lists in order, each with the second it comes at and what is said to it. */
type Row = readonly [name: string, steps: readonly (readonly [Listing, number, string])[]];

const ROWS: readonly Row[] = [
  [
    'a list that slides on',
    [
      [listing(1, 6), 0, 'cold 1..6'],
      [listing(1, 6), 2, 'nothing'],
      [listing(2, 7), 4, 'next 7..7'],
      [listing(5, 10), 8, 'next 8..10'],
      [listing(11, 16), 12, 'next 11..16'],
    ],
  ],
  [
    'a list that grows (EVENT)',
    [
      [listing(0, 1), 0, 'cold 0..1'],
      [listing(0, 3), 4, 'next 2..3'],
      [listing(0, 9), 8, 'next 4..9'],
    ],
  ],
  [
    'dates that were carried on differ with what durations were rounded, as lists grow',
    [
      [other(1, 6, carried(0)), 0, 'cold 1..6'],
      [other(1, 7, carried(-40_000)), 4, 'next 7..7'],
      [other(1, 7, dated(-80_000)), 5, 'nothing'],
      [other(2, 8, carried(40_000)), 8, 'next 8..8'],
    ],
  ],
  [
    'numbers that stand still while names slide: the names tell',
    [
      [standing(1, 6), 0, 'cold 0..5'],
      [standing(1, 6), 2, 'nothing'],
      [standing(2, 7), 4, 'next 6..6'],
      [standing(4, 9), 8, 'next 7..8'],
      [standing(3, 8), 9, 'nothing'],
      [standing(5, 10), 12, 'next 9..9'],
      ...Array.from({ length: 20 }, (_, n) => {
        return [standing(6 + n, 11 + n), 16 + 4 * n, `next ${10 + n}..${10 + n}`] as const;
      }),
    ],
  ],
  [
    'numbers that stand still: nothing in common is a new run, and slides on from there',
    [
      [standing(1, 6), 0, 'cold 0..5'],
      [standing(2, 7), 4, 'next 6..6'],
      [standing(50, 55), 8, 'reset 1..6'],
      [standing(51, 56), 12, 'next 7..7'],
      [standing(52, 57), 16, 'next 8..8'],
    ],
  ],
  [
    'numbers that stood still and begin to be counted',
    [
      [standing(1, 6), 0, 'cold 0..5'],
      [standing(2, 7), 4, 'next 6..6'],
      [listing(3, 8), 8, 'next 7..7'],
      [listing(5, 10), 12, 'next 8..9'],
      [listing(500, 505), 16, 'jump 500..505'],
      [listing(501, 506), 20, 'next 506..506'],
    ],
  ],
  [
    'names that come around again under numbers that go on',
    [
      [other(1, 4, around), 0, 'cold 1..4'],
      [other(2, 5, around), 4, 'next 5..5'],
      [other(3, 6, around), 8, 'next 6..6'],
    ],
  ],
  [
    'an empty list says nothing and forgets nothing',
    [
      [listing(1, 6), 0, 'cold 1..6'],
      [listing(1, 0), 4, 'nothing'],
      [listing(2, 7), 8, 'next 7..7'],
    ],
  ],
  [
    'a small hole is filled',
    [
      [listing(1, 6), 0, 'cold 1..6'],
      [listing(9, 14), 8, 'next 9..14 missed 2'],
      [listing(23, 28), 16, 'next 23..28 missed 8'],
    ],
  ],
  [
    'a large hole is a jump',
    [
      [listing(1, 6), 0, 'cold 1..6'],
      [listing(16, 21), 60, 'jump 16..21'],
      [listing(17, 22), 64, 'next 22..22'],
    ],
  ],
  [
    'an outage to leave behind is a jump without a hole',
    [
      [listing(1, 30), 0, 'cold 1..30'],
      [listing(17, 46), 60, 'next 31..46'],
      [listing(34, 63), 120, 'jump 47..63'],
    ],
  ],
  [
    'numbers far back are a new count at once',
    [
      [listing(1000, 1005), 0, 'cold 1000..1005'],
      [listing(0, 2), 4, 'reset 0..2'],
      [listing(0, 3), 8, 'next 3..3'],
    ],
  ],
  [
    'numbers a little back that share nothing are one after a target duration',
    [
      [listing(100, 105), 0, 'cold 100..105'],
      [listing(80, 85), 4, 'nothing'],
      [listing(80, 85), 8, 'nothing'],
      [listing(81, 86), 9, 'reset 81..86'],
    ],
  ],
  [
    'numbers that are known under other names are one at once',
    [
      [listing(100, 105), 0, 'cold 100..105'],
      [other(100, 102, renamed), 4, 'reset 100..102'],
    ],
  ],
  [
    'the same numbers under other names are one too',
    [
      [listing(1, 6), 0, 'cold 1..6'],
      [other(1, 6, renamed), 4, 'reset 1..6'],
      [other(2, 7, renamed), 8, 'next 7..7'],
    ],
  ],
  [
    'higher numbers whose common part has other names are one',
    [
      [listing(1, 6), 0, 'cold 1..6'],
      [other(3, 8, renamed), 4, 'reset 3..8'],
    ],
  ],
  [
    'names signed anew with every list end up meaning nothing',
    [
      [listing(1, 6), 0, 'cold 1..6'],
      [other(2, 7, (n) => ({ identity: `a${n}` })), 4, 'reset 2..7'],
      [other(3, 8, (n) => ({ identity: `b${n}` })), 8, 'reset 3..8'],
      [other(4, 9, (n) => ({ identity: `c${n}` })), 12, 'reset 4..9'],
      [other(5, 10, (n) => ({ identity: `d${n}` })), 16, 'next 10..10'],
      [other(5, 10, (n) => ({ identity: `e${n}` })), 20, 'nothing'],
    ],
  ],
  [
    'the copy of a slow CDN edge is nothing, and the list goes on',
    [
      [listing(1, 6), 0, 'cold 1..6'],
      [listing(2, 7), 4, 'next 7..7'],
      [listing(1, 6), 6, 'nothing'],
      [listing(3, 8), 8, 'next 8..8'],
      [listing(1, 6), 9, 'nothing'],
    ],
  ],
  [
    'a copy frozen for long is nothing: it names nothing that was not seen',
    [
      [listing(1, 6), 0, 'cold 1..6'],
      [listing(2, 7), 4, 'next 7..7'],
      [listing(1, 6), 8, 'nothing'],
      [listing(1, 6), 60, 'nothing'],
      [listing(1, 6), 600, 'nothing'],
      [listing(2, 7), 604, 'nothing'],
      [listing(3, 8), 608, 'next 8..8'],
    ],
  ],
  [
    'a list that goes on for long behind what was seen is a new count',
    [
      [listing(1, 6), 0, 'cold 1..6'],
      [listing(4, 9), 12, 'next 7..9'],
      [listing(1, 6), 16, 'nothing'],
      [listing(2, 7), 24, 'nothing'],
      [listing(3, 8), 25, 'reset 3..8'],
    ],
  ],
  [
    'a list of the past that begins where none of the past did is a new count',
    [
      [listing(1, 6), 0, 'cold 1..6'],
      [listing(2, 7), 4, 'next 7..7'],
      [listing(4, 6), 8, 'reset 4..6'],
    ],
  ],
  [
    'a short list that begins where the old one ended is a new run',
    [
      [listing(1, 6), 0, 'cold 1..6'],
      [listing(7, 8), 4, 'reset 7..8'],
    ],
  ],
  [
    'a jump of PROGRAM-DATE-TIME under the same names is a new count',
    [
      [other(1, 6, dated(0)), 0, 'cold 1..6'],
      [other(2, 7, dated(0)), 4, 'next 7..7'],
      [other(3, 8, dated(3_600_000)), 8, 'reset 3..8'],
    ],
  ],
  [
    'a corrected clock is none',
    [
      [other(1, 6, dated(0)), 0, 'cold 1..6'],
      [other(2, 7, dated(4500)), 4, 'next 7..7'],
      [listing(3, 8), 8, 'next 8..8'],
      [other(4, 9, dated(-4500)), 12, 'next 9..9'],
    ],
  ],
  [
    'a source that tells its generation is believed',
    [
      [listing(1, 6, { generation: 0 }), 0, 'cold 1..6'],
      [listing(2, 7, { generation: 1 }), 4, 'reset 2..7'],
      [listing(3, 8, { generation: 1 }), 8, 'next 8..8'],
      [other(4, 9, dated(0), { generation: 1 }), 12, 'next 9..9'],
      [other(5, 10, dated(3_600_000), { generation: 1 }), 16, 'next 10..10'],
    ],
  ],
];

describe('Tracker.take()', () => {
  for (const [name, steps] of ROWS) {
    test(name, () => {
      const tracker = new Tracker(undefined, true);
      const said = steps.map(([list, atS]) => say(tracker, list, atS * 1000));
      expect(said).toEqual(steps.map(([, , expected]) => expected));
    });
  }

  test('names each segment once and in order, whatever copies come between', () => {
    const step = fc.record({ by: fc.nat(3), stale: fc.option(fc.integer({ min: 1, max: 5 })) });
    fc.assert(
      fc.property(fc.nat(10_000), fc.array(step, { maxLength: 80 }), (first, steps) => {
        const tracker = new Tracker(undefined, true);
        const seen: number[] = [];
        const lasts = [first + 5];
        let atMs = 0;
        const poll = (last: number) => {
          const fresh = tracker.take(listing(last - 5, last), atMs);
          if (fresh !== undefined) {
            expect(['cold', 'next']).toContain(fresh.link);
            seen.push(...fresh.segments.map(({ sequence }) => sequence));
          }
          atMs += 1000;
        };
        poll(first + 5);
        for (const { by, stale } of steps) {
          const last = (lasts.at(-1) as number) + by;
          lasts.push(last);
          if (stale !== null) poll(lasts.at(-1 - stale) ?? last);
          poll(last);
        }
        expect(seen).toEqual(seen.map((_, index) => first + index));
        expect(seen.at(-1)).toBe(lasts.at(-1) as number);
      }),
    );
  });
});

describe('Tracker that resumes', () => {
  const tail = [5, 6, 7, 8, 9, 10].map((n) => [n, `${n}.ts`] as const);
  const resume = { lastSequence: 10, tail };

  for (const [name, list, expected] of [
    ['the same list, from its beginning', listing(5, 10), 'cold 5..10'],
    ['a list that slid on', listing(8, 13), 'cold 8..13'],
    ['a list long after', listing(500, 505), 'cold 500..505'],
    ['the slightly older copy of an edge', listing(4, 9), 'cold 4..9'],
    ['the same numbers under other names', other(5, 10, renamed), 'reset 5..10'],
    ['overlapping numbers under other names', other(8, 13, renamed), 'reset 8..13'],
    ['lower numbers that share nothing', listing(0, 3), 'reset 0..3'],
    ['its own count, one behind', listing(4, 9, { generation: 0 }), 'cold 4..9'],
    ['its own count, far behind', listing(0, 5, { generation: 0 }), 'reset 0..5'],
  ] as const) {
    test(`after a restart: ${name}`, () => {
      expect(say(new Tracker(resume, true), list)).toBe(expected);
    });
  }

  test('in place of one that died: only what is new', () => {
    const tracker = new Tracker(resume, false);
    expect(say(tracker, listing(6, 10))).toBe('nothing');
    expect(say(tracker, listing(8, 13))).toBe('next 11..13');
  });

  test('startAgain() names the next list from its beginning, once', () => {
    const tracker = new Tracker(undefined, true);
    expect(say(tracker, listing(1, 6))).toBe('cold 1..6');
    tracker.startAgain();
    expect(say(tracker, listing(2, 7))).toBe('cold 2..7');
    expect(say(tracker, listing(3, 8))).toBe('next 8..8');
    tracker.startAgain();
    expect(say(tracker, other(3, 8, renamed))).toBe('reset 3..8');
  });
});
