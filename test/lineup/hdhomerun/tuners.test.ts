// This file tests who has which tuner of a device.
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Clock } from '../../../src/base/clock.ts';
import { Tuners } from '../../../src/lineup/hdhomerun/tuners.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';

const NEVER = new AbortController().signal;
const tuned = (number: number) => ({ number, name: `${number}`, viewer: 'v' });

test('a tuner that is left in the very turn in which somebody waits no longer is free', async () => {
  let timeIsOver = () => {};
  const after: Clock['after'] = (_, run) => {
    timeIsOver = run;
    return { [Symbol.dispose]() {} };
  };
  const clock = { nowMs: () => 0, monotonicMs: () => 0, after };
  const tuners = new Tuners(1);
  const first = await tuners.take(tuned(1), undefined, clock, NEVER);
  const late = tuners.take(tuned(2), undefined, clock, NEVER);
  timeIsOver();
  first?.[Symbol.dispose]();
  expect(await late).toBeUndefined();
  expect(tuners.stats()).toEqual({ used: 0, free: 1, refused: 1 });
});

const step = fc.oneof(
  fc.record({ kind: fc.constant('take' as const), at: fc.option(fc.nat(2), { nil: undefined }) }),
  fc.record({ kind: fc.constantFrom('leave' as const, 'abort' as const), which: fc.nat(20) }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(2500) }),
);

test('no tuner has two viewers, none is lost, and who goes has none', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const clock = new FakeClock();
      const tuners = new Tuners(3);
      const asked: { gone: AbortController; held?: Disposable }[] = [];
      const asking: Promise<void>[] = [];
      for (const each of steps) {
        if (each.kind === 'take') {
          const row: (typeof asked)[number] = { gone: new AbortController() };
          asked.push(row);
          const taking = tuners.take(tuned(asked.length), each.at, clock, row.gone.signal);
          const took = (held: Disposable | undefined): void => {
            if (held !== undefined) row.held = held;
          };
          asking.push(taking.then(took));
        } else if (each.kind === 'wait') await clock.advance(each.ms);
        else if (each.kind === 'abort') asked[each.which]?.gone.abort();
        else {
          asked[each.which]?.held?.[Symbol.dispose]();
          delete asked[each.which]?.held;
        }
        if (each.kind !== 'abort') await settle();
        const holding = asked.filter(({ held }) => held !== undefined).length;
        if (each.kind !== 'abort') expect(tuners.stats().used).toBe(holding);
      }
      await clock.advance(5000);
      await Promise.all(asking);
      for (const { held } of asked) held?.[Symbol.dispose]();
      await settle();
      expect(tuners.stats()).toMatchObject({ used: 0, free: 3 });
      expect(clock.pendingCount).toBe(0);
    }),
    { numRuns: 100 },
  );
});
