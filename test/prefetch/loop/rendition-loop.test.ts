// This file tests the loop that follows one rendition: when it polls, and what it fetches when.

import { describe, expect, test } from 'bun:test';
import type { DateRange } from '../../../src/media/m3u8/date-range.ts';
import { RenditionLoop } from '../../../src/prefetch/loop/rendition-loop.ts';
import type { LoopEvent, LoopSpec, Numbered } from '../../../src/prefetch/messages.ts';
import type { Listing } from '../../../src/ring/listing.ts';
import { heapBody } from '../../../src/ring/memory-files.ts';
import { SourceStatusError } from '../../../src/source/errors.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { listedKey, listedSegment, listing } from '../../support/listed.ts';
import { type BodyStep, ScriptedSource, wholeMedia } from '../../support/scripted-source.ts';

const POLICY = { headers: {}, verifyTls: true, allowDowngrade: false };
const SPEC: LoopSpec = {
  source: {
    kind: 'hls',
    url: 'http://up.example/l.m3u8',
    policy: POLICY,
    timeouts: {},
    imports: [],
  },
  ahead: 2,
  segmentMaxBytes: 1_000_000,
  coldSegments: 6,
};

type World = Disposable & {
  readonly clock: FakeClock;
  readonly source: ScriptedSource;
  readonly events: LoopEvent[];
  readonly loop: RenditionLoop;
};

/** A loop that has polled once. */
async function world(
  first: Listing | Error,
  more: Partial<LoopSpec> = {},
  answer?: (address: string, attempt: number) => readonly BodyStep[],
): Promise<World> {
  const clock = new FakeClock();
  const source = new ScriptedSource(clock);
  source.listing = first;
  if (answer !== undefined) source.answer = answer;
  const events: LoopEvent[] = [];
  const gate = { enter: async () => ({ [Symbol.dispose]() {} }) };
  const random = () => 0.5;
  const emit = (event: LoopEvent) => events.push(event);
  const deps = { clock, random, gate, source, emit, makeBody: heapBody };
  const loop = new RenditionLoop({ ...SPEC, ...more }, deps);
  await settle();
  return { clock, source, events, loop, [Symbol.dispose]: () => loop[Symbol.dispose]() };
}

function of<T extends LoopEvent['type']>(events: readonly LoopEvent[], type: T) {
  return events.filter((event): event is Extract<LoopEvent, { type: T }> => event.type === type);
}

const keys = (events: readonly LoopEvent[]) => of(events, 'loaded').map(({ key }) => key);

/** Times between the polls from the `from`-th on. */
function waits({ polls }: ScriptedSource, from = 0): number[] {
  return polls.slice(from + 1).map((atMs, index) => atMs - polls[from + index]!);
}

const slow = (): readonly BodyStep[] => [1000, wholeMedia()];

describe('RenditionLoop polls', () => {
  // RFC 8216 §6.3.4
  test('a target duration after a change, half of one where nothing was new', async () => {
    using w = await world(listing(1, 3));
    w.loop.setMode('follow');
    await w.clock.advance(3999);
    expect(w.source.polls).toEqual([0]);
    await w.clock.advance(1);
    await w.clock.advance(1999);
    expect(w.source.polls).toEqual([0, 4000]);
    w.source.listing = listing(2, 4);
    await w.clock.advance(1);
    await w.clock.advance(3999);
    expect(w.source.polls).toEqual([0, 4000, 6000]);
    await w.clock.advance(4001);
    expect(w.source.polls).toEqual([0, 4000, 6000, 10_000, 12_000, 14_000]);
  });

  test('by the target duration that the list says now', async () => {
    using w = await world(listing(1, 3));
    w.loop.setMode('follow');
    w.source.listing = listing(2, 4, { targetDurationS: 10 });
    await w.clock.advance(4000 + 10_000 + 5000);
    expect(w.source.polls).toEqual([0, 4000, 14_000, 19_000]);
  });

  test('once where it is only a probe, until it is told to follow', async () => {
    using w = await world(listing(1, 8));
    await w.clock.advance(600_000);
    expect(w.source.polls).toEqual([0]);
    expect(w.source.opened).toEqual([]);
    w.loop.setMode('follow');
    await settle();
    expect(w.source.polls).toHaveLength(2);
    expect(w.source.opened).not.toEqual([]);
  });

  test('until it has seen a list, even where it is only a probe', async () => {
    using w = await world(new SourceStatusError('playlist', 503, undefined));
    await w.clock.advance(10_000);
    expect(w.source.polls.length).toBeGreaterThan(2);
    w.source.listing = listing(1, 3);
    await w.clock.advance(10_000);
    const count = w.source.polls.length;
    await w.clock.advance(100_000);
    expect(w.source.polls).toHaveLength(count);
    expect(of(w.events, 'listed')).toHaveLength(1);
  });

  test('again soon after a failure, then ever later, and says how many there were', async () => {
    using w = await world(new SourceStatusError('playlist', 500, undefined));
    await w.clock.advance(30_000);
    const between = waits(w.source);
    expect(between.slice(0, 3)).toEqual([187.5, 375, 750]);
    expect(Math.max(...between)).toBeLessThanOrEqual(6000);
    expect(of(w.events, 'poll-failed').map(({ failures }) => failures)).toEqual(
      w.source.polls.map((_, index) => index + 1),
    );
  });

  test('no sooner than Retry-After asks', async () => {
    using w = await world(new SourceStatusError('playlist', 503, 7000));
    await w.clock.advance(7000);
    expect(w.source.polls).toEqual([0, 7000]);
  });

  test('never more once it is closed', async () => {
    using w = await world(listing(1, 3), {}, slow);
    w.loop.setMode('follow');
    await settle();
    w.loop[Symbol.dispose]();
    const before = w.events.length;
    await w.clock.advance(100_000);
    expect(w.source.polls).toHaveLength(1);
    expect(w.events).toHaveLength(before);
    expect(w.clock.pendingCount).toBe(0);
  });
});

describe('RenditionLoop names', () => {
  test('the last few of a long list at a cold start', async () => {
    using w = await world(listing(1, 100));
    const [listed] = of(w.events, 'listed');
    expect(listed).toMatchObject({ link: 'cold', missed: 0, targetDurationS: 4, onDemand: false });
    expect(numbers(listed?.fresh)).toEqual([
      [0, 95],
      [1, 96],
      [2, 97],
      [3, 98],
      [4, 99],
      [5, 100],
    ]);
  });

  test('what is new, under numbers that go on, and what was missed', async () => {
    using w = await world(listing(1, 3));
    w.loop.setMode('follow');
    w.source.listing = listing(3, 5);
    await w.clock.advance(4000);
    w.source.listing = listing(8, 10);
    await w.clock.advance(4000);
    const [, second, third] = of(w.events, 'listed');
    expect([second?.link, second?.missed, numbers(second?.fresh)]).toEqual([
      'next',
      0,
      [
        [3, 4],
        [4, 5],
      ],
    ]);
    expect([third?.link, third?.missed, numbers(third?.fresh)]).toEqual([
      'next',
      2,
      [
        [5, 8],
        [6, 9],
        [7, 10],
      ],
    ]);
  });

  test('an empty list, so that who waits is not left waiting', async () => {
    using w = await world(listing(1, 0));
    expect(of(w.events, 'listed')).toMatchObject([{ link: 'cold', fresh: [] }]);
  });
});

function numbers(fresh: readonly Numbered[] = []): (readonly [number, number])[] {
  return fresh.map(({ ordinal, segment }) => [ordinal, segment.sequence]);
}

describe('RenditionLoop fetches', () => {
  test('all that is named, once, newest first at a cold start and four at once', async () => {
    using w = await world(listing(1, 6), {}, slow);
    w.loop.setMode('follow');
    await settle();
    expect(w.source.addresses).toEqual(['6.ts', '5.ts', '4.ts', '3.ts']);
    await w.clock.advance(3000);
    expect(w.source.addresses).toEqual(['6.ts', '5.ts', '4.ts', '3.ts', '2.ts', '1.ts']);
    expect(keys(w.events).toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
    await w.clock.advance(60_000);
    expect(w.source.opened).toHaveLength(6);
  });

  test('later on the oldest first', async () => {
    using w = await world(listing(1, 3));
    w.loop.setMode('follow');
    w.source.listing = listing(2, 7);
    await w.clock.advance(4000);
    expect(w.source.addresses.slice(3)).toEqual(['4.ts', '5.ts', '6.ts', '7.ts']);
  });

  test('what a viewer waits for first, beyond the four if need be, and sends it as it comes', async () => {
    using w = await world(listing(1, 6), {}, slow);
    w.loop.setMode('follow');
    await settle();
    w.loop.want(0);
    await settle();
    expect(w.source.addresses).toEqual(['6.ts', '5.ts', '4.ts', '3.ts', '1.ts']);
    await w.clock.advance(1000);
    expect(new Set(of(w.events, 'chunk').map(({ key }) => key))).toEqual(new Set([0]));
  });

  test('as a probe only what a viewer waits for, the oldest of it first', async () => {
    using w = await world(listing(1, 6), {}, slow);
    w.loop.want(4);
    w.loop.want(1);
    await w.clock.advance(60_000);
    expect(w.source.addresses.toSorted()).toEqual(['2.ts', '5.ts']);
    expect(keys(w.events)).toEqual([4, 1]);
    expect(w.source.polls).toEqual([0]);
  });

  test('sends who comes later what is at hand', async () => {
    using w = await world(listing(1, 1), {}, () => [wholeMedia(1), 1000, wholeMedia(1)]);
    w.loop.setMode('follow');
    await w.clock.advance(500);
    expect(of(w.events, 'chunk')).toEqual([]);
    w.loop.want(0);
    expect(of(w.events, 'chunk')).toHaveLength(1);
    await w.clock.advance(600);
    expect(of(w.events, 'chunk')).toHaveLength(2);
    expect(keys(w.events)).toEqual([0]);
  });

  test('a wish that was withdrawn no longer goes first', async () => {
    using w = await world(listing(1, 6), {}, slow);
    w.loop.setMode('follow');
    await settle();
    w.loop.want(99);
    w.loop.unwant(99);
    await settle();
    expect(w.source.opened).toHaveLength(4);
  });

  test('not what the source says is not there', async () => {
    const segments = [listedSegment(1), listedSegment(2, { gap: true }), listedSegment(3)];
    using w = await world({ ...listing(1, 3), segments });
    w.loop.setMode('follow');
    await w.clock.advance(3000);
    expect(w.source.addresses.toSorted()).toEqual(['1.ts', '3.ts']);
  });

  test('gives up what does not come in two target durations, and tells the source', async () => {
    const missing = new SourceStatusError('segment', 404, undefined);
    using w = await world(listing(1, 2), {}, (address) =>
      address === '1.ts' ? [missing] : [wholeMedia()],
    );
    w.loop.setMode('follow');
    await w.clock.advance(8000);
    expect(of(w.events, 'failed').map(({ key }) => key)).toEqual([0]);
    expect(keys(w.events)).toEqual([1]);
    expect(w.source.observed).toContainEqual([1, 'missing']);
    expect(w.source.observed).toContainEqual([1, 'given up']);
    expect(w.source.observed).toContainEqual([2, 'found']);
    const count = w.source.opened.length;
    await w.clock.advance(60_000);
    expect(w.source.opened).toHaveLength(count);
  });

  test('a key once for all its segments, and hands it over before them', async () => {
    const key = listedKey('key-a.key');
    const segments = [1, 2, 3].map((sequence) => listedSegment(sequence, { keys: [key] }));
    const cipher = Uint8Array.from({ length: 32 }, (_, index) => 200 + index * 151);
    using w = await world({ ...listing(1, 3), segments }, {}, (address) =>
      address === 'key-a.key' ? [500, 'k'.repeat(16)] : [cipher],
    );
    w.loop.setMode('follow');
    await w.clock.advance(3000);
    expect(w.source.addresses.toSorted()).toEqual(['1.ts', '2.ts', '3.ts', 'key-a.key']);
    expect(keys(w.events)[0]).toBe('key-a.key');
    expect(keys(w.events)).toHaveLength(4);
  });

  test('a key that failed again for the next segment that needs it', async () => {
    const segments = [1, 2].map((sequence) => listedSegment(sequence, { keys: [listedKey('k')] }));
    const cipher = Uint8Array.from({ length: 32 }, (_, index) => 200 + index * 151);
    const gone = new SourceStatusError('key', 410, undefined);
    using w = await world(
      { ...listing(1, 1), segments: segments.slice(0, 1) },
      {},
      (address, attempt) =>
        address !== 'k' ? [cipher] : attempt === 0 ? [gone] : ['k'.repeat(16)],
    );
    w.loop.setMode('follow');
    await w.clock.advance(3000);
    expect(of(w.events, 'failed').map((event) => [event.key, event.error.code])).toEqual([
      ['k', 'SOURCE_STATUS'],
      [0, 'SOURCE_ASSET'],
    ]);
    w.source.listing = { ...listing(1, 2), segments };
    await w.clock.advance(4000);
    expect(keys(w.events)).toEqual(['k', 1]);
  });
});

describe('RenditionLoop at the end of a stream', () => {
  test('believes an end of what was live only after two target durations', async () => {
    using w = await world(listing(1, 3));
    w.loop.setMode('follow');
    w.source.listing = listing(1, 3, { ended: true });
    await w.clock.advance(4000 + 7999);
    expect(of(w.events, 'ended')).toHaveLength(0);
    await w.clock.advance(1);
    expect(of(w.events, 'ended')).toHaveLength(1);
    await w.clock.advance(60_000);
    expect(of(w.events, 'ended')).toHaveLength(1);
    // It is looked at still, every three target durations
    expect(waits(w.source).slice(-3)).toEqual([12_000, 12_000, 12_000]);
  });

  test('takes back an end that was none', async () => {
    using w = await world(listing(1, 3));
    w.loop.setMode('follow');
    w.source.listing = listing(1, 3, { ended: true });
    await w.clock.advance(8000);
    w.source.listing = listing(2, 4);
    await w.clock.advance(20_000);
    expect(of(w.events, 'ended')).toHaveLength(0);
    expect(keys(w.events)).toContain(3);
  });

  test('a stream that goes on after its end was told is followed again', async () => {
    using w = await world(listing(1, 3));
    w.loop.setMode('follow');
    w.source.listing = listing(1, 3, { ended: true });
    await w.clock.advance(20_000);
    expect(of(w.events, 'ended')).toHaveLength(1);
    w.source.listing = listing(2, 4);
    await w.clock.advance(12_000);
    expect(keys(w.events)).toContain(3);
    const count = w.source.polls.length;
    await w.clock.advance(4000);
    expect(w.source.polls.length).toBeGreaterThan(count);
  });

  test('a finished stream is fetched on demand: what was asked for and `ahead` beyond it', async () => {
    using w = await world(listing(1, 100, { ended: true, type: 'VOD' }));
    w.loop.setMode('follow');
    await w.clock.advance(30_000);
    expect(of(w.events, 'listed')).toMatchObject([{ onDemand: true }]);
    expect(of(w.events, 'listed')[0]?.fresh).toHaveLength(100);
    expect(of(w.events, 'ended')).toHaveLength(1);
    expect(w.source.opened).toEqual([]);
    expect(w.source.polls).toHaveLength(1);
    w.loop.asked(10);
    await w.clock.advance(10);
    expect(w.source.addresses).toEqual(['11.ts', '12.ts', '13.ts']);
    w.loop.asked(11);
    await w.clock.advance(10);
    expect(w.source.addresses.slice(3)).toEqual(['14.ts']);
    w.loop.asked(5);
    await w.clock.advance(10);
    expect(w.source.opened).toHaveLength(4);
  });

  test('on demand it fetches again what it handed over, where it is wanted again', async () => {
    using w = await world(listing(1, 9, { ended: true, type: 'VOD' }));
    w.loop.setMode('follow');
    w.loop.want(3);
    await w.clock.advance(50);
    // Its bytes are on their way: who asks meanwhile has not seen them
    w.loop.want(3);
    await w.clock.advance(50);
    expect(w.source.addresses).toEqual(['4.ts']);
    await w.clock.advance(200);
    w.loop.want(3);
    await w.clock.advance(50);
    expect(w.source.addresses).toEqual(['4.ts', '4.ts']);
  });
});

describe('RenditionLoop after a crash', () => {
  const pending = (ordinal: number, sequence: number): Numbered => ({
    ordinal,
    segment: listedSegment(sequence),
  });

  test('fetches what was pending though no list names it any more, then goes on', async () => {
    using w = await world(listing(6, 9), {
      resume: {
        tracker: {
          lastSequence: 7,
          tail: [
            [6, '6.ts'],
            [7, '7.ts'],
          ],
        },
        pending: [pending(3, 4), pending(5, 6)],
        held: [],
        nextOrdinal: 7,
        targetDurationS: 4,
        onDemand: false,
      },
    });
    w.loop.setMode('follow');
    await w.clock.advance(1000);
    expect(w.source.addresses).toEqual(['4.ts', '6.ts', '8.ts', '9.ts']);
    expect(keys(w.events)).toEqual([3, 5, 7, 8]);
    const [listed] = of(w.events, 'listed');
    expect([listed?.link, listed?.missed, numbers(listed?.fresh)]).toEqual([
      'next',
      0,
      [
        [7, 8],
        [8, 9],
      ],
    ]);
  });

  test('on demand does not fetch ahead what is held', async () => {
    const all = Array.from({ length: 9 }, (_, index) => pending(index, index + 1));
    using w = await world(listing(1, 9, { ended: true, type: 'VOD' }), {
      resume: {
        tracker: { lastSequence: 9, tail: [[9, '9.ts']] },
        pending: all,
        held: [3, 4],
        nextOrdinal: 9,
        targetDurationS: 4,
        onDemand: true,
      },
    });
    w.loop.setMode('follow');
    w.loop.asked(3);
    await w.clock.advance(1000);
    expect(w.source.addresses).toEqual(['6.ts']);
    w.loop.want(3);
    await w.clock.advance(1000);
    expect(w.source.addresses).toEqual(['6.ts', '4.ts']);
  });
});

describe('RenditionLoop tells of date ranges', () => {
  const range = (id: string, more: Partial<DateRange> = {}): DateRange => ({
    id,
    startMs: 1000,
    attributes: new Map(),
    ...more,
  });
  const told = (events: readonly LoopEvent[]) =>
    of(events, 'date-ranges').map(({ ranges }) => ranges.map(({ id }) => id).join(' '));
  const dated = (sequence: number) => listedSegment(sequence, { programDateTimeMs: 5000 });

  test('before the segments of the same list, with the date it begins at', async () => {
    using w = await world(listing(1, 2, { segments: [dated(1)], dateRanges: [range('a')] }));
    const [first, second] = w.events.filter(({ type }) => type !== 'fetched');
    expect(first).toEqual({ type: 'date-ranges', ranges: [range('a')], fromMs: 5000 });
    expect(second?.type).toBe('listed');
  });

  test('where they change, whether or not a segment is new', async () => {
    using w = await world(listing(1, 6, { dateRanges: [range('a')] }));
    w.loop.setMode('follow');
    const lists = [
      listing(1, 6, { dateRanges: [range('a')] }),
      listing(1, 6, { dateRanges: [range('a', { endMs: 2000 })] }),
      listing(2, 7, { dateRanges: [range('a', { endMs: 2000 })] }),
      listing(2, 7),
    ];
    const counts = [];
    for (const each of lists) {
      w.source.listing = each;
      await w.clock.advance(4000);
      counts.push(told(w.events).length);
    }
    expect(counts).toEqual([1, 2, 2, 3]);
    expect(told(w.events)).toEqual(['a', 'a', '']);
  });

  test('of no list that lags behind', async () => {
    using w = await world(listing(2, 7, { dateRanges: [range('a')] }));
    w.loop.setMode('follow');
    w.source.listing = listing(1, 6);
    await w.clock.advance(4000);
    expect(told(w.events)).toEqual(['a']);
  });

  test('not where there are none; but of that, in place of a loop that died', async () => {
    using w = await world(listing(1, 6));
    expect(told(w.events)).toEqual([]);
    const tracker = { lastSequence: 6, tail: [[6, '6.ts']] } as const;
    const known = { pending: [], held: [], nextOrdinal: 6, targetDurationS: 4, onDemand: false };
    using other = await world(listing(1, 6), { resume: { tracker, ...known } });
    other.loop.setMode('follow');
    await other.clock.advance(0);
    expect(told(other.events)).toEqual(['']);
  });
});

describe('RenditionLoop takes over from another source', () => {
  const JOIN = { join: { missingMs: 4000 } };

  test('and names only what viewers lack, as a new count', async () => {
    using w = await world(listing(1, 8), { join: { missingMs: 8000 } });
    expect(of(w.events, 'listed')).toMatchObject([{ link: 'reset', missed: 0 }]);
    expect(named(w)).toEqual([7, 8]);
  });

  test('the time until its list came is lacking, too', async () => {
    using w = await world(new SourceStatusError('playlist', 503, 4000), JOIN);
    w.source.listing = listing(1, 8);
    await w.clock.advance(4000);
    expect(named(w)).toEqual([7, 8]);
  });

  test('goes on as any other after its first list', async () => {
    using w = await world(listing(1, 8), JOIN);
    w.loop.setMode('follow');
    w.source.listing = listing(2, 9);
    await w.clock.advance(4000);
    expect(of(w.events, 'listed').map(({ link }) => link)).toEqual(['reset', 'next']);
    expect(named(w)).toEqual([8, 9]);
  });

  test('fetches the oldest first: the list grows by that', async () => {
    using w = await world(listing(1, 8), { join: { missingMs: 16_000 } }, slow);
    w.loop.setMode('follow');
    await settle();
    expect(w.source.addresses).toEqual(['5.ts', '6.ts', '7.ts', '8.ts']);
  });

  test('and looks again where its first list is empty', async () => {
    using w = await world(listing(1, 0), JOIN);
    await w.clock.advance(3999);
    expect(of(w.events, 'listed')).toEqual([]);
    w.source.listing = listing(10, 14);
    await w.clock.advance(4000);
    expect(of(w.events, 'listed').map(({ link }) => link)).toEqual(['reset']);
    expect(named(w)).toEqual([13, 14]);
  });

  test('and waits where it has named nothing since it was left', async () => {
    const seen = [1, 2, 3].map((n) => `http://up.example/${n}.ts`);
    using w = await world(listing(1, 3), { join: { missingMs: 60_000, seen } });
    await w.clock.advance(3999);
    expect(of(w.events, 'listed')).toEqual([]);
    w.source.listing = listing(2, 5);
    await w.clock.advance(4000);
    expect(named(w)).toEqual([4, 5]);
  });

  test('and not where it has ended', async () => {
    using w = await world(listing(1, 8, { ended: true }), JOIN);
    await w.clock.advance(10_000);
    expect(of(w.events, 'listed')).toEqual([]);
    expect(of(w.events, 'ended')).toEqual([]);
    const failed = of(w.events, 'poll-failed');
    expect(failed.length).toBeGreaterThanOrEqual(3);
    expect(failed[0]?.error.code).toBe('SOURCE_ENDED');
  });

  test('and names no more than may be caught up with, however long viewers lacked', async () => {
    using w = await world(listing(1, 600), { join: { missingMs: Number.POSITIVE_INFINITY } });
    expect(named(w)).toEqual(Array.from({ length: 16 }, (_, n) => 585 + n));
  });

  function named({ events }: World): number[] {
    return of(events, 'listed').flatMap(({ fresh }) =>
      fresh.map(({ segment }) => segment.sequence),
    );
  }
});

describe('RenditionLoop and an end', () => {
  test('tells at once that the list says so, and later that it is believed', async () => {
    using w = await world(listing(1, 3));
    w.loop.setMode('follow');
    w.source.listing = listing(1, 3, { ended: true });
    await w.clock.advance(4000);
    expect(of(w.events, 'says-end').map(({ isEnd }) => isEnd)).toEqual([true]);
    await w.clock.advance(4000);
    expect(of(w.events, 'ended')).toEqual([]);
    await w.clock.advance(6000);
    expect(of(w.events, 'ended')).toHaveLength(1);
    expect(of(w.events, 'says-end')).toHaveLength(1);
  });

  test('takes it back where the list goes on', async () => {
    using w = await world(listing(1, 3));
    w.loop.setMode('follow');
    w.source.listing = listing(1, 3, { ended: true });
    await w.clock.advance(4000);
    w.source.listing = listing(1, 4);
    await w.clock.advance(4000);
    expect(of(w.events, 'says-end').map(({ isEnd }) => isEnd)).toEqual([true, false]);
    expect(of(w.events, 'ended')).toEqual([]);
  });

  test('a finished stream says nothing of it: it is on demand', async () => {
    using w = await world(listing(1, 3, { ended: true }));
    w.loop.setMode('follow');
    await w.clock.advance(30_000);
    expect(of(w.events, 'says-end')).toEqual([]);
  });

  test('a list that was had is told after what it names', async () => {
    using w = await world(listing(1, 3));
    expect(w.events.map(({ type }) => type)).toEqual(['listed', 'fetched']);
  });
});

describe('RenditionLoop of a source that took over', () => {
  const form = { container: 'fmp4', tracks: [] } as const;
  const join = { missingMs: 100_000 };

  test('hands its segments over in their order, and none in pieces', async () => {
    const late = (address: string) => [address === '1.ts' ? 900 : 0, wholeMedia()];
    using w = await world(listing(1, 3), { form, join }, late);
    w.loop.setMode('follow');
    for (const ordinal of [0, 1, 2]) w.loop.want(ordinal);
    await w.clock.advance(800);
    expect(w.source.addresses.toSorted()).toEqual(['1.ts', '2.ts', '3.ts']);
    expect(keys(w.events)).toEqual([]);
    await w.clock.advance(200);
    expect(keys(w.events)).toEqual([0, 1, 2]);
    expect(of(w.events, 'chunk')).toEqual([]);
  });

  test('one that is given up holds up none behind it', async () => {
    const gone = (address: string) => [
      address === '1.ts' ? new SourceStatusError('segment', 410, undefined) : wholeMedia(),
    ];
    using w = await world(listing(1, 3), { form, join }, gone);
    w.loop.setMode('follow');
    await w.clock.advance(100);
    expect(keys(w.events)).toEqual([1, 2]);
    // Bytes that are no media of any kind go out as they are, and say why
    expect(of(w.events, 'loaded').every(({ unmade }) => unmade !== undefined)).toBe(true);
  });
});
