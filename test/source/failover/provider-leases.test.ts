// This file tests that no provider is ever asked for more connections than it allows.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  type Holder,
  type Lease,
  ProviderLeases,
} from '../../../src/source/failover/provider-leases.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';

function leasesOf(limits: Record<string, number>) {
  const clock = new FakeClock();
  return { clock, leases: new ProviderLeases(clock, new Map(Object.entries(limits))) };
}

describe('ProviderLeases', () => {
  test('gives as many as there are, and the next once one is given back', () => {
    const { leases } = leasesOf({ p: 2 });
    const [a, b] = [leases.take('p'), leases.take('p')];
    expect(leases.take('p')).toBeUndefined();
    expect(leases.stats()).toMatchObject([{ provider: 'p', used: 2, limit: 2 }]);
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
    expect(leases.stats()).toMatchObject([{ provider: 'p', used: 1, limit: 2 }]);
  });

  test('a provider without a limit is counted and never refused', () => {
    const { leases } = leasesOf({});
    for (let count = 0; count < 100; count++) expect(leases.take('q')).toBeDefined();
    expect(leases.stats()).toMatchObject([{ provider: 'q', used: 100 }]);
    expect(leases.limitOf('q')).toBeUndefined();
  });

  test('a lower limit takes nothing away, and gives nothing until it is kept again', () => {
    const { leases } = leasesOf({ p: 3 });
    const out = [1, 2, 3].map(() => leases.take('p'));
    leases.limits = new Map([['p', 1]]);
    expect(leases.stats()).toMatchObject([{ provider: 'p', used: 3, limit: 1 }]);
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

/** What a test says of one who has a place: idle or not, and when it has closed. */
class Channel implements Holder {
  lease: Lease | undefined;
  asked = 0;
  idleMs = Number.POSITIVE_INFINITY;
  isClosing = false;

  idleFromMs(): number {
    return this.idleMs;
  }

  giveWay(): void {
    this.asked++;
    this.isClosing = true;
  }

  close(): void {
    const { lease } = this;
    this.lease = undefined;
    this.isClosing = false;
    lease?.[Symbol.dispose]();
  }
}

const never = new AbortController().signal;
const SOON = { idleByMs: 8000, untilMs: 8000 };

describe('ProviderLeases.wait()', () => {
  test('what is free is had at once', async () => {
    const { leases, clock } = leasesOf({ p: 1 });
    const lease = await leases.wait(['p'], new Channel(), SOON, never);
    expect([lease?.provider, clock.pendingCount]).toEqual(['p', 0]);
  });

  test('who is idle gives way, once, and its place passes on when it has closed', async () => {
    const { leases, clock } = leasesOf({ p: 1 });
    const idle = new Channel();
    idle.lease = leases.take('p', idle);
    idle.idleMs = 0;
    const waiting = leases.wait(['p'], new Channel(), SOON, never);
    await clock.advance(2000);
    expect([idle.asked, leases.stats()]).toMatchObject([1, [{ used: 1, waiting: 1, passed: 0 }]]);
    idle.close();
    // Between the two nobody else gets it
    expect([leases.isFree('p'), leases.take('p')]).toEqual([false, undefined]);
    expect((await waiting)?.provider).toBe('p');
    expect(leases.stats()).toMatchObject([{ used: 1, waiting: 0, passed: 1 }]);
    expect(clock.pendingCount).toBe(0);
  });

  test('where nobody will be idle in time there is nothing to wait for', async () => {
    const { leases, clock } = leasesOf({ p: 1 });
    const busy = new Channel();
    leases.take('p', busy);
    busy.idleMs = 8001;
    expect(await leases.wait(['p'], new Channel(), SOON, never)).toBeUndefined();
    expect([busy.asked, clock.pendingCount, leases.idleInMs('p')]).toEqual([0, 0, 8001]);
  });

  test('who is watched again meanwhile is not asked, and who waits is told within a moment', async () => {
    const { leases, clock } = leasesOf({ p: 1 });
    const other = new Channel();
    leases.take('p', other);
    other.idleMs = 6000;
    const waiting = leases.wait(['p'], new Channel(), SOON, never);
    await clock.advance(3000);
    other.idleMs = 9000;
    await clock.advance(250);
    expect([await waiting, other.asked, clock.pendingCount]).toEqual([undefined, 0, 0]);
  });

  test('as many give way as wait, those that were left first', async () => {
    const { leases } = leasesOf({ p: 3 });
    const channels = [3, 1, 2].map((idleMs) => {
      const channel = new Channel();
      channel.lease = leases.take('p', channel);
      channel.idleMs = -idleMs;
      return channel;
    });
    void leases.wait(['p'], new Channel(), SOON, never);
    expect(channels.map(({ asked }) => asked)).toEqual([1, 0, 0]);
    void leases.wait(['p'], new Channel(), SOON, never);
    expect(channels.map(({ asked }) => asked)).toEqual([1, 0, 1]);
  });

  test('who leaves is not served, nor waited with', async () => {
    const { leases, clock } = leasesOf({ p: 1 });
    const idle = new Channel();
    idle.lease = leases.take('p', idle);
    idle.idleMs = 0;
    const run = new AbortController();
    const waiting = leases.wait(['p'], new Channel(), SOON, run.signal);
    run.abort();
    expect([await waiting, clock.pendingCount]).toEqual([undefined, 0]);
    idle.close();
    expect(leases.isFree('p')).toBe(true);
    expect(await leases.wait(['p'], new Channel(), SOON, run.signal)).toBeUndefined();
  });

  test('who has gone while he waited is not served before those who are there', async () => {
    const { leases, clock } = leasesOf({ p: 1 });
    const idle = new Channel();
    idle.lease = leases.take('p', idle);
    idle.idleMs = 0;
    const [gone, here] = [new Channel(), new Channel()];
    const first = leases.wait(['p'], gone, SOON, never);
    gone.idleMs = 0;
    const second = leases.wait(['p'], here, SOON, never);
    expect([await first, idle.asked]).toEqual([undefined, 1]);
    await clock.advance(1000);
    idle.close();
    expect((await second)?.provider).toBe('p');
  });

  test('a higher limit serves those who wait, in turn', async () => {
    const { leases } = leasesOf({ p: 1 });
    const idle = new Channel();
    leases.take('p', idle);
    idle.idleMs = 0;
    const first = leases.wait(['p'], new Channel(), SOON, never);
    leases.limits = new Map([['p', 2]]);
    expect((await first)?.provider).toBe('p');
    expect(leases.take('p')).toBeUndefined();
  });

  test('under a lower limit more must go before anybody comes', async () => {
    const { leases, clock } = leasesOf({ p: 2 });
    const [one, two] = [new Channel(), new Channel()];
    for (const channel of [one, two]) {
      channel.lease = leases.take('p', channel);
      channel.idleMs = 0;
    }
    leases.limits = new Map([['p', 1]]);
    const waiting = leases.wait(['p'], new Channel(), SOON, never);
    expect([one.asked, two.asked]).toEqual([1, 1]);
    one.close();
    expect(leases.stats()).toMatchObject([{ used: 1, waiting: 1 }]);
    two.close();
    expect((await waiting)?.provider).toBe('p');
    await clock.advance(1000);
    expect(leases.stats()).toMatchObject([{ used: 1, waiting: 0 }]);
  });

  /**
   * Channels come, wait, go idle, close and leave in any order. Never are more out than allowed,
   * none is lost, no place is free while somebody waits for it, and whoever came first is served
   * first.
   */
  test('whatever happens: exact, in turn, nothing lost, nobody waits beside a free place', async () => {
    const step = fc.record({
      what: fc.constantFrom('come', 'come', 'idle', 'watched', 'close', 'leave', 'wait'),
      provider: fc.constantFrom('a', 'b'),
      which: fc.nat(9),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const limits: Record<string, number> = { a: 1, b: 2 };
        const { leases, clock } = leasesOf(limits);
        const held: { channel: Channel; provider: string }[] = [];
        const queue: { turn: number; provider: string; run: AbortController }[] = [];
        const pick = <T>(list: readonly T[], which: number) => list[which % list.length];
        let turn = 0;
        for (const { what, provider, which } of steps) {
          const nowMs = clock.monotonicMs();
          if (what === 'come') {
            const channel = new Channel();
            const run = new AbortController();
            const mine = { turn: turn++, provider, run };
            queue.push(mine);
            const patience = { idleByMs: nowMs + 8000, untilMs: nowMs + 8000 };
            void leases.wait([provider], channel, patience, run.signal).then((lease) => {
              const ahead = queue.filter((other) => other.provider === provider);
              if (lease !== undefined) {
                expect(ahead[0]).toBe(mine);
                channel.lease = lease;
                held.push({ channel, provider });
              }
              queue.splice(queue.indexOf(mine), 1);
            });
          } else if (what === 'leave') pick(queue, which)?.run.abort();
          else if (what === 'wait') await clock.advance(which * 500);
          else {
            const one = pick(held, which);
            if (one === undefined) continue;
            if (what === 'idle') one.channel.idleMs = nowMs + which * 500;
            if (what === 'watched') one.channel.idleMs = Number.POSITIVE_INFINITY;
            if (what === 'close') {
              held.splice(held.indexOf(one), 1);
              one.channel.close();
            }
          }
          await settle();
          for (const use of leases.stats()) {
            const out = held.filter((other) => other.provider === use.provider);
            const waiting = queue.filter((other) => other.provider === use.provider);
            expect(use.used).toBe(out.length);
            expect(use.used).toBeLessThanOrEqual(limits[use.provider] as number);
            expect(use.waiting).toBe(waiting.length);
            if (waiting.length > 0) expect(leases.isFree(use.provider)).toBe(false);
          }
        }
        // Nobody starves: who has a place goes idle, and all who wait are served or sent away
        for (let rounds = 0; queue.length > 0; rounds++) {
          expect(rounds).toBeLessThan(200);
          for (const one of [...held]) {
            one.channel.idleMs = 0;
            if (!one.channel.isClosing) continue;
            held.splice(held.indexOf(one), 1);
            one.channel.close();
          }
          await clock.advance(250);
        }
        for (const { channel } of held.splice(0)) channel.close();
        expect(leases.stats().map(({ used }) => used)).toEqual([0, 0]);
        await clock.advance(1000);
        expect(clock.pendingCount).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
