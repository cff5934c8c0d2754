// This file is failure F31: keys and init segments that cannot be had, or change.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { statusAnswer } from '../support/origin/answer.ts';
import { withStatus } from '../support/origin/fault.ts';
import { World } from './world.ts';

const VIEWERS = 10;
const sealed = { live: { keyEvery: 4 } };
const mapped = { live: { form: 'fmp4', mapEvery: 4 } } as const;
/** An upstream that wants to know who asks. */
const guarded = {
  sourceLines: [
    'user_agent: Player/1.0',
    'referer: https://example.com/tv',
    'headers: { x-token: abc }',
  ],
};

const world = new World({
  'f31-key-once': sealed,
  'f31-key-late': sealed,
  'f31-key-never': sealed,
  'f31-map-once': mapped,
  'f31-map-late': mapped,
  'f31-guarded-key': { ...sealed, ...guarded },
  'f31-guarded-map': { ...mapped, ...guarded },
});
beforeAll(() => world.start().then(() => {}), 60_000);
afterAll(() => world[Symbol.asyncDispose](), 20_000);

describe.concurrent('F31: keys and maps', () => {
  test.each([
    ['f31-key-once', /key2/, 403, 1],
    ['f31-key-late', /key2/, 403, 2],
    ['f31-map-once', /map2/, 503, 1],
    ['f31-map-late', /map2/, 404, 2],
  ] as const)(
    '%s: what is refused at first is asked again before anybody notices',
    async (id, match, status, times) => {
      const { origin } = world.at(id);
      const rule = origin.on(match, statusAnswer(status), { times });
      const seen = await world.watch(id, { count: VIEWERS, forMs: 11_000 });
      expect(rule.applied()).toBe(times);
      expect(seen.blamed).toEqual([]);
      expect(seen.counts.gaps).toBe(0);
      expect(seen.counts.whole).toBeGreaterThan(VIEWERS * 7);
    },
    30_000,
  );

  test('segments whose key never comes are gaps, and the picture goes on after them', async () => {
    const { origin, live } = world.at('f31-key-never');
    // Not one of the keys that the first list may name before it was fetched.
    const key = live.bodies.keyNumber(live.newestIndex())! + 2;
    const rule = origin.on(new RegExp(`key${key}`), withStatus(403));
    const seen = await world.watch(
      'f31-key-never',
      { count: VIEWERS, forMs: 18_000 },
      { mayBeUnavailable: true },
    );
    expect(seen.blamed).toEqual([]);
    expect(rule.applied()).toBeGreaterThan(0);
    for (const { segments } of seen.reports) {
      const last = live.identify(segments.at(-1)!.clearSha256)!;
      expect(last.index).toBeGreaterThanOrEqual(4 * (key + 1));
    }
  }, 30_000);

  test.each(['f31-guarded-key', 'f31-guarded-map'])(
    '%s: all that is asked upstream carries the headers of the source',
    async (id) => {
      const { origin } = world.at(id);
      const isStranger = (headers: Readonly<Record<string, string>>) =>
        headers['user-agent'] !== 'Player/1.0' ||
        headers['referer'] !== 'https://example.com/tv' ||
        headers['x-token'] !== 'abc';
      const rule = origin.on(({ headers }) => isStranger(headers), statusAnswer(403));
      const seen = await world.watch(id, { count: VIEWERS, forMs: 6000 });
      expect(seen.blamed).toEqual([]);
      expect(rule.applied()).toBe(0);
      expect(origin.seen(/key|map/).length).toBeGreaterThan(0);
      expect(seen.counts.whole).toBeGreaterThan(VIEWERS * 4);
    },
    30_000,
  );
});
