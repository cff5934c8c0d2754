// This file is failure F11: segments and playlists that are huge or never end.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { bytesAnswer } from '../support/origin/answer.ts';
import {
  declaredLength,
  endless,
  type Fault,
  replacedBy,
  rewritten,
} from '../support/origin/fault.ts';
import { RawClient } from '../support/viewer/raw-client.ts';
import { type Place, World } from './world.ts';

const MIB = 1024 * 1024;
const SEGMENT_MAX = 4 * MIB;
/** What the sockets of both sides may hold besides: the most that the kernel lets them grow to. */
const IN_SOCKETS = ['rmem', 'wmem'].reduce((sum, name) => {
  const [, , most] = readFileSync(`/proc/sys/net/ipv4/tcp_${name}`, 'utf8').split(/\s+/);
  return sum + Number(most);
}, MIB);

const onSegments =
  (fault: Fault) =>
  ({ origin, live }: Place) =>
    void origin.on(live.segments(), fault, { skip: 6, times: 2 });

const onPlaylists =
  (fault: Fault) =>
  ({ origin, live }: Place) =>
    void origin.on(live.playlists(), fault, { skip: 3, forMs: 4500 });

const MILLION_LINES = `${'#EXTINF:1.000,\nsegment.ts\n'.repeat(500_000)}`;
const gigabyte = new Uint8Array(1024 * MIB);

/** Each a channel that turns bad for a while; a segment that is too large becomes a gap. */
const HUGE: Readonly<
  Record<string, { readonly spoil: (place: Place) => void; readonly gaps: number }>
> = {
  'f11-gigabyte': {
    spoil: onSegments(replacedBy(bytesAnswer(gigabyte, 'video/mp2t'))),
    gaps: 2,
  },
  'f11-endless': { spoil: onSegments(endless('chunked')), gaps: 2 },
  'f11-endless-close': { spoil: onSegments(endless('close')), gaps: 2 },
  'f11-length': { spoil: onSegments(declaredLength('9007199254740992')), gaps: 2 },
  'f11-length-overflow': { spoil: onSegments(declaredLength('99999999999999999999999')), gaps: 0 },
  'f11-lines': { spoil: onPlaylists(rewritten((text) => text + MILLION_LINES)), gaps: 0 },
  'f11-endless-list': { spoil: onPlaylists(endless('chunked')), gaps: 0 },
};

const world = new World(
  { ...Object.fromEntries(Object.keys(HUGE).map((id) => [id, {}])), 'f11-calm': {} },
  ['prefetch: { segment_max: 4MiB, idle_stop: 5s }', 'memory: 64MiB'],
);
beforeAll(() => world.start().then(() => {}), 60_000);
afterAll(() => world[Symbol.asyncDispose](), 20_000);

describe('F11: huge and endless bodies', () => {
  test('are cut off at the limit; memory stays, other channels notice nothing', async () => {
    const { weir } = world;
    using warm = new RawClient(weir.url('/'));
    for (const id of Object.keys(HUGE)) await warm.get(world.url(id));
    const before = weir.rssBytes();
    const watching = ['f11-calm', ...Object.keys(HUGE)].map((id) =>
      world.watch(id, { count: 4, forMs: 12_000 }, { mayBeUnavailable: id !== 'f11-calm' }),
    );
    for (const [id, { spoil }] of Object.entries(HUGE)) spoil(world.at(id));
    const [calm, ...huge] = await Promise.all(watching);
    expect(calm!.blamed).toEqual([]);
    expect(calm!.counts.gaps).toBe(0);
    for (const [index, id] of Object.keys(HUGE).entries()) {
      const { blamed, counts } = huge[index]!;
      expect({ id, blamed }).toEqual({ id, blamed: [] });
      expect({ id, gaps: counts.gaps }).toEqual({ id, gaps: HUGE[id]!.gaps });
      for (const { bodyBytes } of world.at(id).origin.requests) {
        expect(bodyBytes).toBeLessThan(SEGMENT_MAX + IN_SOCKETS);
      }
    }
    // The ring's whole budget, and four fetches at once for each of eight channels.
    expect(weir.peakRssBytes() - before).toBeLessThan((64 + 8 * 4 * 4) * MIB);
  }, 40_000);
});
