// This file is failure F27: kept connections that are closed at the moment they are used again.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { afterwards, hungUp } from '../support/origin/fault.ts';
import { RawClient } from '../support/viewer/raw-client.ts';
import { mostTries, triesOf, World } from './world.ts';

const RACES = 1000;
/** Fetches at once for one rendition. */
const PARALLEL = 4;

const world = new World({ 'f27-reuse': {}, 'f27-idle': {}, 'f27-proxy': {} });
beforeAll(() => world.start().then(() => {}), 60_000);
afterAll(() => world[Symbol.asyncDispose](), 20_000);

describe.concurrent('F27: the keep-alive race', () => {
  test('a request that dies on a used connection is silently made again on a new one', async () => {
    const place = world.at('f27-reuse');
    const rule = place.origin.on((request) => request.indexOnConnection > 0, hungUp);
    const seen = await world.watch('f27-reuse', { count: 10, forMs: 10_000 });
    expect(seen.blamed).toEqual([]);
    expect(seen.counts).toMatchObject({ gaps: 0, broken: 0 });
    expect(seen.counts.whole).toBeGreaterThan(10 * 6);
    for (const [path, tries] of triesOf(place)) {
      // The runtime tries what it kept, at most as many connections as fetches at once, then a new
      // one; what was answered is not asked again.
      expect({ path, many: tries.length > 1 + PARALLEL }).toEqual({ path, many: false });
      const answered = tries.filter((request) => request.status === 200);
      expect({ path, answered: answered.length }).toEqual({ path, answered: 1 });
    }
    // It did use connections again: a client that never does has no race to lose.
    expect(rule.applied()).toBeGreaterThan(0);
  }, 30_000);

  test('connections closed some time after each answer are not noticed', async () => {
    const place = world.at('f27-idle');
    for (const [index, closesAfterMs] of [0, 1, 5, 20, 100, 400].entries()) {
      const isTurn = () => place.origin.requests.length % 6 === index;
      place.origin.on(isTurn, afterwards(closesAfterMs));
    }
    const seen = await world.watch('f27-idle', { count: 10, forMs: 10_000 });
    expect(seen.blamed).toEqual([]);
    expect(seen.counts).toMatchObject({ gaps: 0, broken: 0 });
    expect(mostTries(place)).toBeLessThanOrEqual(2);
  }, 30_000);

  test('a thousand races in a row are all won by the viewer', async () => {
    const place = world.at('f27-proxy');
    place.origin.on((request) => request.indexOnConnection > 0, hungUp);
    const media = await world.mediaUrl('f27-proxy', world.proxyUrl('f27-proxy'));
    using client = new RawClient(media);
    const statuses: Record<number, number> = {};
    for (let race = 0; race < RACES; race++) {
      const { status } = await client.get(media);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
    expect(statuses).toEqual({ 200: RACES });
  }, 30_000);
});
