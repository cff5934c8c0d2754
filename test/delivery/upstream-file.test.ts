// This file tests that a film comes as it is: held back by who reads it, broken where upstream breaks.
import { afterEach, expect, test } from 'bun:test';
import { type Log, silentLog } from '../../src/base/log.ts';
import type { UrlSource } from '../../src/config/config.ts';
import { sendStreamed } from '../../src/delivery/sized-answer.ts';
import { type UpstreamFiles, upstreamFile } from '../../src/delivery/upstream-file.ts';
import type { Film } from '../../src/lineup/films.ts';
import { NetError } from '../../src/net/errors.ts';
import type { Outbound } from '../../src/net/outbound.ts';
import { ProviderLeases } from '../../src/source/failover/provider-leases.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';
import { urlChannel } from '../support/in-process-app.ts';

const SOURCE = urlChannel('x', 'http://films.example/1.mp4', { provider: 'small' });
const FILM: Film = {
  ...{ id: 'one', name: 'One', extension: 'mp4' },
  source: SOURCE.sources[0] as UrlSource,
};
const clock = new FakeClock();
const leases = new ProviderLeases(clock, new Map([['small', 1]]));
const used = () => leases.stats().find(({ provider }) => provider === 'small')?.used ?? 0;

let opened: Response[] = [];
afterEach(async () => {
  for (const answer of opened) await answer.body?.cancel().catch(() => {});
  opened = [];
});

/** Pieces without end, or until it breaks; with a length where one is said. */
function world(breaksAfter = Number.POSITIVE_INFINITY, lengthBytes?: number) {
  const counts = { read: 0, cancelled: 0, left: 0 };
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (;;) {
      if (counts.read >= breaksAfter) {
        throw new NetError('NET_TRUNCATED', 'Cannot read from films.example: it broke off');
      }
      counts.read++;
      yield new Uint8Array(1000);
    }
  }
  const outbound: Outbound = async ({ url }) => ({
    status: 200,
    headers: new Headers(),
    url,
    ...(lengthBytes === undefined ? {} : { lengthBytes }),
    body: pieces(),
    bytes: () => Promise.reject(new Error('not asked for')),
    cancel: () => void counts.cancelled++,
  });
  const logged: unknown[] = [];
  const warn: Log['warn'] = (message, fields) => void logged.push([message, fields?.['file']]);
  const log = { ...silentLog, warn };
  const files: UpstreamFiles = { outbound, leases, clock, log, send: sendStreamed };
  const ask = async (signal?: AbortSignal) => {
    const init = signal === undefined ? {} : { signal };
    const request = new Request('http://tv.example/movie/u/p/1.mp4', init);
    const answer = await upstreamFile(files, FILM, request, () => void counts.left++);
    opened.push(answer);
    return answer;
  };
  return { counts, ask, logged };
}

for (const length of [undefined, 1_000_000]) {
  const name = length === undefined ? 'without a length' : 'with its length';

  test(`${name}: no more is read upstream than its viewer takes`, async () => {
    const { counts, ask } = world(undefined, length);
    const answer = await ask();
    expect(answer.headers.get('content-length')).toBe(length === undefined ? null : String(length));
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    for (let at = 0; at < 5; at++) await reader.read();
    await settle();
    expect(counts.read).toBeLessThanOrEqual(6);
    expect(used()).toBe(1);
    await reader.cancel();
    expect([counts.left, used()]).toEqual([1, 0]);
  });

  test(`${name}: where upstream breaks off so does the answer, and the log says which`, async () => {
    const { counts, ask, logged } = world(3, length);
    const answer = await ask();
    await expect(answer.bytes()).rejects.toThrow('broke off');
    await settle();
    await settle();
    expect([counts.left, used()]).toEqual([1, 0]);
    expect(logged).toEqual([['file broken off', 'one']]);
  });

  test(`${name}: who leaves before anything was read holds nothing`, async () => {
    const { counts, ask } = world(undefined, length);
    const answer = await ask();
    expect(used()).toBe(1);
    await answer.body?.cancel();
    expect([counts.read, counts.left, used()]).toEqual([0, 1, 0]);
  });
}

test('has one of the connections of its provider, and waits a moment for it', async () => {
  const { ask } = world();
  const first = await ask();
  const refused = ask();
  await clock.advance(1500);
  const answer = await refused;
  expect([answer.status, answer.headers.has('retry-after')]).toEqual([503, true]);
  const waiting = ask();
  await settle();
  await first.body?.cancel();
  expect((await waiting).status).toBe(200);
});
