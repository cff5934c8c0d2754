// This file tests who holds what upstream while streams are passed on, and when it is given back.
import { beforeEach, describe, expect, test } from 'bun:test';
import type { UrlSource } from '../../../src/config/config.ts';
import { NetError } from '../../../src/net/errors.ts';
import type { Outbound } from '../../../src/net/outbound.ts';
import { PassedStreams } from '../../../src/packaging/mpegts/passed-streams.ts';
import { ProviderBusyError } from '../../../src/prefetch/channel/channel-places.ts';
import { ProviderLeases } from '../../../src/source/failover/provider-leases.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { urlChannel } from '../../support/in-process-app.ts';
import { StreamWriter, writeFrames } from '../../support/ts-stream.ts';

const PROVIDER = 'acme';
const [source] = urlChannel('tv', 'http://up.example/tv', { provider: PROVIDER })
  .sources as readonly [UrlSource];
const media = writeFrames(new StreamWriter(), 90_000, 50).take();

/** What an upstream does: its statuses in order, the last for ever, and how a body goes on. */
type Upstream = {
  statuses: number[];
  body: () => AsyncGenerator<Uint8Array>;
  /** Answers only when it is let go of. */
  isSilent: boolean;
  asked: number;
  open: number;
};

let clock: FakeClock;
let leases: ProviderLeases;
let upstream: Upstream;
let streams: PassedStreams;
let collections: number;

async function* endless(): AsyncGenerator<Uint8Array> {
  for (;;) yield media;
}

beforeEach(() => {
  clock = new FakeClock();
  leases = new ProviderLeases(clock, new Map([[PROVIDER, 1]]));
  upstream = { statuses: [200], body: endless, isSilent: false, asked: 0, open: 0 };
  const outbound: Outbound = async ({ url, signal }) => {
    const { statuses, body } = upstream;
    const status = statuses[Math.min(upstream.asked++, statuses.length - 1)] ?? 200;
    if (upstream.isSilent) {
      const left = Promise.withResolvers<never>();
      const aborted = new NetError('NET_ABORTED', 'Cannot fetch: stopped');
      signal?.addEventListener('abort', () => left.reject(aborted));
      return left.promise;
    }
    upstream.open++;
    let isOpen = true;
    const cancel = () => {
      if (isOpen) upstream.open--;
      isOpen = false;
    };
    const bytes = async () => new Uint8Array();
    return { status, headers: new Headers(), url, body: body(), bytes, cancel };
  };
  collections = 0;
  streams = new PassedStreams({ clock, outbound, leases, collect: () => void collections++ });
});

/** A viewer, what it was told at its end, and what opening it came to. */
function watch() {
  const leave = new AbortController();
  const ends: unknown[] = [];
  const onEnd = (error?: unknown) => void ends.push(error);
  const opening = streams.open({ channel: 'tv', gone: leave.signal, onEnd }, source);
  const opened = opening.catch((error: Error & { code: string }) => error.code);
  return { leave, ends, opening, opened };
}

async function bodyOf({ opening }: ReturnType<typeof watch>) {
  const body = await opening;
  if (body === 'playlist') throw new Error('Cannot watch: it is a playlist');
  return body.getReader();
}

const used = () => leases.stats().find(({ provider }) => provider === PROVIDER)?.used;
const viewers = () => streams.stats().reduce((sum, stats) => sum + stats.viewers, 0);

/** Nothing is open, nobody watches, the place is free. */
async function expectNothingHeld(): Promise<void> {
  await settle();
  expect([upstream.open, used(), viewers()]).toEqual([0, 0, 0]);
}

describe('PassedStreams', () => {
  test('passes the bytes on and counts them', async () => {
    const reader = await bodyOf(watch());
    expect((await reader.read()).value?.length).toBe(media.length);
    await reader.read();
    expect(streams.stats()).toEqual([{ channel: 'tv', viewers: 1, bytes: 2 * media.length }]);
    expect([upstream.open, used()]).toEqual([1, 1]);
  });

  test('a viewer that leaves closes its connection and gives its place back', async () => {
    const viewer = watch();
    const reader = await bodyOf(viewer);
    await reader.read();
    await reader.cancel();
    await expectNothingHeld();
    expect(viewer.ends).toEqual([undefined]);
  });

  test('also one that leaves before it read anything', async () => {
    const viewer = watch();
    await viewer.opening;
    viewer.leave.abort();
    await expectNothingHeld();
    expect(viewer.ends).toEqual([undefined]);
  });

  test('also one that leaves while upstream does not answer', async () => {
    upstream.isSilent = true;
    const viewer = watch();
    await settle();
    viewer.leave.abort();
    expect(await viewer.opened).toBe('NET_ABORTED');
    await expectNothingHeld();
  });

  test('ends where upstream ends', async () => {
    upstream.body = async function* () {
      yield media;
    };
    const viewer = watch();
    const reader = await bodyOf(viewer);
    expect((await reader.read()).done).toBe(false);
    expect((await reader.read()).done).toBe(true);
    await expectNothingHeld();
    expect(viewer.ends).toEqual([undefined]);
  });

  test('breaks where upstream breaks, and says why', async () => {
    const broken = new NetError('NET_TRUNCATED', 'Cannot fetch: it broke off');
    upstream.body = async function* () {
      yield media;
      throw broken;
    };
    const viewer = watch();
    const reader = await bodyOf(viewer);
    await reader.read();
    await expect(reader.read()).rejects.toBe(broken);
    await expectNothingHeld();
    expect(viewer.ends).toEqual([broken]);
  });

  test('lets the garbage of what was passed on be collected, not too often', async () => {
    const reader = await bodyOf(watch());
    const pass = async (sizeBytes: number) => {
      for (let sum = 0; sum < sizeBytes; sum += media.length) await reader.read();
    };
    await pass(15 * 2 ** 20);
    await clock.advance(5000);
    expect(collections).toBe(0);
    await pass(40 * 2 ** 20);
    expect(collections).toBe(0);
    await clock.advance(1000);
    expect(collections).toBe(1);
    await clock.advance(5000);
    expect(collections).toBe(1);
    await pass(17 * 2 ** 20);
    await clock.advance(1000);
    expect(collections).toBe(2);
  });

  test('one more viewer than the provider allows is refused, and takes nothing', async () => {
    await bodyOf(watch());
    const second = watch();
    void second.opening.catch(() => {});
    await clock.advance(5000);
    await expect(second.opening).rejects.toBeInstanceOf(ProviderBusyError);
    expect([upstream.asked, upstream.open, used(), viewers()]).toEqual([1, 1, 1, 1]);
  });

  test('a channel that nobody watches gives its place to a viewer, once it has closed', async () => {
    const asked: string[] = [];
    const holder = { idleFromMs: () => 0, giveWay: () => void asked.push('give way') };
    const lease = leases.take(PROVIDER, holder);
    const viewer = watch();
    await clock.advance(500);
    expect([asked, upstream.asked, used()]).toEqual([['give way'], 0, 1]);
    lease?.[Symbol.dispose]();
    const reader = await bodyOf(viewer);
    expect((await reader.read()).value?.length).toBe(media.length);
    expect(used()).toBe(1);
  });

  test('who asks just before the other leaves gets the place', async () => {
    const first = await bodyOf(watch());
    const second = watch();
    await clock.advance(500);
    await first.cancel();
    await clock.advance(500);
    await (await bodyOf(second)).read();
    expect([upstream.asked, upstream.open, used(), viewers()]).toEqual([2, 1, 1, 1]);
  });

  test('a refusal that may be meant for the connection just closed is not the last word', async () => {
    const first = await bodyOf(watch());
    await first.cancel();
    await settle();
    upstream.statuses = [200, 403, 403, 200];
    const second = watch();
    await clock.advance(3000);
    await (await bodyOf(second)).read();
    expect([upstream.asked, upstream.open, used()]).toEqual([4, 1, 1]);
  });

  const REFUSALS: readonly (readonly [string, () => void, number, string])[] = [
    ['a refusal', () => (upstream.statuses = [403]), 0, 'SOURCE_STATUS'],
    ['silence', () => (upstream.isSilent = true), 20_000, 'NET_TIMEOUT_TOTAL'],
    ['no stream', () => (upstream.body = page), 0, 'MEDIA_FORMAT'],
    ['a playlist', () => (upstream.body = list), 0, 'playlist'],
  ];
  test.each(REFUSALS)('%s leaves nothing held', async (_, prepare, waitMs, is) => {
    prepare();
    const { opened } = watch();
    await clock.advance(waitMs);
    expect(await opened).toBe(is as 'playlist');
    await expectNothingHeld();
  });
});

async function* page(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(70_000).fill(60);
}

async function* list(): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode('#EXTM3U\n');
}
