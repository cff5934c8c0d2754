// This file is what a tier on a server must do when the server or the network between them fails.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { AppError } from '../../../src/base/errors.ts';
import type { Tier } from '../../../src/ring/tiers/tier.ts';
import { FaultProxy } from '../../support/fault-proxy.ts';
import type { ServerProcess } from '../../support/server-process.ts';
import { codeOf } from './contract.ts';
import { bodyOf, FAR_MS, HOUR_MS, key, NEVER, NOW_MS, read, stored } from './stored-segment.ts';

export type OutageSubject = {
  readonly server: () => { readonly port: number; readonly process: ServerProcess };
  /** One that reaches the server by this port of 127.0.0.1. */
  readonly makeTier: (port: number) => Tier;
  /** Whether what it held is there after a restart. */
  readonly keepsOverRestart: boolean;
};

const TIMEOUT_MS = 60_000;
const BODY = bodyOf('outage', 700_000);

export function describeOutages(name: string, subject: OutageSubject): void {
  describe(`${name} and its server`, () => {
    let proxy: FaultProxy;
    let tier: Tier;
    beforeAll(async () => {
      proxy = await FaultProxy.listen(subject.server().port);
      tier = subject.makeTier(proxy.port);
    }, TIMEOUT_MS);
    afterAll(async () => {
      await tier[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    }, TIMEOUT_MS);
    const check = (title: string, run: () => Promise<void>) => test(title, run, TIMEOUT_MS);
    const works = () => eventually(async () => await tier.get(key('a'), NEVER));

    check('opens once it is there, and says until then that it is not', async () => {
      await proxy.set({ kind: 'refuse' });
      expect(await codeOf(tier.open(NEVER))).toBe('TIER_UNREACHABLE');
      expect(await codeOf(tier.open(NEVER))).toBe('TIER_UNREACHABLE');
      await proxy.set({ kind: 'pass' });
      await eventually(() => tier.open(NEVER));
      await tier.put(key('a'), stored(BODY), FAR_MS, NEVER);
      expect(await read(await tier.get(key('a'), NEVER))).toEqual(BODY);
    });

    check('slow: who does not wait is told at once, who waits is served', async () => {
      await proxy.set({ kind: 'delay', delayMs: 150 });
      const hasty = tier.get(key('a'), AbortSignal.timeout(20));
      expect(await codeOf(hasty)).toBe('TIER_ABORTED');
      expect(await read(await tier.get(key('a'), NEVER))).toEqual(BODY);
      await proxy.set({ kind: 'pass' });
    });

    check('resets what is open, then works again', async () => {
      await proxy.set({ kind: 'reset' });
      expect(await codeOf(tier.get(key('a'), NEVER))).toBe('TIER_UNREACHABLE');
      await proxy.set({ kind: 'pass' });
      expect(await read(await works())).toEqual(BODY);
    });

    check('stalls, then works again', async () => {
      await proxy.set({ kind: 'stall' });
      const late = [1, 2, 3, 4].map(() => tier.get(key('a'), AbortSignal.timeout(20)));
      for (const one of late) expect(await codeOf(one)).toBe('TIER_ABORTED');
      await proxy.set({ kind: 'pass' });
      expect(await read(await works())).toEqual(BODY);
    });

    check(
      'is gone without a word: the dead connections are given up, and it works again',
      async () => {
        await Promise.all([works(), works(), works()]);
        await proxy.set({ kind: 'half-open' });
        expect(await codeOf(tier.get(key('a'), NEVER))).toBe('TIER_UNREACHABLE');
        await proxy.set({ kind: 'pass' });
        expect(await read(await works())).toEqual(BODY);
      },
    );

    check('is killed and comes back: nothing needs to be opened anew', async () => {
      await subject.server().process.kill();
      expect(await codeOf(tier.get(key('a'), NEVER))).toBe('TIER_UNREACHABLE');
      expect(await codeOf(tier.put(key('b'), stored(BODY), FAR_MS, NEVER))).toBe(
        'TIER_UNREACHABLE',
      );
      await subject.server().process.start();
      const got = await works();
      if (subject.keepsOverRestart) expect(await read(got)).toEqual(BODY);
      await eventually(() => tier.put(key('b'), stored(BODY), FAR_MS, NEVER));
      expect(await read(await tier.get(key('b'), NEVER))).toEqual(BODY);
    });

    check('what is put again while another sweeps is not swept away', async () => {
      await using other = subject.makeTier(proxy.port);
      await tier.open(NEVER);
      await other.open(NEVER);
      const body = bodyOf('fresh', 1000);
      for (let round = 0; round < 40; round++) {
        const own = key(`fresh-${round}`);
        await tier.put(own, stored(body), NOW_MS + HOUR_MS, NEVER);
        await Promise.all([
          other.sweep(NOW_MS + 2 * HOUR_MS, NEVER),
          tier.put(own, stored(body), FAR_MS, NEVER),
          other.sweep(NOW_MS + 2 * HOUR_MS, NEVER),
          tier.sweep(NOW_MS + 2 * HOUR_MS, NEVER),
        ]);
        expect(await read(await other.get(own, NEVER))).toEqual(body);
      }
    });
  });
}

/** Tries until it works; the test's own deadline ends it. */
export async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof AppError) || !error.code.startsWith('TIER_')) throw error;
      await Bun.sleep(50);
    }
  }
}

/** What `open`, a put and a get come to: the first code, or `fine`. Nothing of it names `secret`. */
export async function outcomeOf(tier: Tier, secret: string): Promise<string> {
  try {
    await tier.open(NEVER);
    await tier.put(key('outcome'), stored(bodyOf('outcome', 3_000_000)), FAR_MS, NEVER);
    const got = await read(await tier.get(key('outcome'), NEVER));
    return got.length === 3_000_000 ? 'fine' : 'cut';
  } catch (error) {
    expect(Bun.inspect(error, { depth: 8 })).not.toContain(secret);
    expect(error).toBeInstanceOf(AppError);
    return (error as AppError).code;
  } finally {
    await tier[Symbol.asyncDispose]();
  }
}
