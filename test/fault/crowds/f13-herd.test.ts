// This file is failure F13: everybody asks for the same new thing at once.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import {
  delayed,
  type Fault,
  pausedAt,
  stalledAt,
  withStatus,
} from '../../support/origin/fault.ts';
import { stampede } from '../../support/swarm.ts';
import { until } from '../../support/until.ts';
import type { Received } from '../../support/viewer/body-reader.ts';
import { World } from '../world.ts';

const HERD = 5000;
const WITHIN_MS = 50;
/** Long enough that the herd comes while the upstream is at work. */
const TARGET = { targetMs: 4000, segmentBytes: 20_000 };

const ids = [
  'f13-cold',
  'f13-stopped',
  'f13-slow-head',
  'f13-slow-body',
  'f13-stall',
  'f13-500',
  'f13-404',
];
const IDLE_STOP_MS = 5000;
const world = new World(Object.fromEntries(ids.map((id) => [id, { live: TARGET }])), [
  `prefetch: { idle_stop: ${IDLE_STOP_MS}ms }`,
]);
/** Of a channel that stops while the other tests run. */
let stoppedUrl = '';
beforeAll(async () => {
  await world.start();
  world.at('f13-stopped').live.freeze();
  stoppedUrl = (await world.lastListed(await world.mediaUrl('f13-stopped')))!;
}, 60_000);
afterAll(() => world[Symbol.asyncDispose](), 20_000);

function tally(answers: readonly Received[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, ended } of answers) {
    const key = `${status} ${ended}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

/**
 * Spoils the newest segment there is and opens the channel: a cold one lists what its upstream
 * lists, so that the segment can be asked for while it is fetched.
 */
async function coldEdge(id: string, fault: Fault): Promise<{ path: string; last: string }> {
  const { origin, live } = world.at(id);
  const path = `/${id}/720/${99 + live.newestIndex()}.ts`;
  origin.on(path, fault);
  const last = await world.lastListed(await world.mediaUrl(id));
  if (last === undefined) throw new Error(`Cannot test ${id}: its first list is empty`);
  return { path, last };
}

describe('F13: a herd', () => {
  test('at a cold channel costs one fetch of each list and each segment', async () => {
    const { origin, live } = world.at('f13-cold');
    origin.on(/m3u8/, delayed(1000), { times: 2 });
    const lists = await stampede(world.url('f13-cold'), HERD, WITHIN_MS);
    expect(tally(lists)).toEqual({ '200 whole': HERD });
    expect(origin.seen('/f13-cold/master.m3u8')).toHaveLength(1);
    const playlist = await world.mediaUrl('f13-cold');
    const medias = await stampede(playlist, HERD, WITHIN_MS, { keepBody: true });
    expect(tally(medias)).toEqual({ '200 whole': HERD });
    const text = new TextDecoder().decode(medias[0]!.body).trimEnd();
    const url = new URL(text.split('\n').at(-1)!, playlist).href;
    const bodies = await stampede(url, HERD, WITHIN_MS);
    expect(tally(bodies)).toEqual({ '200 whole': HERD });
    expect(new Set(bodies.map(({ sha256 }) => live.identify(sha256)?.index)).size).toBe(1);
    for (const path of new Set(origin.seen(live.segments()).map((request) => request.path))) {
      expect({ path, fetches: origin.seen(path).length }).toEqual({ path, fetches: 1 });
    }
  }, 60_000);

  const good: readonly [string, Fault][] = [
    ['f13-slow-head', delayed(900)],
    ['f13-slow-body', pausedAt(0.5, 1000)],
  ];
  test.each(good)(
    '%s: five thousand wait for one fetch and all get its bytes',
    async (id, fault) => {
      const { origin, live } = world.at(id);
      const { path, last } = await coldEdge(id, fault);
      const answers = await stampede(last, HERD, WITHIN_MS);
      expect(tally(answers)).toEqual({ '200 whole': HERD });
      expect(new Set(answers.map(({ sha256 }) => live.identify(sha256)?.index)).size).toBe(1);
      await Bun.sleep(1500);
      expect(origin.seen(path)).toHaveLength(1);
    },
    60_000,
  );

  const bad: readonly [string, Fault][] = [
    ['f13-stall', stalledAt(0.5)],
    ['f13-500', withStatus(500)],
    ['f13-404', withStatus(404)],
  ];
  test.each(bad)(
    '%s: a segment that fails is tried by one, however many ask',
    async (id, fault) => {
      const { origin } = world.at(id);
      const { path, last } = await coldEdge(id, fault);
      const answers = await stampede(last, HERD, WITHIN_MS);
      for (const { status, ended, headers } of answers) {
        // Never a short body with a clean end, never a fetch of one's own.
        if (ended === 'whole') expect(status).toBeOneOf([404, 503]);
        if (status === 503) expect(headers['retry-after']).toMatch(/^\d+$/);
      }
      await Bun.sleep(2000);
      const tries = origin.seen(path);
      expect(tries.length).toBeLessThanOrEqual(8);
      for (const [index, { atMs }] of tries.entries()) {
        const before = tries[index - 1];
        // One after the other: no two at the same time.
        if (before)
          expect(atMs).toBeGreaterThanOrEqual(before.finishedAtMs ?? before.abandonedAtMs ?? 0);
      }
    },
    60_000,
  );

  test('at a segment of a channel that has stopped opens it once and all get its bytes', async () => {
    const { origin, live } = world.at('f13-stopped');
    const hasStopped = () => origin.openConnections === 0;
    expect(await until(hasStopped, IDLE_STOP_MS + 10_000)).toBe(true);
    origin.on(live.playlists(), delayed(500));
    const asked = origin.requests.length;
    const answers = await stampede(stoppedUrl, HERD, WITHIN_MS);
    expect(tally(answers)).toEqual({ '200 whole': HERD });
    const again = origin.requests.slice(asked).map(({ path }) => path);
    expect(again.filter((path) => path.includes('master'))).toHaveLength(1);
    const segments = again.filter((path) => path.endsWith('.ts'));
    expect(segments).toEqual([...new Set(segments)]);
  }, 60_000);
});
