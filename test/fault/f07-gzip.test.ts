// This file is failure F7: compressed playlists, honest and not.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type GzipKind, gzipped } from '../support/origin/fault.ts';
import { RawClient } from '../support/viewer/raw-client.ts';
import { World } from './world.ts';

const BROKEN: Readonly<Record<string, GzipKind>> = {
  'f7-said-only': 'said only',
  'f7-truncated': 'truncated',
  'f7-bomb': 'bomb',
};
const GOOD: Readonly<Record<string, GzipKind>> = { 'f7-right': 'right', 'f7-unsaid': 'unsaid' };
const MIB = 1024 * 1024;

const ids = [...Object.keys(BROKEN), ...Object.keys(GOOD), 'f7-double', 'f7-segments'];
const world = new World(Object.fromEntries(ids.map((id) => [id, {}])));
const bombed = new World({ bomb: {}, calm: {} });
beforeAll(async () => {
  await Promise.all([world.start(), bombed.start()]);
});
afterAll(async () => {
  await Promise.all([world[Symbol.asyncDispose](), bombed[Symbol.asyncDispose]()]);
}, 20_000);

describe.concurrent('F7: compressed playlists', () => {
  test.each(Object.entries(GOOD))(
    '%s is undone',
    async (id, kind) => {
      world.at(id).origin.on(/m3u8/, gzipped(kind));
      const seen = await world.watch(id, { count: 4, forMs: 6000 });
      expect(seen.blamed).toEqual([]);
      expect(seen.counts.whole).toBeGreaterThan(4 * 4);
    },
    20_000,
  );

  test.each([...Object.entries(BROKEN), ['f7-double', 'double' as const] as const])(
    '%s for a second is not noticed by viewers',
    async (id, kind) => {
      const { origin, live } = world.at(id);
      const watching = world.watch(id, { count: 4, forMs: 9000 });
      await Bun.sleep(3000);
      const fault = origin.on(live.playlists(), gzipped(kind), { forMs: 1200 });
      const seen = await watching;
      expect(fault.applied()).toBeGreaterThan(0);
      expect(seen.blamed).toEqual([]);
      expect(seen.counts.whole).toBeGreaterThan(4 * 5);
    },
    20_000,
  );

  test('segments are asked for as they are, and undone where they come compressed all the same', async () => {
    const { origin, live } = world.at('f7-segments');
    origin.on(live.segments(), gzipped('right'));
    const seen = await world.watch('f7-segments', { count: 4, forMs: 6000 });
    expect(seen.blamed).toEqual([]);
    const asked = origin.seen(live.segments()).map(({ headers }) => headers['accept-encoding']);
    expect(new Set(asked)).toEqual(new Set(['identity']));
  }, 20_000);

  test('a bomb of a gigabyte costs 16 MiB and a second, and disturbs nobody', async () => {
    bombed.at('bomb').origin.on(/m3u8/, gzipped('bomb'));
    const watching = bombed.watch('calm', { count: 4, forMs: 9000 });
    await Bun.sleep(3000);
    const { weir } = bombed;
    const before = weir.rssBytes();
    let peak = before;
    const sampler = setInterval(() => {
      peak = Math.max(peak, weir.rssBytes());
    }, 5);
    using client = new RawClient(weir.url('/'));
    for (let turn = 0; turn < 3; turn++) {
      const answer = await client.get(bombed.url('bomb'));
      expect(answer.status).toBeOneOf([502, 503]);
      expect(answer.totalMs).toBeLessThan(1000);
      await Bun.sleep(1100);
    }
    clearInterval(sampler);
    expect(peak - before).toBeLessThan(16 * MIB);
    expect((await watching).blamed).toEqual([]);
  }, 20_000);
});
