// This file tests that a rendition's loop is replaced by the right one, and knows who waits.
import { describe, expect, test } from 'bun:test';
import { silentLog } from '../../../src/base/log.ts';
import { Intake } from '../../../src/prefetch/rendition/intake.ts';
import { Supply } from '../../../src/prefetch/rendition/supply.ts';
import { InFlight } from '../../../src/ring/in-flight.ts';
import { RenditionRing } from '../../../src/ring/rendition-ring.ts';
import { Ring } from '../../../src/ring/ring.ts';
import { Timeline } from '../../../src/ring/timeline.ts';
import type { PlaylistText } from '../../../src/source/pull/hls.ts';
import type { RenditionSpec } from '../../../src/source/source.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { listedSegment } from '../../support/listed.ts';
import { RecordedLoops } from '../../support/recorded-loops.ts';

function sourceAt(url: string): RenditionSpec {
  const policy = { headers: {}, verifyTls: true, allowDowngrade: false };
  return { kind: 'hls', url, policy, timeouts: {}, imports: [] };
}

const [A, B] = [sourceAt('http://a.example/l'), sourceAt('http://b.example/l')];
/** Where the segments 1 to 4 came from. */
const SEEN = [1, 2, 3, 4].map((sequence) => `http://up.example/${sequence}.ts`);
const FIRST: PlaylistText = { text: '#EXTM3U', url: 'http://b.example/l' } as PlaylistText;
const SETTINGS = { ahead: 2, segmentMaxBytes: 1000, coldSegments: 6 };

function world() {
  const clock = new FakeClock();
  const ring = new Ring(clock, 1e6, () => {});
  const list = new RenditionRing('main');
  const timeline = new Timeline();
  const intake = new Intake(list, { clock, log: silentLog, ring, timeline, count() {} });
  const loops = new RecordedLoops();
  const supply = new Supply(A, intake, loops.open, SETTINGS);
  return { clock, list, timeline, intake, loops, supply };
}

type World = ReturnType<typeof world>;

/** It follows, and has listed segments 1 to 4; the first `loaded` of them have come. */
function following(loaded = 4): World {
  const w = world();
  w.supply.open('follow');
  w.loops.last.list([1, 2, 3, 4].map((sequence) => listedSegment(sequence)));
  for (let ordinal = 0; ordinal < loaded; ordinal++) w.loops.last.load(ordinal);
  return w;
}

/** A viewer waits for the segment with this ordinal. */
function waitFor({ intake, supply }: World, ordinal: number): InFlight {
  const inFlight = new InFlight();
  inFlight.readers = 1;
  const segment = intake.placement.at(ordinal);
  if (segment !== undefined) segment.inFlight = inFlight;
  supply.want(ordinal);
  inFlight.begun().catch(() => {});
  return inFlight;
}

const urlOf = ({ loops }: World) =>
  loops.last.spec.source.kind === 'hls' && loops.last.spec.source.url;
const numbers = ({ list }: World) => list.listed().map(({ mediaSequence }) => mediaSequence);

describe('Supply.switchTo()', () => {
  test('closes the loop of the old source and opens one that joins', async () => {
    const w = following();
    await w.clock.advance(6000);
    w.supply.switchTo(B, FIRST);
    expect(w.loops.all).toHaveLength(2);
    expect(w.loops.all[0]?.isClosed).toBe(true);
    expect(w.loops.last.spec).toEqual({
      source: B,
      ...SETTINGS,
      first: FIRST,
      join: { missingMs: 6000, seen: SEEN },
    });
    expect(w.loops.last.told).toEqual(['mode follow']);
  });

  test('what the old loop still says reaches nobody', () => {
    const w = following();
    w.supply.switchTo(B);
    w.loops.all[0]?.list([listedSegment(5)], { link: 'next' });
    w.loops.all[0]?.emit({ type: 'ended' });
    expect([w.intake.joins, w.list.ended, numbers(w)]).toEqual([true, false, [1, 2, 3, 4]]);
  });

  test('viewers go on over a discontinuity, on the numbers that follow', () => {
    const w = following();
    w.supply.switchTo(B);
    w.loops.last.list([listedSegment(700), listedSegment(701)], { link: 'reset' });
    w.loops.last.load(0);
    w.loops.last.load(1);
    expect(numbers(w)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(w.list.listed().map(({ discontinuity }) => discontinuity)).toEqual([
      ...[false, false, false, false],
      true,
      false,
    ]);
    expect(w.list.listed().map(({ discontinuitySequence }) => discontinuitySequence)).toEqual([
      ...[0, 0, 0, 0],
      1,
      1,
    ]);
  });

  test('before anything was opened only the address changes', () => {
    const w = world();
    w.supply.switchTo(B);
    expect(w.loops.all).toEqual([]);
    w.supply.open('probe');
    expect([urlOf(w), w.loops.last.spec.join]).toEqual(['http://b.example/l', undefined]);
  });

  test('before anything was listed viewers lack nothing', () => {
    const w = world();
    w.supply.open('follow');
    w.supply.switchTo(B);
    expect(w.loops.last.spec.join).toEqual({ missingMs: 0 });
  });

  test('a probe stays one', () => {
    const w = world();
    w.supply.open('probe');
    w.supply.switchTo(B);
    expect(w.loops.last.told).toEqual([]);
  });

  test('twice, before the first has listed anything: it joins where the list ended', async () => {
    const w = following();
    await w.clock.advance(6000);
    w.supply.switchTo(B);
    await w.clock.advance(3000);
    w.supply.switchTo(A);
    expect(w.loops.last.spec.join).toEqual({ missingMs: 9000, seen: SEEN });
    w.loops.last.list([listedSegment(6)], { link: 'reset' });
    w.loops.last.load(0);
    expect(numbers(w)).toEqual([1, 2, 3, 4, 5]);
  });

  test('a viewer who waits for what will not come is told so, and not left to wait', async () => {
    const w = following(3);
    const waiting = waitFor(w, 3)
      .begun()
      .then(
        () => 'came',
        (error) => error.code,
      );
    w.supply.switchTo(B);
    expect(await waiting).toBe('RING_BODY_BROKEN');
    expect(w.loops.last.told).toEqual(['mode follow']);
  });
});

describe('Supply.hold() and goOn()', () => {
  test('nothing is open until it goes on, where it was', async () => {
    const w = following(2);
    w.supply.hold();
    expect(w.loops.all[0]?.isClosed).toBe(true);
    await w.supply.closed();
    w.supply.want(3);
    w.supply.setMode('follow');
    expect(w.loops.all).toHaveLength(1);
    w.supply.goOn();
    const { spec, told } = w.loops.last;
    expect(spec.source).toBe(A);
    expect(spec.resume?.pending.map(({ ordinal }) => ordinal)).toEqual([2, 3]);
    expect(told).toEqual(['mode follow']);
  });

  test('who began to wait meanwhile is known to the loop that goes on', () => {
    const w = following(2);
    w.supply.hold();
    waitFor(w, 2);
    w.supply.goOn();
    expect(w.loops.last.told).toEqual(['mode follow', 'want 2']);
  });

  test('switched while it was held: the other source is opened', () => {
    const w = following();
    w.supply.hold();
    w.supply.switchTo(B);
    w.supply.goOn();
    expect(w.loops.all).toHaveLength(2);
    expect(urlOf(w)).toBe('http://b.example/l');
  });

  test('moved while it was held: it goes on at the other address', () => {
    const w = following();
    w.supply.hold();
    w.supply.moveTo(B);
    expect(w.loops.all).toHaveLength(1);
    w.supply.goOn();
    expect([urlOf(w), w.loops.last.spec.join]).toEqual(['http://b.example/l', undefined]);
    expect(w.loops.last.spec.resume).toBeDefined();
  });

  test('closed while it was held: it does not go on', () => {
    const w = following();
    w.supply.hold();
    w.supply[Symbol.dispose]();
    w.supply.goOn();
    expect(w.loops.all).toHaveLength(1);
  });

  test('what was never open is neither held nor goes on', () => {
    const w = world();
    w.supply.hold();
    w.supply.goOn();
    expect(w.loops.all).toEqual([]);
  });
});

describe('Supply.closed()', () => {
  test('waits for every loop that was told to close', async () => {
    const w = following();
    w.loops.isSlowToClose = true;
    w.supply.switchTo(B);
    w.supply.hold();
    let isClosed = false;
    void w.supply.closed().then(() => {
      isClosed = true;
    });
    w.loops.all[0]?.letGo();
    await w.clock.advance(0);
    expect(isClosed).toBe(false);
    w.loops.all[1]?.letGo();
    await w.clock.advance(0);
    expect(isClosed).toBe(true);
  });
});

describe('a loop that dies', () => {
  test('after it listed: what takes its place goes on where it was', () => {
    const w = following(3);
    const spec = w.loops.last.die();
    expect(spec.join).toBeUndefined();
    expect(spec.resume?.pending.map(({ ordinal }) => ordinal)).toEqual([3]);
  });

  test('before the source that takes over has listed: what takes its place joins, too', async () => {
    const w = following();
    await w.clock.advance(6000);
    w.supply.switchTo(B, FIRST);
    await w.clock.advance(1000);
    const spec = w.loops.last.die();
    expect(spec).toEqual({ source: B, ...SETTINGS, join: { missingMs: 7000, seen: SEEN } });
    w.loops.last.list([listedSegment(70)], { link: 'reset' });
    w.loops.last.load(0);
    expect(numbers(w)).toEqual([1, 2, 3, 4, 5]);
  });

  test('after the source that took over has listed: nothing joins any more', () => {
    const w = following();
    w.supply.switchTo(B);
    w.loops.last.list([listedSegment(70)], { link: 'reset' });
    const spec = w.loops.last.die();
    expect(spec.join).toBeUndefined();
    expect(spec.resume?.tracker.lastSequence).toBe(70);
    expect(spec.resume?.tracker.tail).toEqual([[70, '70.ts']]);
  });

  test('moved while it joins: the other address joins', () => {
    const w = following();
    w.supply.switchTo(B);
    w.supply.moveTo(A);
    expect([urlOf(w), w.loops.last.spec.join]).toEqual([
      'http://a.example/l',
      { missingMs: 0, seen: SEEN },
    ]);
  });
});
