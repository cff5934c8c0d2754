// This file tests that the numbering of a channel never goes back, whatever the source counts.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { parseSavedTimeline } from '../../src/ring/saved-timeline.ts';
import { type Onto, type Place, type Placeable, Timeline } from '../../src/ring/timeline.ts';

function source(sequence: number, changes: Partial<Placeable> = {}): Placeable {
  return {
    sequence,
    identity: `s${sequence}`,
    discontinuity: false,
    discontinuitySequence: 0,
    ...changes,
  };
}

/** What a restart finds: only what was taken as unsaved, through JSON. */
function restarted(timeline: Timeline): Timeline {
  const saved = parseSavedTimeline(JSON.parse(JSON.stringify(timeline.takeUnsaved())));
  if (saved === undefined) throw new Error('not readable again');
  return new Timeline(saved);
}

/** Places from..to one after the other; the last place. */
function follow(timeline: Timeline, rendition: string, from: number, to: number): Place {
  let place: Place | undefined;
  for (let sequence = from; sequence <= to; sequence++) {
    const isFirst = timeline.mark(rendition) === undefined;
    place = timeline.place(rendition, source(sequence), isFirst ? 'cold' : 'next', 'list');
  }
  return place as Place;
}

describe('Timeline.place()', () => {
  test('begins with the numbers of the source', () => {
    const timeline = new Timeline();
    const first = source(1234, { discontinuitySequence: 5 });
    expect(timeline.place('a', first, 'cold', 'nothing')).toEqual({
      mediaSequence: 1234,
      discontinuitySequence: 5,
      discontinuity: false,
    });
    expect(timeline.place('a', source(1235), 'next', 'list')?.mediaSequence).toBe(1235);
  });

  test('counts a tag before the very first segment', () => {
    const first = source(0, { discontinuity: true, discontinuitySequence: 1 });
    const place = new Timeline().place('a', first, 'cold', 'nothing');
    expect(place).toEqual({ mediaSequence: 0, discontinuitySequence: 1, discontinuity: true });
  });

  test('the discontinuity sequence grows by tags alone, whatever the source says of it', () => {
    const timeline = new Timeline();
    const places = [
      source(0),
      source(1, { discontinuitySequence: 9 }),
      source(2, { discontinuity: true, discontinuitySequence: 3 }),
      source(3, { discontinuitySequence: 0 }),
    ].map((segment, index) =>
      timeline.place('a', segment, index === 0 ? 'cold' : 'next', index === 0 ? 'nothing' : 'list'),
    );
    expect(places.map((place) => place?.discontinuitySequence)).toEqual([0, 0, 1, 1]);
    expect(places.map((place) => place?.discontinuity)).toEqual([false, false, true, false]);
  });

  test('a reset goes on with the next number, over a discontinuity', () => {
    const timeline = new Timeline();
    follow(timeline, 'a', 500, 510);
    expect(timeline.place('a', source(0), 'reset', 'list')).toEqual({
      mediaSequence: 511,
      discontinuitySequence: 1,
      discontinuity: true,
    });
    expect(timeline.place('a', source(1), 'next', 'list')).toEqual({
      mediaSequence: 512,
      discontinuitySequence: 1,
      discontinuity: false,
    });
  });

  test('a reset to higher numbers goes on with the next number too', () => {
    const timeline = new Timeline();
    follow(timeline, 'a', 5, 10);
    expect(timeline.place('a', source(1_700_000_000), 'reset', 'list')?.mediaSequence).toBe(11);
  });

  test('a cold start gives what was placed before the numbers it had', () => {
    const timeline = new Timeline();
    follow(timeline, 'a', 0, 4);
    const tagged = source(5, { discontinuity: true, discontinuitySequence: 1 });
    const before = timeline.place('a', tagged, 'next', 'list');
    follow(timeline, 'a', 6, 8);
    const again = [4, 5, 6].map((sequence, index) => {
      const segment = sequence === 5 ? tagged : source(sequence);
      const onto: Onto = index === 0 ? 'nothing' : 'list';
      return timeline.place('a', segment, index === 0 ? 'cold' : 'next', onto);
    });
    expect(again.map((place) => place?.mediaSequence)).toEqual([4, 5, 6]);
    expect(again.map((place) => place?.discontinuitySequence)).toEqual([0, 1, 1]);
    expect(again[1]).toEqual(before as Place);
  });

  test('a cold start keeps a tag that the list no longer shows, and its count', () => {
    const timeline = new Timeline();
    follow(timeline, 'a', 0, 4);
    timeline.place('a', source(0), 'reset', 'list');
    // The source's own count says 0, and its list carries no tag
    const place = timeline.place('a', source(1), 'cold', 'nothing');
    expect(place).toEqual({ mediaSequence: 6, discontinuitySequence: 1, discontinuity: false });
  });

  test('a segment placed again keeps its tag, though the list shows none any more', () => {
    const timeline = new Timeline();
    follow(timeline, 'a', 0, 4);
    const before = timeline.place('a', source(5, { discontinuity: true }), 'next', 'list');
    timeline.place('a', source(4), 'cold', 'nothing');
    expect(timeline.place('a', source(5), 'next', 'list')).toEqual(before as Place);
  });

  test('no list begins before one that was listed', () => {
    const timeline = new Timeline();
    follow(timeline, 'a', 0, 9);
    timeline.listedFrom('a', 6);
    timeline.listedFrom('a', 3);
    expect(timeline.place('a', source(5), 'cold', 'nothing')).toBeUndefined();
    expect(timeline.mark('a')).toMatchObject({ floor: 6, sourceSequence: 9, mediaSequence: 9 });
    expect(timeline.place('a', source(6), 'cold', 'nothing')?.mediaSequence).toBe(6);
  });

  test('a finished stream is listed from its first segment on, whatever was before', () => {
    const timeline = new Timeline();
    follow(timeline, 'a', 0, 9);
    timeline.listedFrom('a', 6);
    expect(timeline.place('a', source(0), 'cold', 'finished')?.mediaSequence).toBe(0);
  });

  test('listedFrom() of a rendition that placed nothing is nothing', () => {
    const timeline = new Timeline();
    timeline.listedFrom('a', 6);
    expect(timeline.takeUnsaved()).toBeUndefined();
  });

  for (const [what, by, onto, expected] of [
    ['a short hole onto a list keeps the offset', 100, 'list', 110],
    ['the longest hole that is filled', 257, 'list', 267],
    ['a longer one begins an epoch', 258, 'list', 11],
    ['a long one onto nothing keeps the offset', 10_000, 'nothing', 10_010],
  ] as const) {
    test(`a jump: ${what}`, () => {
      const timeline = new Timeline();
      follow(timeline, 'a', 5, 10);
      const place = timeline.place('a', source(10 + by), 'jump', onto);
      expect(place?.mediaSequence).toBe(expected);
      expect(place?.discontinuity).toBe(expected === 11);
    });
  }
});

describe('Timeline of several renditions', () => {
  test('one that joins late has the numbers of the others', () => {
    const timeline = new Timeline();
    follow(timeline, 'hd', 100, 104);
    timeline.place('hd', source(0), 'reset', 'list');
    timeline.place('hd', source(1), 'next', 'list');
    expect(timeline.place('sd', source(1), 'cold', 'nothing')).toEqual({
      mediaSequence: 106,
      discontinuitySequence: 1,
      discontinuity: false,
    });
  });

  test('a reset is one epoch for all that see it, in whatever order', () => {
    const timeline = new Timeline();
    follow(timeline, 'hd', 100, 105);
    follow(timeline, 'sd', 100, 103);
    const hd = timeline.place('hd', source(0), 'reset', 'list');
    timeline.place('hd', source(1), 'next', 'list');
    const sd = timeline.place('sd', source(0), 'reset', 'list');
    expect(sd).toEqual(hd as Place);
    expect(timeline.place('sd', source(1), 'next', 'list')?.mediaSequence).toBe(107);
    expect(timeline.takeUnsaved()?.epochs).toHaveLength(2);
  });

  test('who resets first leaves room for who is further on', () => {
    const timeline = new Timeline();
    follow(timeline, 'hd', 100, 105);
    follow(timeline, 'sd', 100, 109);
    expect(timeline.place('hd', source(0), 'reset', 'list')?.mediaSequence).toBe(110);
    expect(timeline.place('sd', source(0), 'reset', 'list')?.mediaSequence).toBe(110);
  });

  test('one that is far ahead does not tear a hole into the list of another', () => {
    const timeline = new Timeline();
    follow(timeline, 'near', 100, 105);
    timeline.place('far', source(1_000_000), 'cold', 'nothing');
    const place = timeline.place('near', source(0), 'reset', 'list') as Place;
    expect(place.mediaSequence).toBeGreaterThan(105);
    expect(place.mediaSequence).toBeLessThanOrEqual(105 + 1 + 256);
    const far = timeline.place('far', source(0), 'reset', 'list') as Place;
    expect(far.mediaSequence).toBe(1_000_001);
  });

  test('one that joins late counts discontinuities as the others do, not as the source', () => {
    const timeline = new Timeline();
    follow(timeline, 'hd', 0, 3);
    timeline.place('hd', source(4, { discontinuity: true }), 'next', 'list');
    expect(timeline.place('sd', source(4), 'cold', 'nothing')?.discontinuitySequence).toBe(1);
  });
});

describe('Timeline over a restart', () => {
  test('says what must be saved, once', () => {
    const timeline = new Timeline();
    expect(timeline.takeUnsaved()).toBeUndefined();
    follow(timeline, 'a', 0, 1);
    expect(timeline.takeUnsaved()?.marks['a']).toMatchObject({ mediaSequence: 1 });
    expect(timeline.takeUnsaved()).toBeUndefined();
    timeline.listedFrom('a', 1);
    expect(timeline.takeUnsaved()?.marks['a']).toMatchObject({ floor: 1 });
    timeline.listedFrom('a', 0);
    expect(timeline.takeUnsaved()).toBeUndefined();
  });

  test('what was taken does not change under who saves it', () => {
    const timeline = new Timeline();
    follow(timeline, 'a', 0, 1);
    const saved = timeline.takeUnsaved();
    const before = JSON.stringify(saved);
    timeline.place('a', source(0), 'reset', 'list');
    expect(JSON.stringify(saved)).toBe(before);
  });

  test('a source that went on keeps its numbers', () => {
    const timeline = new Timeline();
    follow(timeline, 'a', 100, 104);
    timeline.place('a', source(0), 'reset', 'list');
    follow(timeline, 'a', 1, 9);
    timeline.listedFrom('a', 108);
    const after = restarted(timeline);
    expect(after.place('a', source(2), 'cold', 'nothing')).toBeUndefined();
    expect(after.place('a', source(3), 'cold', 'nothing')).toEqual({
      mediaSequence: 108,
      discontinuitySequence: 1,
      discontinuity: false,
    });
    expect(after.mark('a')?.floor).toBe(108);
  });

  test('a source that counts anew lies beyond what was placed and not saved', () => {
    const timeline = new Timeline();
    follow(timeline, 'a', 0, 100);
    const after = restarted(timeline);
    // Placed and served, but the process dies before it saves again
    const lost = follow(timeline, 'a', 101, 120);
    const place = after.place('a', source(0), 'reset', 'nothing') as Place;
    expect(place.mediaSequence).toBeGreaterThan(lost.mediaSequence);
    expect(place.discontinuitySequence).toBe(1);
  });

  test('so it does for a rendition that had not yet come back when another counted anew', () => {
    const timeline = new Timeline();
    follow(timeline, 'hd', 0, 100);
    follow(timeline, 'sd', 0, 100);
    const after = restarted(timeline);
    const lost = follow(timeline, 'sd', 101, 120);
    after.place('hd', source(101), 'cold', 'nothing');
    const hd = after.place('hd', source(0), 'reset', 'list') as Place;
    expect(hd.mediaSequence).toBeGreaterThan(lost.mediaSequence);
    expect(after.place('sd', source(0), 'reset', 'nothing')).toMatchObject({
      mediaSequence: hd.mediaSequence,
    });
  });

  test('a rendition placed again leaves no margin', () => {
    const timeline = new Timeline();
    follow(timeline, 'a', 0, 100);
    const after = restarted(timeline);
    after.place('a', source(101), 'cold', 'nothing');
    expect(after.place('a', source(0), 'reset', 'list')?.mediaSequence).toBe(102);
  });

  test('remembers the names of the last segments, so that a new count is told from the old', () => {
    const timeline = new Timeline();
    follow(timeline, 'a', 0, 100);
    const tail = restarted(timeline).mark('a')?.tail ?? [];
    expect(tail.at(-1)).toEqual([100, 's100']);
    expect(tail.length).toBeLessThanOrEqual(16);
    timeline.place('a', source(0), 'reset', 'list');
    expect(timeline.mark('a')?.tail).toEqual([[0, 's0']]);
  });
});

describe('Timeline that forgets', () => {
  test('keeps a bounded number of epochs, and everything goes on rising', () => {
    const timeline = new Timeline();
    follow(timeline, 'sleeper', 0, 50);
    let last = follow(timeline, 'a', 0, 3);
    for (let reset = 0; reset < 200; reset++) {
      const place = timeline.place('a', source(reset % 7), 'reset', 'list') as Place;
      expect(place.mediaSequence).toBeGreaterThan(last.mediaSequence);
      expect(place.discontinuitySequence).toBe(last.discontinuitySequence + 1);
      last = place;
    }
    const sleeper = timeline.place('sleeper', source(199 % 7), 'reset', 'nothing');
    expect(sleeper?.mediaSequence).toBe(last.mediaSequence);
    expect(sleeper?.discontinuity).toBe(true);
    const saved = timeline.takeUnsaved();
    expect(saved?.epochs.length).toBeLessThanOrEqual(64);
    expect(saved?.marks['a']?.history.length).toBeLessThanOrEqual(32);
    expect(parseSavedTimeline(saved)).toEqual(saved as NonNullable<typeof saved>);
  });
});

describe('Timeline.takeBack()', () => {
  const at = (place: Place, sequence: number) => ({ ...place, sequence });

  test('numbers that nobody was told are free again', () => {
    const timeline = new Timeline();
    const last = follow(timeline, 'a', 10, 12);
    follow(timeline, 'a', 13, 15);
    timeline.takeBack('a', at(last, 12));
    expect(timeline.mark('a')).toMatchObject({ mediaSequence: 12, sourceSequence: 12 });
    expect(timeline.mark('a')?.tail.at(-1)).toEqual([12, 's12']);
    const next = timeline.place('a', source(900), 'reset', 'list');
    expect(next).toEqual({ mediaSequence: 13, discontinuitySequence: 1, discontinuity: true });
  });

  test('discontinuities that nobody was told are not counted', () => {
    const timeline = new Timeline();
    const last = follow(timeline, 'a', 10, 12);
    timeline.place('a', source(13, { discontinuity: true }), 'next', 'list');
    timeline.place('a', source(14, { discontinuity: true }), 'next', 'list');
    expect(timeline.mark('a')?.discontinuitySequence).toBe(2);
    timeline.takeBack('a', at(last, 12));
    expect(timeline.mark('a')).toMatchObject({ discontinuitySequence: 0, history: [[10, 0]] });
    expect(timeline.place('a', source(0), 'reset', 'list')?.discontinuitySequence).toBe(1);
  });

  test('takes back nothing where that is the last, or nothing is known', () => {
    const timeline = new Timeline();
    const last = follow(timeline, 'a', 10, 12);
    timeline.takeUnsaved();
    timeline.takeBack('a', at(last, 12));
    timeline.takeBack('b', at(last, 12));
    expect([timeline.mark('b'), timeline.takeUnsaved()]).toEqual([undefined, undefined]);
  });

  test('numbers that another list named are never free again', () => {
    const timeline = new Timeline();
    const last = follow(timeline, 'a', 10, 12);
    follow(timeline, 'a', 13, 15);
    timeline.listedTo('a', 14);
    timeline.listedTo('a', 12);
    timeline.takeBack('a', at(last, 12));
    expect(timeline.mark('a')?.mediaSequence).toBe(14);
    expect(timeline.place('a', source(900), 'reset', 'list')?.mediaSequence).toBe(15);
  });

  test('what was placed before a restart may have been named', () => {
    const before = new Timeline();
    const last = follow(before, 'a', 10, 12);
    follow(before, 'a', 13, 15);
    const timeline = restarted(before);
    timeline.takeBack('a', at(last, 12));
    expect(timeline.mark('a')?.mediaSequence).toBe(15);
  });

  test('is found again after a restart', () => {
    const timeline = new Timeline();
    const last = follow(timeline, 'a', 10, 12);
    follow(timeline, 'a', 13, 15);
    timeline.takeUnsaved();
    timeline.takeBack('a', at(last, 12));
    expect(restarted(timeline).mark('a')?.mediaSequence).toBe(12);
  });

  test('renditions that were cut back agree on the numbers of the next source', () => {
    const timeline = new Timeline();
    const [a, b] = [follow(timeline, 'a', 10, 12), follow(timeline, 'b', 10, 12)];
    follow(timeline, 'a', 13, 15);
    timeline.takeBack('a', at(a, 12));
    timeline.takeBack('b', at(b, 12));
    const places = ['a', 'b'].map((name) => timeline.place(name, source(70), 'reset', 'list'));
    expect(places[0]).toEqual(places[1] as Place);
    expect(places[0]?.mediaSequence).toBe(13);
  });

  test('whatever is placed, listed, cut back and switched, no number that was listed comes again', () => {
    const step = fc.record({
      place: fc.integer({ min: 1, max: 5 }),
      listed: fc.nat(5),
      isCut: fc.boolean(),
      jump: fc.integer({ min: -50, max: 500 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        const timeline = new Timeline();
        let sequence = 100;
        let last: (Place & { sequence: number }) | undefined;
        for (const { place: count, listed, isCut, jump } of steps) {
          const placed: (Place & { sequence: number })[] = [];
          for (let n = 0; n < count; n++) {
            const link = last === undefined && n === 0 ? 'cold' : n === 0 ? 'reset' : 'next';
            const segment = source(sequence, { discontinuity: isCut && n === 1 });
            const onto = last === undefined ? 'nothing' : 'list';
            const found = timeline.place('a', segment, link, onto) as Place;
            placed.push({ ...found, sequence: sequence++ });
          }
          const shown = placed.slice(0, Math.max(last === undefined ? 1 : 0, listed));
          for (const one of shown) {
            if (last !== undefined) {
              expect(one.mediaSequence).toBe(last.mediaSequence + 1);
              const tag = one.discontinuity ? 1 : 0;
              expect(one.discontinuitySequence).toBe(last.discontinuitySequence + tag);
            }
            last = one;
          }
          if (last !== undefined) timeline.takeBack('a', last);
          sequence = Math.max(0, sequence + jump);
        }
      }),
    );
  });
});

describe('Timeline.plays()', () => {
  test('a cold list of another source is no continuation, whatever its numbers', () => {
    const timeline = new Timeline();
    timeline.plays('one');
    follow(timeline, 'a', 10, 12);
    timeline.plays('two');
    expect(timeline.isOfOther('a')).toBe(true);
    const place = timeline.place('a', source(11), 'cold', 'nothing');
    expect(place).toEqual({ mediaSequence: 13, discontinuitySequence: 1, discontinuity: true });
    expect(timeline.isOfOther('a')).toBe(false);
  });

  test('the same source goes on, before and after a restart', () => {
    const before = new Timeline();
    before.plays('one');
    follow(before, 'a', 10, 12);
    const timeline = restarted(before);
    timeline.plays('one');
    expect(timeline.isOfOther('a')).toBe(false);
    expect(timeline.place('a', source(11), 'cold', 'nothing')?.mediaSequence).toBe(11);
  });

  test('another source after a restart is another', () => {
    const before = new Timeline();
    before.plays('one');
    follow(before, 'a', 10, 12);
    const timeline = restarted(before);
    timeline.plays('two');
    const place = timeline.place('a', source(11), 'cold', 'nothing');
    expect(place?.discontinuity).toBe(true);
    expect(place?.mediaSequence).toBeGreaterThan(12);
  });

  test('a source that is returned to counts as another: its numbers went on meanwhile', () => {
    const timeline = new Timeline();
    timeline.plays('one');
    follow(timeline, 'a', 10, 12);
    timeline.plays('two');
    timeline.plays('one');
    expect(timeline.isOfOther('a')).toBe(true);
  });

  test('a rendition that joins late in a turn has the numbers of the others', () => {
    const timeline = new Timeline();
    timeline.plays('one');
    for (const name of ['a', 'b']) follow(timeline, name, 10, 12);
    timeline.plays('two');
    const a = timeline.place('a', source(70), 'reset', 'list');
    const b = timeline.place('b', source(70), 'cold', 'nothing');
    expect(b).toEqual(a as Place);
  });

  test('what was saved before turns were counted goes on', () => {
    const before = new Timeline();
    follow(before, 'a', 10, 12);
    const timeline = restarted(before);
    timeline.plays('one');
    expect(timeline.isOfOther('a')).toBe(false);
  });

  test('a new turn is saved, the first is with what it places', () => {
    const timeline = new Timeline();
    timeline.plays('one');
    expect(timeline.takeUnsaved()).toBeUndefined();
    timeline.plays('two');
    expect(timeline.takeUnsaved()?.turn).toEqual({ source: 'two', number: 1 });
    timeline.plays('two');
    expect(timeline.takeUnsaved()).toBeUndefined();
  });
});
