// This file tests that an endless stream proves itself over one connection, closed when it has.
import { describe, expect, test } from 'bun:test';
import type { Clock } from '../../../src/base/clock.ts';
import { sleep } from '../../../src/base/clock.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { NetError } from '../../../src/net/errors.ts';
import type { Outbound } from '../../../src/net/outbound.ts';
import { proveSource } from '../../../src/source/failover/trial.ts';
import type { OpenRendition } from '../../../src/source/open-source.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { StreamWriter, writeFrames } from '../../support/ts-stream.ts';

const policy = { headers: {}, verifyTls: true, allowDowngrade: false };
const rendition: OpenRendition = {
  id: 'main',
  traits: { kind: 'variant' },
  spec: {
    kind: 'stream',
    input: { kind: 'http', url: 'http://origin.example/live', policy },
    segmentMs: 4000,
    timeouts: {},
  },
};

/** Plays `seconds` in real time, then is silent until the client gives up. */
function createOrigin(clock: Clock, seconds: number) {
  const seen = { requests: 0, open: 0, mostOpen: 0 };
  const outbound: Outbound = async ({ url, signal, limits }) => {
    seen.requests++;
    seen.open++;
    seen.mostOpen = Math.max(seen.mostOpen, seen.open);
    let isOpen = true;
    const cancel = () => {
      if (isOpen) seen.open--;
      isOpen = false;
    };
    const body = async function* () {
      const writer = new StreamWriter();
      for (let second = 0; second < seconds && signal?.aborted !== true; second++) {
        await sleep(clock, 1000, signal);
        yield writeFrames(writer, 90_000 * (second + 1), 25).take();
      }
      await sleep(clock, limits.betweenBytesMs, signal);
      throw new NetError('NET_TIMEOUT_BETWEEN_BYTES', 'Cannot fetch: the body stalled');
    };
    const bytes = () => Promise.reject(new Error('not asked for'));
    return { status: 200, headers: new Headers(), url, body: body(), bytes, cancel };
  };
  return { outbound, seen };
}

async function prove(seconds: number, depth: 'brief' | 'thorough', withinMs = 60_000) {
  const clock = new FakeClock();
  const { outbound, seen } = createOrigin(clock, seconds);
  const stop = new AbortController();
  const deps = { outbound, clock, random: seededRandom(1), segmentMaxBytes: 1_000_000 };
  let outcome: string | undefined;
  proveSource(rendition, depth, deps, stop.signal).then(
    () => {
      outcome = 'proved';
    },
    (error) => {
      outcome = error.code ?? String(error);
    },
  );
  const startedMs = clock.monotonicMs();
  await clock.advance(withinMs);
  stop.abort();
  await clock.advance(1000);
  return { outcome, seen, clock, startedMs };
}

describe('proveSource() of an endless stream', () => {
  test.each(['brief', 'thorough'] as const)('one that plays, %s', async (depth) => {
    const { outcome, seen, clock } = await prove(600, depth);
    expect(outcome).toBe('proved');
    expect(seen).toEqual({ requests: 1, open: 0, mostOpen: 1 });
    expect(clock.pendingCount).toBe(0);
  });

  test('one that stops is not proved, and what it had open is closed', async () => {
    const { outcome, seen } = await prove(3, 'thorough');
    expect(outcome).toBe('NET_TIMEOUT_BETWEEN_BYTES');
    expect([seen.open, seen.mostOpen]).toEqual([0, 1]);
  });

  test('one that gives nothing is not proved', async () => {
    const { outcome, seen } = await prove(0, 'brief');
    expect(outcome).toBe('NET_TIMEOUT_BETWEEN_BYTES');
    expect(seen.open).toBe(0);
  });

  test('a trial that is given up closes its connection', async () => {
    const { outcome, seen, clock } = await prove(600, 'thorough', 1500);
    expect(outcome).toBe('NET_ABORTED');
    expect(seen.open).toBe(0);
    expect(clock.pendingCount).toBe(0);
  });
});
