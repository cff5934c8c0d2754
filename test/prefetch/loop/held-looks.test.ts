// This file tests what a worker keeps open of the addresses it looked at.
import { describe, expect, test } from 'bun:test';
import { sleep } from '../../../src/base/clock.ts';
import { HeldLooks } from '../../../src/prefetch/loop/held-looks.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { scriptedOutbound } from '../../support/outbound-script.ts';
import { StreamWriter, writeFrames } from '../../support/ts-stream.ts';

const policy = { headers: {}, verifyTls: true, allowDowngrade: false };
const requestOf = (path: string) => ({ url: `http://up.example/${path}`, policy, timeouts: {} });
const { signal } = new AbortController();

function createWorld() {
  const clock = new FakeClock();
  const outbound = scriptedOutbound({
    'http://up.example/list': { body: '#EXTM3U\n' },
    'http://up.example/stream': { body: writeFrames(new StreamWriter(), 90_000, 50).take() },
    'http://up.example/busy': { status: 503, headers: { 'retry-after': '7' } },
  });
  let latencyMs = 0;
  const cancelled: string[] = [];
  const looks = new HeldLooks(async (request) => {
    await sleep(clock, latencyMs, request.signal);
    const answer = await outbound(request);
    return { ...answer, cancel: () => void cancelled.push(new URL(answer.url).pathname) };
  }, clock);
  const slow = (ms: number) => {
    latencyMs = ms;
  };
  return { clock, looks, cancelled, slow };
}

describe('HeldLooks', () => {
  test('a playlist is told, and nothing of it stays', async () => {
    const { clock, looks } = createWorld();
    const found = looks.look(1, requestOf('list'));
    await clock.advance(10);
    expect(await found).toEqual({ text: '#EXTM3U\n', url: 'http://up.example/list' });
    expect(looks.handOver(1)).toBeUndefined();
  });

  test('a stream stays open until it is handed over, once', async () => {
    const { clock, looks, cancelled } = createWorld();
    const found = looks.look(1, requestOf('stream'));
    await clock.advance(10);
    expect(await found).toBe('stream');
    const handed = looks.handOver(1);
    expect([handed?.stream.take(signal) !== undefined, looks.handOver(1)]).toEqual([
      true,
      undefined,
    ]);
    await looks.leave(1);
    expect(cancelled).toEqual([]);
  });

  test('a stream that is left is closed', async () => {
    const { clock, looks, cancelled } = createWorld();
    const found = looks.look(1, requestOf('stream'));
    await clock.advance(10);
    await found;
    await looks.leave(1);
    expect([cancelled, looks.handOver(1)]).toEqual([['/stream'], undefined]);
    expect(clock.pendingCount).toBe(0);
  });

  test('a look that is left while it is under way has nothing open afterwards', async () => {
    const { clock, looks, cancelled, slow } = createWorld();
    slow(1000);
    const found = looks.look(1, requestOf('stream'));
    await settle();
    const left = looks.leave(1);
    await clock.advance(2000);
    await left;
    expect([cancelled, await found, looks.handOver(1)]).toEqual([['/stream'], 'stream', undefined]);
  });

  test('why nothing was found crosses to the other thread', async () => {
    const { clock, looks } = createWorld();
    const found = looks.look(1, requestOf('busy'));
    await clock.advance(10);
    expect(structuredClone(await found)).toMatchObject({
      code: 'SOURCE_STATUS',
      detail: { status: 503, retryAfterMs: 7000 },
    });
  });
});
