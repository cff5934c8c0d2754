// This file tests endless streams as sources: what is listed when, and what is done about failures.
import { describe, expect, test } from 'bun:test';
import { AppError } from '../../../src/base/errors.ts';
import { seededRandom } from '../../../src/base/random.ts';
import type { Listing } from '../../../src/ring/listing.ts';
import { SourceStatusError } from '../../../src/source/errors.ts';
import {
  StreamSource,
  type StreamSourceOptions,
} from '../../../src/source/stream/stream-source.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import {
  type ScriptedConnection,
  ScriptedStream,
  type StreamScript,
  type StreamStep,
} from '../../support/scripted-stream.ts';
import { StreamWriter, writeFrames } from '../../support/ts-stream.ts';

const LIMITS = {
  connectMs: 1000,
  firstByteMs: 1000,
  betweenBytesMs: 1000,
  totalMs: 1000,
  maxBytes: 1_000_000,
};

/**
 * Seconds of media in five parts each, at their time; the first `atOnceS` come at once. `joinedAt`:
 * frames after a key frame at which the stream is joined.
 */
function* live(
  seconds: number,
  { gop = 25, atOnceS = 0, from = 90_000, joinedAt = 0 } = {},
): Iterable<StreamStep> {
  const writer = new StreamWriter();
  let frames = joinedAt;
  for (let second = 0; second < seconds; second++) {
    for (let part = 0; part < 5; part++) {
      if (second >= atOnceS) yield 200;
      for (let frame = 0; frame < 5; frame++, frames++) {
        if (frames % gop === 0) writer.tables();
        writer.video({ dts: from + frames * 3600, isKey: frames % gop === 0 });
        writer.audio(from + (frames + 1) * 3600);
      }
      yield writer.take();
    }
  }
}

function createWorld(script: StreamScript, options: Partial<StreamSourceOptions> = {}) {
  const clock = new FakeClock();
  const stream = new ScriptedStream(clock, script);
  const all = { segmentMs: 4000, segmentMaxBytes: 1_000_000, ...options };
  const source = new StreamSource(stream, all, clock, seededRandom(1));
  const stop = new AbortController();
  const polls: (Listing | Error)[] = [];
  const times: number[] = [];
  /** Polls as a rendition loop does. */
  const follow = async () => {
    while (!stop.signal.aborted) {
      const startedMs = clock.monotonicMs();
      const poll = await source.poll(4, stop.signal).catch((error: Error) => error);
      if (stop.signal.aborted) return;
      polls.push(poll);
      times.push(clock.monotonicMs());
      const restMs = Math.max(0, startedMs + source.pollEveryMs - clock.monotonicMs());
      await new Promise<void>((resolve) => clock.after(restMs, resolve));
    }
  };
  const listings = () => polls.filter((poll): poll is Listing => !(poll instanceof Error));
  const failures = () => polls.filter((poll): poll is AppError => poll instanceof AppError);
  return { clock, stream, source, stop, polls, times, follow, listings, failures };
}

const endless =
  (options: Parameters<typeof live>[1] = {}): StreamScript =>
  () => ({ steps: live(600, options) });

const durations = (listing: Listing | undefined) =>
  listing?.segments.map(({ durationS }) => Number(durationS.toFixed(2)));

describe('StreamSource: what is listed', () => {
  test('short pieces at first, then pieces of the wanted length, over one connection', async () => {
    const world = createWorld(endless());
    void world.follow();
    await world.clock.advance(40_000);
    const last = world.listings().at(-1);
    expect(durations(last)).toEqual([...new Array(8).fill(1), ...new Array(7).fill(4)]);
    expect(last?.targetDurationS).toBe(4);
    expect(world.stream.openedMs).toHaveLength(1);
    expect(world.failures()).toEqual([]);
    expect(last?.segments.some(({ discontinuity }) => discontinuity)).toBe(false);
    expect(last?.independentSegments).toBe(true);
  });

  test('the first list is there once three pieces are', async () => {
    const world = createWorld(endless());
    void world.follow();
    await world.clock.advance(3000);
    expect(world.listings()).toHaveLength(0);
    await world.clock.advance(700);
    expect(durations(world.listings()[0])).toEqual([1, 1, 1]);
  });

  test('what a server sends at once is listed at once, and ends now by its dates', async () => {
    const world = createWorld(endless({ atOnceS: 6 }));
    void world.follow();
    await world.clock.advance(100);
    const [first] = world.listings();
    expect(durations(first)).toEqual([1, 1, 1, 1, 1]);
    const segments = first?.segments ?? [];
    const dates = segments.map(({ programDateTimeMs }) => programDateTimeMs ?? 0);
    const startMs = Date.UTC(2026, 0, 1);
    expect(dates).toEqual([-5, -4, -3, -2, -1].map((seconds) => startMs + seconds * 1000));
  });

  test('dates go on from piece to piece', async () => {
    const world = createWorld(endless());
    void world.follow();
    await world.clock.advance(30_000);
    const segments = world.listings().at(-1)?.segments ?? [];
    for (const [index, { programDateTimeMs, durationS }] of segments.entries()) {
      const next = segments[index + 1]?.programDateTimeMs;
      if (next !== undefined) expect(next).toBe((programDateTimeMs ?? 0) + durationS * 1000);
    }
    expect(segments.length).toBeGreaterThan(5);
  });

  test('numbers are contiguous and ahead of all that went before', async () => {
    const world = createWorld(endless());
    void world.follow();
    await world.clock.advance(20_000);
    const segments = world.listings().at(-1)?.segments ?? [];
    const first = Date.UTC(2026, 0, 1) / 1000;
    expect(segments.map(({ sequence }) => sequence)).toEqual(segments.map((_, i) => first + i));
  });

  test('a run that takes over goes on with the next number, over a discontinuity', async () => {
    const world = createWorld(endless(), { justNow: 41 });
    void world.follow();
    await world.clock.advance(10_000);
    const [one, two] = world.listings().at(-1)?.segments ?? [];
    expect([one?.sequence, one?.discontinuity, two?.discontinuity]).toEqual([42, true, false]);
  });

  test.each([
    { gop: 50, target: 4, lengths: [2, 2, 2, 2, 4] },
    { gop: 75, target: 6, lengths: [3, 3, 3, 6, 6] },
    { gop: 150, target: 6, lengths: [6, 6, 6, 6, 6] },
    { gop: 225, target: 9, lengths: [9, 9, 9, 9, 9] },
    { gop: 275, target: 10, lengths: [10, 10, 10, 10, 4] },
  ])('key frames every $gop frames: TARGETDURATION $target', async ({ gop, target, lengths }) => {
    const world = createWorld(endless({ gop }));
    void world.follow();
    await world.clock.advance(60_000);
    for (const { targetDurationS, segments } of world.listings()) {
      for (const { durationS } of segments) {
        expect(Math.round(durationS)).toBeLessThanOrEqual(targetDurationS);
      }
    }
    const last = world.listings().at(-1);
    expect(last?.targetDurationS).toBe(target);
    expect(durations(last)?.slice(0, 5).map(Math.round)).toEqual([...lengths]);
  });

  test.each([1, 60, 150, 224])('joined %d frames into a group of 225', async (joinedAt) => {
    const world = createWorld(endless({ gop: 225, joinedAt }));
    void world.follow();
    await world.clock.advance(120_000);
    expect([world.failures(), world.stream.openedMs.length]).toEqual([[], 1]);
    const [first] = world.listings();
    expect(first?.targetDurationS).toBe(9);
    for (const { targetDurationS, segments } of world.listings()) {
      expect(targetDurationS).toBe(9);
      for (const { durationS } of segments) expect(durationS).toBeLessThan(9.5);
    }
    expect(world.listings().at(-1)?.segments.length).toBeGreaterThan(10);
  });

  test('a poll that has nothing new waits, and does not go round', async () => {
    const world = createWorld(endless());
    void world.follow();
    await world.clock.advance(60_000);
    const pieces = world.listings().at(-1)?.segments.length ?? 0;
    expect(world.polls.length).toBeLessThanOrEqual(pieces);
  });
});

describe('StreamSource: what falls silent', () => {
  const stops: StreamScript = () => ({
    steps: [...live(9), 100_000, ...live(2, { from: 990_000 })],
  });

  test.each([
    ['is listed up to where it stopped, once, where it plays', true, [1]],
    ['is listed up to its last cut where it is on trial', false, []],
  ])('%s', async (_, cutsSilence, after) => {
    const world = createWorld(stops, { cutsSilence, segmentMs: 4000 });
    void world.follow();
    await world.clock.advance(60_000);
    expect(durations(world.listings().at(-1))).toEqual([...new Array(8).fill(1), ...after]);
  });
});

describe('StreamSource: bodies', () => {
  test('are whole packets, tables first, and are let go of once they were handed over', async () => {
    const world = createWorld(endless());
    void world.follow();
    await world.clock.advance(5000);
    const segment = world.listings()[0]?.segments[0];
    if (segment === undefined) throw new Error('nothing is listed');
    const answer = await world.source.open(segment.ref, LIMITS);
    const chunks = await Array.fromAsync(answer.body);
    const bytes = Buffer.concat(chunks);
    expect(answer.lengthBytes).toBe(bytes.length);
    expect([bytes[0], bytes.length % 188, bytes[1], bytes[2]]).toEqual([0x47, 0, 0x40, 0]);
    world.source.observe(segment.sequence, 'found');
    const again = world.source.open(segment.ref, LIMITS);
    expect(again).rejects.toMatchObject({ code: 'SOURCE_STREAM_GONE' });
  });

  test('larger than is allowed are refused', async () => {
    const world = createWorld(endless());
    void world.follow();
    await world.clock.advance(5000);
    const segment = world.listings()[0]?.segments[0];
    const opened = world.source.open(segment!.ref, { ...LIMITS, maxBytes: 1000 });
    expect(opened).rejects.toMatchObject({ code: 'SOURCE_BODY' });
  });
});

const refused = (status: number) => new SourceStatusError('stream', status, undefined);
const reset = () => new AppError('NET_CONNECT', 'Cannot read: reset');

describe('StreamSource: failures', () => {
  test('a connection that ends is opened again; what follows is discontinuous', async () => {
    const script: StreamScript = (attempt) =>
      attempt === 0 ? { steps: live(10) } : { steps: live(60, { from: 9_000_000 }) };
    const world = createWorld(script);
    void world.follow();
    await world.clock.advance(30_000);
    expect(world.failures().map(({ code }) => code)).toEqual(['SOURCE_STREAM_END']);
    expect(world.stream.openedMs).toHaveLength(2);
    expect(world.stream.mostOpen).toBe(1);
    const segments = world.listings().at(-1)?.segments ?? [];
    const apart = segments.filter(({ discontinuity }) => discontinuity);
    expect(apart).toHaveLength(1);
    const numbers = segments.map(({ discontinuitySequence }) => discontinuitySequence);
    expect(numbers).toEqual(numbers.toSorted());
    // All of the ten seconds that came were listed
    const before = segments.slice(0, segments.indexOf(apart[0]!));
    expect(before.reduce((sum, { durationS }) => sum + durationS, 0)).toBeCloseTo(10, 1);
  });

  test('one that is refused is tried again ever more rarely, and each failure is said', async () => {
    const world = createWorld(() => refused(404));
    void world.follow();
    await world.clock.advance(60_000);
    const waits = world.stream.openedMs.slice(1).map((at, i) => at - world.stream.openedMs[i]!);
    expect(world.failures().length).toBe(world.stream.openedMs.length);
    expect(Math.max(...waits)).toBeLessThanOrEqual(10_001);
    expect(waits[0]).toBeLessThan(300);
    expect(world.stream.openedMs.length).toBeLessThan(20);
  });

  test('three failures are there within two seconds: another source may take over', async () => {
    const world = createWorld(() => reset());
    void world.follow();
    await world.clock.advance(2000);
    expect(world.failures().length).toBeGreaterThanOrEqual(3);
  });

  test('a provider that still counts the last connection is asked again without a word', async () => {
    const script: StreamScript = (attempt) => (attempt < 3 ? refused(403) : { steps: live(60) });
    const world = createWorld(script);
    void world.follow();
    await world.clock.advance(8000);
    expect(world.failures()).toEqual([]);
    expect(world.stream.openedMs).toHaveLength(4);
    expect(world.listings().length).toBeGreaterThan(0);
  });

  test('and one that goes on refusing is believed', async () => {
    const world = createWorld(() => refused(403));
    void world.follow();
    await world.clock.advance(6500);
    expect(world.failures().length).toBeGreaterThan(0);
  });

  test('bytes without media are a failure that says what is missing', async () => {
    const noise = function* (): Iterable<StreamStep> {
      for (let i = 0; i < 100; i++) {
        yield 1000;
        yield new Uint8Array(1000).fill(i);
      }
    };
    const world = createWorld(() => ({ steps: noise() }));
    void world.follow();
    await world.clock.advance(20_000);
    const [failure] = world.failures();
    expect([failure?.code, failure?.message]).toEqual([
      'MEDIA_FORMAT',
      'Cannot cut the stream: no packets in what comes, wanted MPEG-TS',
    ]);
  });

  test('what is finished is not begun anew, and says that it has ended', async () => {
    const world = createWorld(() => ({ steps: live(10, { atOnceS: 10 }), isFinite: true }));
    void world.follow();
    await world.clock.advance(30_000);
    expect(world.stream.openedMs).toHaveLength(1);
    const listings = world.listings();
    expect(listings[0]?.ended).toBe(false);
    expect(listings.at(-1)?.ended).toBe(true);
  });

  test('an end before any media is a failure', async () => {
    const world = createWorld(() => ({ steps: [], isFinite: true }));
    void world.follow();
    await world.clock.advance(1000);
    expect(world.failures()[0]?.code).toBe('SOURCE_EMPTY');
  });
});

describe('StreamSource: its connection', () => {
  test('is slowed down where media comes faster than it plays', async () => {
    const world = createWorld(() => ({ steps: live(600, { atOnceS: 600 }) }));
    void world.follow();
    await world.clock.advance(30_000);
    const segments = world.listings().at(-1)?.segments ?? [];
    const end = segments.at(-1)!;
    const seconds = end.sequence - Date.UTC(2026, 0, 1) / 1000;
    // Eight short ones, then ones of four seconds: sixty seconds of media in thirty
    expect(8 + (seconds - 7) * 4).toBeGreaterThanOrEqual(56);
    expect(8 + (seconds - 7) * 4).toBeLessThanOrEqual(68);
  });

  test('is closed where nobody polls any more, and opened again by the next poll', async () => {
    const world = createWorld(endless());
    const poll = world.source.poll(4, world.stop.signal);
    await world.clock.advance(5000);
    await poll;
    expect(world.stream.openCount).toBe(1);
    await world.clock.advance(16_000);
    expect(world.stream.openCount).toBe(0);
    const next = world.source.poll(4, world.stop.signal);
    await world.clock.advance(5000);
    const listing = await next;
    expect(world.stream.openedMs).toHaveLength(2);
    expect(listing.segments.length).toBeGreaterThan(3);
  });

  test('is closed when the source is, a poll under way ended', async () => {
    const world = createWorld(endless());
    void world.follow();
    await world.clock.advance(6000);
    world.stop.abort();
    await world.source[Symbol.asyncDispose]();
    expect(world.stream.openCount).toBe(0);
    await settle();
    await world.clock.advance(60_000);
    expect([world.stream.openedMs.length, world.clock.pendingCount]).toEqual([1, 0]);
  });

  test.each([
    { gop: 50, keylessCuts: 0 },
    { gop: 750, keylessCuts: 2 },
  ])('cuts without a key frame are counted, one in $gop', async ({ gop, keylessCuts }) => {
    const world = createWorld(endless({ gop }));
    void world.follow();
    await world.clock.advance(32_000);
    expect(world.source.takeCounts()).toMatchObject({ connects: 1, keylessCuts });
  });

  test('is counted', async () => {
    const lossy = function* (): Iterable<StreamStep> {
      const writer = new StreamWriter();
      yield writeFrames(writer, 90_000, 30).take();
      writer.lose(256, 3);
      yield writeFrames(writer, 90_000 + 30 * 3600, 200).take();
      yield 10_000;
    };
    const script = (): ScriptedConnection => ({ steps: lossy() });
    const world = createWorld(script);
    void world.follow();
    await world.clock.advance(1000);
    const counts = world.source.takeCounts();
    expect(counts).toMatchObject({ connects: 1, continuityErrors: 1, lostSyncs: 0 });
    expect(counts?.receivedBytes).toBeGreaterThan(100_000);
    expect(world.source.takeCounts()).toBeUndefined();
  });
});
