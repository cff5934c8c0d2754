// This file tests what is told of channels whose past is kept: which run alone, and what of them.
import { describe, expect, test } from 'bun:test';
import { listedKey, listedSegment } from '../../support/listed.ts';
import type { RecordedLoop } from '../../support/recorded-loops.ts';
import { RecordedPast } from '../../support/recorded-past.ts';
import {
  address,
  breakDown,
  channelOf,
  give,
  IDLE_STOP_MS,
  RelayWorld,
} from '../../support/relay-world.ts';

const MASTER = `#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",URI="en.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="en",URI="subs.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=3000000,RESOLUTION=1280x720,AUDIO="a",SUBTITLES="s"
720.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=800000,RESOLUTION=640x360,AUDIO="a"
360.m3u8
`;
const archive = { keepMs: 3_600_000 };

async function started(past: RecordedPast, sources: readonly string[] = ['a']) {
  const world = new RelayWorld([channelOf('x', sources, { archive })], { past });
  await world.clock.advance(1000);
  return world;
}

function next(loop: RecordedLoop, sequence: number, more = {}): void {
  loop.list([listedSegment(sequence, more)], { link: 'next' });
  loop.load(loop.lastOrdinal);
}

describe('a channel whose past is kept', () => {
  test('runs before anybody asks, and for ever; each segment is told once, in order', async () => {
    const past = new RecordedPast('x');
    using world = await started(past);
    expect(past.offered).toEqual(['x/main']);
    give(world.loops.last);
    next(world.loops.last, 4);
    expect(past.shown('main')).toBe('|1 2 3 4');
    await world.clock.advance(10 * IDLE_STOP_MS);
    expect(world.open).toHaveLength(1);
    next(world.loops.last, 5);
    expect(past.shown('main')).toBe('|1 2 3 4 5');
    expect(past.taken[0]?.place).toEqual({ channel: 'x', rendition: 'main', kind: 'video' });
    expect(past.taken[0]?.segment).toMatchObject({
      name: expect.stringMatching(/^1-\w+\.ts$/),
      targetDurationS: 4,
    });
  });

  test('does not run where it cannot be kept', async () => {
    using world = await started(new RecordedPast());
    expect(world.open).toEqual([]);
  });

  test('tells how far back each began', async () => {
    const past = new RecordedPast('x');
    using world = await started(past);
    give(world.loops.last);
    next(world.loops.last, 4, { durationS: 2 });
    expect(past.taken.map(({ segment }) => segment.behindMs)).toEqual([12_000, 8000, 4000, 2000]);
  });

  test('what is late holds up what follows, and is a gap where it never comes', async () => {
    const past = new RecordedPast('x');
    using world = await started(past);
    const loop = world.loops.last;
    loop.list([1, 2, 3].map((sequence) => listedSegment(sequence)));
    loop.load(0);
    loop.load(2);
    expect(past.shown('main')).toBe('|1');
    loop.fail(1);
    expect(past.shown('main')).toBe('|1 -2 3');
  });

  test('what was never listed is told as missed, with its number', async () => {
    const past = new RecordedPast('x');
    using world = await started(past);
    give(world.loops.last);
    world.loops.last.list([listedSegment(6)], { link: 'next', missed: 2 });
    world.loops.last.load(3);
    expect(past.shown('main')).toBe('|1 2 3 -? -? 6');
  });

  test('keeps the first variant and the sound, and nothing else', async () => {
    const past = new RecordedPast('x');
    const answers = { [address('a')]: { body: MASTER } };
    using world = new RelayWorld([channelOf('x', ['a'], { archive })], { past, answers });
    await world.clock.advance(1000);
    const opened = await world.relay().open();
    if (opened.kind !== 'open') throw new Error(opened.reason);
    const other = await world.relay().rendition('360p-800k');
    if (other === undefined || 'kind' in other) throw new Error('no such rendition');
    void other.playlist(false);
    for (const loop of world.open) give(loop);
    const told = new Set(past.taken.map(({ place }) => `${place.rendition} ${place.kind}`));
    expect([...told].sort()).toEqual(['720p-3000k video', 'audio-a-en audio']);
    expect(past.offered).toEqual(['x/720p-3000k']);
  });

  test('goes on with the source that takes over', async () => {
    const past = new RecordedPast('x');
    using world = await started(past, ['a', 'b']);
    give(world.loops.last);
    breakDown(world.open[0]);
    await world.clock.advance(1000);
    expect(world.sources).toEqual([address('b')]);
    give(world.loops.last, 500);
    expect(past.shown('main')).toBe('|1 2 3 500 501 502');
    expect(past.taken.map(({ segment }) => segment.discontinuity)).toEqual([
      ...[false, false, false, true, false, false],
    ]);
    await world.clock.advance(10 * IDLE_STOP_MS);
    expect(world.open).toHaveLength(1);
  });

  test('begins with what is listed when it begins to be kept, and ends when it does no longer', async () => {
    const past = new RecordedPast();
    using world = new RelayWorld([channelOf('x', ['a'], { keepWarm: true })], { past });
    await world.clock.advance(1000);
    give(world.loops.last);
    expect(past.taken).toEqual([]);
    expect(past.offered).toEqual([]);
    past.kept.add('x');
    next(world.loops.last, 4);
    expect(past.offered).toEqual(['x/main']);
    expect(past.shown('main')).toBe('|1 2 3 4');
    past.kept.delete('x');
    next(world.loops.last, 5);
    past.kept.add('x');
    next(world.loops.last, 6);
    expect(past.shown('main')).toBe('|1 2 3 4 |1 2 3 4 5 6');
  });

  test('of a finished stream nothing is kept: it can be had at any time', async () => {
    const past = new RecordedPast('x');
    using world = await started(past);
    world.loops.last.list([listedSegment(1), listedSegment(2)], { onDemand: true });
    world.loops.last.load(0);
    world.loops.last.load(1);
    expect(past.taken).toEqual([]);
  });

  test('its init segments and keys come with it', async () => {
    const past = new RecordedPast('x');
    using world = await started(past);
    const asset = { name: 'init-a.mp4', ref: { kind: 'http', url: 'http://h/i' } } as const;
    const more = { map: { asset, keys: [] }, keys: [listedKey('key-k.bin')] };
    const loop = world.loops.last;
    loop.list([listedSegment(1, more), listedSegment(2, more)]);
    loop.load('init-a.mp4', 'the init segment');
    loop.load(0);
    loop.load('key-k.bin', 'the key');
    loop.load(1);
    const told = past.taken.map(({ segment }) => [...segment.assets.keys()]);
    expect(told).toEqual([['init-a.mp4'], ['init-a.mp4', 'key-k.bin']]);
    const init = past.taken[1]?.segment.assets.get('init-a.mp4');
    expect(await init?.body.text()).toBe('the init segment');
  });
});
