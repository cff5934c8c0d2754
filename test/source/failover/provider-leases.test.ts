// This file tests that no provider is ever asked for more connections than it allows.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { type Lease, ProviderLeases } from '../../../src/source/failover/provider-leases.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function leasesOf(limits: Record<string, number>) {
  const clock = new FakeClock();
  return { clock, leases: new ProviderLeases(clock, new Map(Object.entries(limits))) };
}

describe('ProviderLeases', () => {
  test('gives as many as there are, and the next once one is given back', () => {
    const { leases } = leasesOf({ p: 2 });
    const [a, b] = [leases.take('p'), leases.take('p')];
    expect(leases.take('p')).toBeUndefined();
    expect(leases.stats()).toEqual([{ provider: 'p', used: 2, limit: 2 }]);
    a?.[Symbol.dispose]();
    expect(leases.take('p')?.provider).toBe('p');
    expect(leases.take('p')).toBeUndefined();
    b?.[Symbol.dispose]();
  });

  test('one that is given back twice is given back once', () => {
    const { leases } = leasesOf({ p: 2 });
    const a = leases.take('p');
    leases.take('p');
    a?.[Symbol.dispose]();
    a?.[Symbol.dispose]();
    expect(leases.stats()).toEqual([{ provider: 'p', used: 1, limit: 2 }]);
  });

  test('a provider without a limit is counted and never refused', () => {
    const { leases } = leasesOf({});
    for (let count = 0; count < 100; count++) expect(leases.take('q')).toBeDefined();
    expect(leases.stats()).toEqual([{ provider: 'q', used: 100 }]);
    expect(leases.limitOf('q')).toBeUndefined();
  });

  test('a lower limit takes nothing away, and gives nothing until it is kept again', () => {
    const { leases } = leasesOf({ p: 3 });
    const out = [1, 2, 3].map(() => leases.take('p'));
    leases.limits = new Map([['p', 1]]);
    expect(leases.stats()).toEqual([{ provider: 'p', used: 3, limit: 1 }]);
    out[0]?.[Symbol.dispose]();
    out[1]?.[Symbol.dispose]();
    expect(leases.take('p')).toBeUndefined();
    out[2]?.[Symbol.dispose]();
    expect(leases.take('p')).toBeDefined();
  });

  test('remembers when a connection was closed', async () => {
    const { leases, clock } = leasesOf({ p: 1 });
    expect(leases.leftAgoMs('p')).toBe(Number.POSITIVE_INFINITY);
    const lease = leases.take('p');
    await clock.advance(1000);
    lease?.[Symbol.dispose]();
    await clock.advance(250);
    expect(leases.leftAgoMs('p')).toBe(250);
    leases.left('p');
    expect([leases.leftAgoMs('p'), leases.leftAgoMs('q')]).toEqual([0, Number.POSITIVE_INFINITY]);
  });

  test('whatever is taken and given back, the count is what is out, and never over the limit', () => {
    const step = fc.record({ provider: fc.constantFrom('a', 'b'), give: fc.nat(9) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { leases } = leasesOf({ a: 1, b: 3 });
        const out: Lease[] = [];
        for (const { provider, give } of steps) {
          if (give > 4) {
            // Any of them, given back before or not
            out[give % Math.max(1, out.length)]?.[Symbol.dispose]();
            if (out.length > 0) out.splice(give % out.length, 1);
          } else {
            const lease = leases.take(provider);
            if (lease !== undefined) out.push(lease);
          }
          for (const { provider: name, used, limit } of leases.stats()) {
            expect(used).toBe(out.filter((lease) => lease.provider === name).length);
            expect(used).toBeLessThanOrEqual(limit as number);
          }
        }
      }),
    );
  });
});
