// This file is failure F4: bursts of 5xx, and 429 with a wish to be left alone.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { statusAnswer } from '../support/origin/answer.ts';
import { until } from '../support/until.ts';
import { RawClient } from '../support/viewer/raw-client.ts';
import { onFirstTries, triesOf, World } from './world.ts';

const BURST_MS = 30_000;
const VIEWERS = 20;
/**
 * What bounds the tries: those in vain are a fifth of the first tries, these in hand for a short
 * burst, and one for each that helped. A segment is helped once at most, so an origin that is dead
 * gets a fifth more, and one that answers every second time gets what it takes to have it all.
 */
const RETRY_SHARE = 0.2;
const BURST_RETRIES = 10;

const world = new World({
  'f4-all': {},
  'f4-half': {},
  // No time to wait two seconds for what lasts one
  'f4-429': { live: { targetMs: 2000 } },
  'f4-segments': {},
  'f4-first': {},
});
beforeAll(() => world.start().then(() => {}), 60_000);
afterAll(() => world[Symbol.asyncDispose](), 20_000);

/** Asks for the playlist until it lists what is new at the origin; milliseconds that took. */
async function recoveryMs(id: string, mediaUrl: string): Promise<number> {
  using client = new RawClient(mediaUrl);
  const { live } = world.at(id);
  const startMs = performance.now();
  await until(async () => {
    const last = await world.lastListed(mediaUrl);
    if (last === undefined) return false;
    const index = live.identify((await client.get(last)).sha256)?.index ?? 0;
    return index >= live.newestIndex() - 1;
  }, 15_000);
  return performance.now() - startMs;
}

/** Tries in vain, and how many there may be. */
function retriesOf(id: string): { vain: number; allowed: number } {
  const tries = [...triesOf(world.at(id)).values()];
  const again = tries.flatMap((requests) => requests.slice(1));
  const helped = again.filter(({ status }) => status === 200).length;
  return {
    vain: again.length - helped,
    allowed: BURST_RETRIES + RETRY_SHARE * tries.length + helped,
  };
}

describe.concurrent('F4: errors upstream', () => {
  test('30 s of nothing but 503: little is asked meanwhile, and the picture is back at once', async () => {
    const { origin } = world.at('f4-all');
    const watching = world.watch(
      'f4-all',
      { count: VIEWERS, forMs: BURST_MS + 9000 },
      { mayBeUnavailable: true },
    );
    await Bun.sleep(4000);
    const mediaUrl = await world.mediaUrl('f4-all');
    const before = origin.requests.length;
    origin.on(/./, statusAnswer(503), { forMs: BURST_MS });
    await Bun.sleep(BURST_MS - 200);
    // A healthy channel asks for a list and a segment each target duration.
    expect(origin.requests.length - before).toBeLessThanOrEqual(2 * (BURST_MS / 1000));
    await Bun.sleep(200);
    expect(await recoveryMs('f4-all', mediaUrl)).toBeLessThan(2000);
    const seen = await watching;
    expect(seen.blamed).toEqual([]);
    const statuses = new Set(seen.reports.flatMap((r) => r.playlists.map((p) => p.answer.status)));
    expect([...statuses].sort()).toEqual([200, 503]);
    for (const { answer } of seen.reports.flatMap((report) => report.playlists)) {
      if (answer.status === 503) expect(answer.headers['retry-after']).toMatch(/^\d+$/);
    }
  }, 60_000);

  test('30 s of 503 for every second request: tries stay within the budget, then all is well', async () => {
    const { origin } = world.at('f4-half');
    const options = { count: VIEWERS, forMs: BURST_MS + 6000 };
    const watching = world.watch('f4-half', options, { mayBeUnavailable: true });
    await Bun.sleep(4000);
    const mediaUrl = await world.mediaUrl('f4-half');
    origin.on(/./, statusAnswer(503), { forMs: BURST_MS, ratio: 0.5 });
    await Bun.sleep(BURST_MS);
    expect(await recoveryMs('f4-half', mediaUrl)).toBeLessThan(2000);
    expect((await watching).blamed).toEqual([]);
    const { vain, allowed } = retriesOf('f4-half');
    expect(vain).toBeLessThanOrEqual(allowed);
  }, 60_000);

  test('segments alone fail for 15 s: tries stay within the budget', async () => {
    const { origin, live } = world.at('f4-segments');
    origin.on(live.segments(), statusAnswer(500), { forMs: 15_000, skip: 8 });
    const seen = await world.watch(
      'f4-segments',
      { count: VIEWERS, forMs: 22_000 },
      { mayBeUnavailable: true },
    );
    expect(seen.blamed).toEqual([]);
    const { vain, allowed } = retriesOf('f4-segments');
    expect(vain).toBeLessThanOrEqual(allowed);
  }, 60_000);

  test('the first try of every segment fails for 20 s: nobody misses one', async () => {
    const how = { every: 1, skip: 0 };
    const faults = onFirstTries(world.at('f4-first'), statusAnswer(500), how);
    const seen = await world.watch('f4-first', { count: VIEWERS, forMs: 20_000 });
    expect(faults.applied()).toBeGreaterThan(15);
    expect(seen.blamed).toEqual([]);
    expect(seen.counts.gaps).toBe(0);
    expect(retriesOf('f4-first').vain).toBe(0);
  }, 60_000);

  test('429 is asked again no sooner than it wishes', async () => {
    const { origin, live } = world.at('f4-429');
    origin.on(live.segments(), statusAnswer(429, [['Retry-After', '2']]), { skip: 6, times: 2 });
    const seen = await world.watch('f4-429', { count: VIEWERS, forMs: 16_000 });
    expect(seen.blamed).toEqual([]);
    const refused = [...triesOf(world.at('f4-429')).values()].filter(([a]) => a!.status === 429);
    expect(refused.length).toBeGreaterThan(0);
    for (const [first, second] of refused) {
      if (second) expect(second.atMs - first!.atMs).toBeGreaterThanOrEqual(1990);
    }
  }, 60_000);
});
