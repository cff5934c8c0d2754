// This file is failure F14: viewers that leave, after whom upstream must be left alone.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { pausedAt, stalledAt } from '../../support/origin/fault.ts';
import { until } from '../../support/until.ts';
import { RawClient } from '../../support/viewer/raw-client.ts';
import { type Place, World } from '../world.ts';

const MIB = 1024 * 1024;
const IDLE_STOP_MS = 2000;
/** Of an answer that nobody waits for any more; far more than it takes to notice that. */
const PAUSE_MS = 12_000;
/** What a machine that is busy may take longer. */
const SLACK_MS = 10_000;
/** Ten thousand in all. */
const CYCLES = 8000;
const PIPED_CYCLES = 2000;
/** Over the thousand and more cycles in between: less than a buffer for each. */
const GROWTH_MAX = 32 * MIB;
const CYCLES_AT_ONCE = 50;

const world = new World(
  {
    'f14-proxy': { live: { segmentBytes: 8 * MIB } },
    'f14-idle': {},
    'f14-stalled': {},
    'f14-cycles': { live: { segmentBytes: MIB / 2, targetMs: 4000 } },
    'f14-proxy-cycles': { live: { segmentBytes: MIB / 2, targetMs: 4000 } },
  },
  [`prefetch: { idle_stop: ${IDLE_STOP_MS}ms }`],
);
beforeAll(() => world.start().then(() => {}), 60_000);
afterAll(() => world[Symbol.asyncDispose](), 20_000);

/** Requests that the origin has begun to answer and not finished. */
function underWay({ origin }: Place): number {
  const isOpen = (request: (typeof origin.requests)[number]) =>
    request.finishedAtMs === undefined && request.abandonedAtMs === undefined;
  return origin.requests.filter(isOpen).length;
}

/** Nothing of it is fetched any more, as the API tells it. */
async function isCold(id: string): Promise<boolean> {
  const answer = await fetch(world.weir.url(`/api/channels/${id}`));
  const { renditions } = (await answer.json()) as { renditions: readonly { state: string }[] };
  return renditions.every(({ state }) => state === 'cold');
}

/** Asks for `url` and leaves at a tenth of it, over and over; the memory once that has settled. */
async function cycle(url: string, count: number): Promise<number> {
  let left = count;
  const work = async () => {
    while (left-- > 0) {
      using client = new RawClient(url);
      const { status, ended } = await client.get(url, { leaveAt: 0.1 });
      if (ended !== 'left') throw new Error(`Cannot leave: ${status}, ${ended}`);
    }
  };
  using opener = new RawClient(url);
  await opener.get(url);
  await Promise.all(Array.from({ length: CYCLES_AT_ONCE }, work));
  let least = Number.POSITIVE_INFINITY;
  for (let look = 0; look < 20; look++) {
    await Bun.sleep(100);
    least = Math.min(least, world.weir.rssBytes());
  }
  return least;
}

/**
 * What `count` cycles leave behind: four rounds of them, the lower of the last two against the
 * first. Memory swings by what is not collected yet; what leaks is in both of the last.
 */
async function growth(url: string, count: number): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round < 4; round++) rounds.push(await cycle(url, count / 4));
  return Math.min(rounds[2]!, rounds[3]!) - rounds[0]!;
}

describe('F14: viewers that leave', () => {
  test.concurrent('a piped segment is let go of with its only viewer', async () => {
    const place = world.at('f14-proxy');
    place.origin.on(place.live.segments(), pausedAt(0.3, PAUSE_MS));
    const media = await world.mediaUrl('f14-proxy', world.proxyUrl('f14-proxy'));
    const url = (await world.lastListed(media))!;
    using client = new RawClient(url);
    expect((await client.get(url, { leaveAt: 0.1 })).ended).toBe('left');
    expect(await until(() => underWay(place) === 0, PAUSE_MS)).toBe(true);
    // Not sent to its end: that would have come after the pause
    const [request] = place.origin.seen(place.live.segments());
    expect([request!.finishedAtMs, typeof request!.abandonedAtMs]).toEqual([undefined, 'number']);
  }, 30_000);

  test.concurrent('nothing is asked and nothing is open after idle_stop', async () => {
    const place = world.at('f14-idle');
    await world.watch('f14-idle', { count: 5, forMs: 3000 });
    // Not even a connection that is kept for the next request
    expect(await until(() => isCold('f14-idle'), IDLE_STOP_MS + SLACK_MS)).toBe(true);
    const isLeft = () => underWay(place) + place.origin.openConnections === 0;
    expect(await until(isLeft, SLACK_MS)).toBe(true);
    const asked = place.origin.requests.length;
    await Bun.sleep(3000);
    expect(place.origin.requests.length).toBe(asked);
  }, 30_000);

  test.concurrent('a fetch that stalls ends with its channel', async () => {
    const place = world.at('f14-stalled');
    place.origin.on(place.live.segments(), stalledAt(0.5), { skip: 4 });
    await world.watch('f14-stalled', { count: 2, forMs: 2000 }, { mayBeUnavailable: true });
    expect(await until(() => isCold('f14-stalled'), IDLE_STOP_MS + SLACK_MS)).toBe(true);
    expect(await until(() => underWay(place) === 0, SLACK_MS)).toBe(true);
    const asked = place.origin.requests.length;
    await Bun.sleep(2000);
    expect([underWay(place), place.origin.requests.length]).toEqual([0, asked]);
  }, 30_000);

  test('thousands that leave at a tenth of a held segment leave nothing behind', async () => {
    const media = await world.mediaUrl('f14-cycles');
    const url = (await world.lastListed(media))!;
    world.at('f14-cycles').live.freeze();
    expect(await growth(url, CYCLES)).toBeLessThan(GROWTH_MAX);
  }, 60_000);

  test('thousands that leave a piped segment leave nothing behind, here or upstream', async () => {
    const place = world.at('f14-proxy-cycles');
    const media = await world.mediaUrl('f14-proxy-cycles', world.proxyUrl('f14-proxy-cycles'));
    const url = (await world.lastListed(media))!;
    place.live.freeze();
    expect(await growth(url, PIPED_CYCLES)).toBeLessThan(GROWTH_MAX);
    expect(await until(() => underWay(place) === 0, SLACK_MS)).toBe(true);
  }, 60_000);
});
