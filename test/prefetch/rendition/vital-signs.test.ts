// This file tests what counts as trouble with a source, and what must not.
import { describe, expect, test } from 'bun:test';
import type { Listed } from '../../../src/prefetch/messages.ts';
import { VitalSigns } from '../../../src/prefetch/rendition/vital-signs.ts';
import type { ListedSegment } from '../../../src/ring/listing.ts';
import type { StreamMotion } from '../../../src/source/source.ts';
import { listedSegment } from '../../support/listed.ts';

const TARGET_S = 4;
const ERROR = { code: 'SOURCE_STATUS', message: 'upstream answered 503', detail: { status: 503 } };

/** A source as its signs tell of it, second by second. */
class Signs {
  readonly vital = new VitalSigns(0);
  targetDurationS = TARGET_S;
  #ordinal = 0;

  /** A poll that names something new. */
  names(atS: number, more: Partial<ListedSegment> = {}, link: Listed['link'] = 'next'): number {
    const ordinal = this.#ordinal++;
    const segment = listedSegment(ordinal, more);
    this.vital.listed(listed([{ ordinal, segment }], link), atS * 1000);
    this.vital.polled(atS * 1000);
    return ordinal;
  }

  /** A poll with nothing new. */
  looks(atS: number): void {
    this.vital.polled(atS * 1000);
  }

  loads(atS: number, ordinal: number, ticks?: number, isApart = false): void {
    this.vital.loaded(ordinal, ticks, isApart, atS * 1000);
  }

  /** Bytes of an endless stream. */
  receives(atS: number, motion: StreamMotion = 'moves'): void {
    this.vital.stream.received(atS * 1000, motion);
  }

  /** Both, in a moment. */
  gives(atS: number, ticks?: number, more: Partial<ListedSegment> = {}): void {
    this.loads(atS + 0.1, this.names(atS, more), ticks, more.discontinuity);
  }

  at(atS: number, ended = false) {
    return this.vital.trouble({ nowMs: atS * 1000, targetDurationS: this.targetDurationS, ended });
  }

  kind(atS: number, ended = false): string {
    return this.at(atS, ended)?.kind ?? 'well';
  }
}

function listed(fresh: Listed['fresh'], link: Listed['link']): Listed {
  return {
    type: 'listed',
    link,
    missed: 0,
    fresh,
    targetDurationS: TARGET_S,
    onDemand: false,
    independentSegments: false,
    iFramesOnly: false,
  };
}

const DATE_MS = Date.UTC(2026, 0, 1);
const TICKS = TARGET_S * 90_000;

type Row = readonly [(signs: Signs) => void, atS: number, kind: string];

const TROUBLES: Record<string, Row> = {
  'a list with nothing new after one and a half target durations': [
    (s) => {
      s.gives(0);
      for (const atS of [4, 6]) s.looks(atS);
    },
    6.1,
    'stall',
  ],
  'nothing comes for two target durations, though the list goes on': [
    (s) => {
      s.gives(0);
      for (const atS of [4, 8]) s.names(atS);
    },
    8.2,
    'stall',
  ],
  'nothing ever came': [(s) => s.names(1), 8, 'stall'],
  'its list never came': [() => {}, 8, 'stall'],
  'polls hang': [(s) => s.gives(0), 8.2, 'stall'],
  'a list that lists nothing when it takes over': [(s) => s.looks(6), 6, 'stall'],
  'three polls in a row fail': [
    (s) => {
      s.gives(0);
      for (let count = 0; count < 3; count++) s.vital.pollFailed(ERROR);
    },
    1,
    'error',
  ],
  'two segments in a row do not come': [
    (s) => {
      s.gives(0);
      for (let count = 0; count < 2; count++) s.vital.givenUp(ERROR);
    },
    1,
    'error',
  ],
  'two segments that begin at the same time': [
    (s) => [0, 4].map((atS) => s.gives(atS, 1000)),
    4.2,
    'frozen',
  ],
  'two segments that begin within a hundredth of a second': [
    (s) => [0, 4].map((atS) => s.gives(atS, 1000 + atS * 200)),
    4.2,
    'frozen',
  ],
  'three dates that stand still': [
    (s) => [0, 4, 8].map((atS) => s.gives(atS, undefined, { programDateTimeMs: DATE_MS })),
    8.2,
    'frozen',
  ],
  'dates that go back and back': [
    (s) => [0, 4, 8].map((atS) => s.gives(atS, undefined, { programDateTimeMs: DATE_MS - atS })),
    8.2,
    'frozen',
  ],
  'an endless stream that sends nothing for one and a half target durations': [
    (s) => {
      s.gives(0);
      s.receives(1);
    },
    7,
    'stall',
  ],
  'an endless stream that sends bytes, and is not cut': [
    (s) => {
      s.gives(0);
      for (let atS = 1; atS <= 15; atS++) s.receives(atS);
    },
    15.2,
    'stall',
  ],
  'an endless stream whose clock stands still': [
    (s) => {
      s.gives(0);
      s.receives(1);
      for (let atS = 2; atS <= 7; atS++) s.receives(atS, 'still');
    },
    7,
    'frozen',
  ],
  'one whose clock never was seen to go on': [
    (s) => {
      for (let atS = 1; atS <= 8; atS++) s.receives(atS, 'still');
    },
    8,
    'stall',
  ],
  'one that never was cut': [
    (s) => {
      for (let atS = 1; atS <= 25; atS++) s.receives(atS);
    },
    25,
    'stall',
  ],
  'one that has become a playlist': [
    (s) => {
      s.gives(0);
      s.vital.pollFailed({ ...ERROR, code: 'SOURCE_CHANGED' });
    },
    1,
    'changed',
  ],
  'it said that it has ended, and nothing followed': [
    (s) => {
      s.gives(0);
      s.vital.saysEnd(true);
    },
    6,
    'ended',
  ],
};

const LEGITIMATE: Record<string, Row> = {
  'an endless stream that is cut every ten seconds': [
    (s) => {
      s.gives(0);
      for (let atS = 1; atS <= 10; atS++) s.receives(atS);
    },
    11,
    'well',
  ],
  'an endless stream that waits long for its first key frame, and the next': [
    (s) => {
      for (let atS = 1; atS <= 20; atS++) s.receives(atS);
    },
    20,
    'well',
  ],
  'one that pauses for less than one and a half target durations': [
    (s) => {
      s.gives(0);
      s.receives(3);
    },
    8.9,
    'well',
  ],
  'one that is read far ahead, and not read on for a while': [
    (s) => {
      s.gives(0);
      for (let atS = 1; atS <= 40; atS++) s.receives(atS, 'ahead');
    },
    41,
    'well',
  ],
  'one that was a playlist, and lists again': [
    (s) => {
      s.gives(0);
      s.vital.pollFailed({ ...ERROR, code: 'SOURCE_CHANGED' });
      s.gives(1);
    },
    2,
    'well',
  ],
  'just begun': [() => {}, 7.9, 'well'],
  'a list that changes each target duration': [
    (s) => [0, 4, 8, 12, 16].map((atS) => s.gives(atS)),
    20,
    'well',
  ],
  'a change that a poll just missed: one and a half target durations between two': [
    (s) => {
      s.gives(0);
      s.looks(4);
      s.names(6);
    },
    7.9,
    'well',
  ],
  'and the segment of it takes a moment longer than the one before': [
    (s) => {
      s.gives(0);
      s.looks(4);
      s.loads(7.9, s.names(6));
    },
    9,
    'well',
  ],
  'nobody has looked since': [(s) => s.gives(0), 7.9, 'well'],
  'the last look was sooner': [
    (s) => {
      s.gives(0);
      s.looks(4);
      s.looks(5.9);
    },
    7.9,
    'well',
  ],
  'a target duration of a second': [
    (s) => {
      s.targetDurationS = 1;
      s.gives(0);
      s.looks(1);
      s.names(1.5);
    },
    1.9,
    'well',
  ],
  'a target duration of ten seconds': [
    (s) => {
      s.targetDurationS = 10;
      s.gives(0);
      s.looks(10);
      s.loads(18, s.names(15));
    },
    29,
    'well',
  ],
  'one segment is late, those after it come': [
    (s) => {
      s.gives(0);
      s.names(4);
      s.loads(8.1, s.names(8));
      s.loads(12.1, s.names(12));
    },
    13,
    'well',
  ],
  'two polls fail': [
    (s) => {
      s.gives(0);
      for (let count = 0; count < 2; count++) s.vital.pollFailed(ERROR);
    },
    1,
    'well',
  ],
  'every other poll fails': [
    (s) => {
      for (let atS = 0; atS < 20; atS += 4) {
        s.vital.pollFailed(ERROR);
        s.gives(atS);
      }
    },
    17,
    'well',
  ],
  'polls fail, and then one has nothing new': [
    (s) => {
      s.gives(0);
      for (let count = 0; count < 2; count++) s.vital.pollFailed(ERROR);
      s.looks(4);
      for (let count = 0; count < 2; count++) s.vital.pollFailed(ERROR);
    },
    5,
    'well',
  ],
  'every other segment is given up': [
    (s) => {
      for (let atS = 0; atS < 20; atS += 4) {
        s.vital.givenUp(ERROR);
        s.gives(atS);
      }
    },
    17,
    'well',
  ],
  'a clock that goes on after it stood': [
    (s) => [0, 4, 8].map((atS) => s.gives(atS, atS < 8 ? 1000 : 1000 + TICKS)),
    9,
    'well',
  ],
  'a clock that begins anew at 2^33': [
    (s) => [0, 1, 2].map((n) => s.gives(n * 4, (2 ** 33 - TICKS + n * TICKS) % 2 ** 33)),
    9,
    'well',
  ],
  'advertisements that all begin at zero, after discontinuities': [
    (s) => [0, 4, 8, 12].map((atS) => s.gives(atS, 0, { discontinuity: true })),
    13,
    'well',
  ],
  'dates of advertisements that stand still, after discontinuities': [
    (s) => {
      const more = { discontinuity: true, programDateTimeMs: DATE_MS };
      for (const atS of [0, 4, 8, 12]) s.gives(atS, undefined, more);
    },
    13,
    'well',
  ],
  'one date that goes back': [
    (s) => {
      const dates = [0, 4000, 3000, 8000, 12_000];
      for (const [n, ms] of dates.entries()) {
        s.gives(n * 4, undefined, { programDateTimeMs: DATE_MS + ms });
      }
    },
    17,
    'well',
  ],
  'only the first segment of the first list has a date': [
    (s) => {
      s.gives(0, undefined, { programDateTimeMs: DATE_MS });
      for (const atS of [4, 8, 12]) s.gives(atS);
    },
    13,
    'well',
  ],
  'segments that come in another order than they were named in': [
    (s) => {
      const ordinals = [0, 0.1, 0.2, 0.3].map((atS) => s.names(atS));
      for (const ordinal of ordinals.toReversed()) s.loads(1, ordinal, ordinal * TICKS);
    },
    2,
    'well',
  ],
  'the same clock on both sides of one that has not come': [
    (s) => {
      const [first = 0, , third = 0, fourth = 0] = [0, 0.1, 0.2, 0.3].map((atS) => s.names(atS));
      s.loads(1, first, 5);
      s.loads(1, third, 5);
      s.loads(1, fourth, 5 + TICKS);
    },
    2,
    'well',
  ],
  'it begins to count anew, and so does its clock': [
    (s) => {
      for (const atS of [0, 4]) s.gives(atS, 1000, { programDateTimeMs: DATE_MS });
      s.loads(8, s.names(8, { programDateTimeMs: DATE_MS }, 'reset'), 1000);
    },
    9,
    'well',
  ],
  'it said that it has ended, and goes on': [
    (s) => {
      s.gives(0);
      s.vital.saysEnd(true);
      s.gives(5);
      s.vital.saysEnd(false);
    },
    10,
    'well',
  ],
  'it said just now that it has ended': [
    (s) => {
      s.gives(0);
      s.vital.saysEnd(true);
    },
    5.9,
    'well',
  ],
  'what came before it was looked at': [
    (s) => {
      s.gives(0);
      s.vital.begin(60_000);
      s.looks(60);
    },
    61,
    'well',
  ],
};

describe('VitalSigns', () => {
  test.each(Object.entries(TROUBLES))('trouble: %s', (_name, [play, atS, kind]) => {
    const signs = new Signs();
    play(signs);
    expect(signs.kind(atS)).toBe(kind);
  });

  test.each(Object.entries(LEGITIMATE))('no trouble: %s', (_name, [play, atS, kind]) => {
    const signs = new Signs();
    play(signs);
    expect(signs.at(atS)?.reason ?? kind).toBe(kind);
  });

  test('a list that has ended is over at once', () => {
    expect(new Signs().at(0, true)).toEqual({ kind: 'ended', reason: 'the source has ended' });
  });

  test('says what is wrong in words', () => {
    const still = new Signs();
    still.gives(0);
    still.looks(6);
    expect(still.at(6.54)?.reason).toBe('it names nothing new for 6.5 s');
    const silent = new Signs();
    silent.names(4);
    expect(silent.at(9)?.reason).toBe('no segment came for 9.0 s');
    const quiet = new Signs();
    quiet.receives(2);
    expect(quiet.at(9)?.reason).toBe('no bytes came for 7.0 s');
    const broken = new Signs();
    for (let count = 0; count < 3; count++) broken.vital.pollFailed(ERROR);
    expect(broken.at(1)?.reason).toBe('upstream answered 503');
  });

  test('trouble is over once something new comes', () => {
    const signs = new Signs();
    signs.gives(0);
    signs.looks(6);
    expect(signs.kind(7)).toBe('stall');
    signs.gives(7);
    expect(signs.kind(7.2)).toBe('well');
  });
});
