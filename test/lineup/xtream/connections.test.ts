// This file tests how many are counted as watching at once as the same user.
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { User } from '../../../src/access/user.ts';
import { UserConnections } from '../../../src/lineup/xtream/connections.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';

const NEVER = new AbortController().signal;
const userWith = (limit?: number): User => ({
  name: 'u',
  createdAtMs: 0,
  isEnabled: true,
  ...(limit === undefined ? {} : { maxConnections: limit }),
});
const unseen = () => Number.NEGATIVE_INFINITY;

function world() {
  const clock = new FakeClock();
  return { clock, connections: new UserConnections(clock) };
}

test('a place that is left goes to who waits, in order, and to nobody who has gone', async () => {
  const { clock, connections } = world();
  const user = userWith(1);
  const first = await connections.take(user, 'live', 'a', '', NEVER);
  const gone = new AbortController();
  const waiting = [gone.signal, NEVER, NEVER].map((signal, at) =>
    connections.take(user, 'live', `v${at}`, '', signal),
  );
  gone.abort();
  expect(await waiting[0]).toBeUndefined();
  first?.[Symbol.dispose]();
  first?.[Symbol.dispose]();
  const second = await waiting[1];
  expect(connections.activeCount('u')).toBe(1);
  second?.[Symbol.dispose]();
  const third = await waiting[2];
  await clock.advance(5000);
  expect(connections.activeCount('u')).toBe(1);
  third?.[Symbol.dispose]();
  expect(connections.activeCount('u')).toBe(0);
  expect(connections.counts()).toEqual({ live: 0, past: 0, file: 0, list: 0 });
});

test('who polls a list waits for a place that is just being left', async () => {
  const { connections } = world();
  const user = userWith(1);
  const stream = await connections.take(user, 'live', 'a', '', NEVER);
  const polling = connections.polled(user, 'b', unseen, NEVER);
  await settle();
  stream?.[Symbol.dispose]();
  expect(await polling).toBe(true);
  expect(connections.counts()).toMatchObject({ live: 0, list: 1 });
});

test('one user knows nothing of another, and one without a limit has none', async () => {
  const { connections } = world();
  const places = await Promise.all(
    Array.from({ length: 50 }, (_, at) => connections.take(userWith(), 'live', `${at}`, '', NEVER)),
  );
  expect(places.every((place) => place !== undefined)).toBe(true);
  const other = { ...userWith(1), name: 'other' };
  expect(await connections.take(other, 'file', 'x', '', NEVER)).toBeDefined();
  expect(connections.counts()).toMatchObject({ live: 50, file: 1 });
});

test('whatever comes and goes, never more at once than the limit, and none is lost', async () => {
  const step = fc.oneof(
    fc.record({ does: fc.constant('take' as const), viewer: fc.integer({ min: 0, max: 3 }) }),
    fc.record({ does: fc.constant('share' as const), viewer: fc.integer({ min: 0, max: 3 }) }),
    fc.record({ does: fc.constant('poll' as const), viewer: fc.integer({ min: 0, max: 3 }) }),
    fc.record({ does: fc.constant('leave' as const), viewer: fc.integer({ min: 0, max: 9 }) }),
    fc.record({ does: fc.constant('wait' as const), viewer: fc.integer({ min: 1, max: 25_000 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { clock, connections } = world();
      const user = userWith(2);
      const held: Disposable[] = [];
      const taking: Promise<void>[] = [];
      for (const { does, viewer } of steps) {
        if (does === 'take' || does === 'share') {
          const what = does === 'share' ? 'film' : '';
          const taken = connections.take(user, 'file', `v${viewer}`, what, NEVER);
          taking.push(taken.then((place) => void (place && held.push(place))));
        }
        if (does === 'poll') {
          taking.push(connections.polled(user, `v${viewer}`, unseen, NEVER).then(() => {}));
        }
        if (does === 'leave') held.splice(viewer, 1)[0]?.[Symbol.dispose]();
        if (does === 'wait') await clock.advance(viewer);
        await settle();
        expect(connections.activeCount('u')).toBeLessThanOrEqual(2);
      }
      await clock.advance(2000);
      await Promise.all(taking);
      for (const place of held) place[Symbol.dispose]();
      await clock.advance(20_001);
      expect(connections.activeCount('u')).toBe(0);
    }),
    { numRuns: 150 },
  );
});
