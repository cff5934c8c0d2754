// This file is failure F12: viewers that read slowly, hardly, or not at all.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Socket } from 'bun';
import { until } from '../../support/until.ts';
import { RawClient } from '../../support/viewer/raw-client.ts';
import { World } from '../world.ts';

const MIB = 1024 * 1024;
const CHANNELS = 20;
const READERS = 1000;
const HOLD_MS = 20_000;
/** The ring holds what it may in any case; readers may add this much. */
const GROWTH_MAX = 128 * MIB;

const ids = Array.from({ length: CHANNELS }, (_, index) => `f12-${index}`);
// More than the sockets of both sides hold, so that a slow reader really holds a body back.
const live = { segmentBytes: 6 * MIB, window: 3, targetMs: 4000 };
// Room for all of them at their full rate, which is what a newcomer is judged by.
const world = new World(
  { ...Object.fromEntries(ids.map((id) => [id, { live }])), 'f12-calm': {} },
  ['memory: 2GiB', 'prefetch: { idle_stop: 120s, ahead: 0 }'],
);
beforeAll(() => world.start().then(() => {}), 60_000);
afterAll(() => world[Symbol.asyncDispose](), 20_000);

/** One segment of each channel, all held, and nothing more to come: only readers change memory. */
async function segmentUrls(): Promise<string[]> {
  const urls: string[] = [];
  for (const id of ids) {
    world.at(id).live.freeze();
    const media = await world.mediaUrl(id);
    const url = await world.lastListed(media);
    if (url === undefined) throw new Error(`Cannot test ${id}: its first list is empty`);
    using client = new RawClient(media);
    const isHeld = await until(async () => (await client.get(url)).ended === 'whole', 10_000);
    if (!isHeld) throw new Error(`Cannot test ${id}: its segment does not come`);
    urls.push(url);
  }
  return urls;
}

/** Opens `count` plain sockets that say `text` and never read. */
async function stalled(count: number, text: (index: number) => string): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let index = 0; index < count; index++) {
    const socket = await Bun.connect({
      hostname: '127.0.0.1',
      port: world.weir.port,
      socket: { data: (self) => void self.pause(), error() {}, close() {} },
    });
    socket.write(text(index));
    sockets.push(socket);
  }
  return sockets;
}

async function peakGrowth(before: number, forMs: number): Promise<number> {
  let peak = 0;
  const endMs = performance.now() + forMs;
  while (performance.now() < endMs) {
    peak = Math.max(peak, world.weir.rssBytes() - before);
    await Bun.sleep(100);
  }
  return peak;
}

let urls: readonly string[] = [];
beforeAll(async () => {
  urls = await segmentUrls();
  await Bun.sleep(3000);
}, 60_000);

describe('F12: slow readers', () => {
  test('a thousand that read 1 KB/s from twenty channels cost little, and others are served', async () => {
    const before = world.weir.rssBytes();
    const clients = Array.from({ length: READERS }, () => new RawClient(world.weir.url('/')));
    const reading = clients.map((client, index) =>
      client.get(urls[index % CHANNELS]!, { bytesPerSecond: 1024, timeoutMs: HOLD_MS }),
    );
    const watching = world.watch('f12-calm', { count: 3, forMs: HOLD_MS - 2000 });
    const growth = await peakGrowth(before, HOLD_MS - 1000);
    for (const client of clients) client[Symbol.dispose]();
    const answers = await Promise.all(reading);
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(READERS * 0.99);
    expect(answers.filter(({ ended }) => ended === 'whole')).toEqual([]);
    expect(growth).toBeLessThan(GROWTH_MAX);
    expect((await watching).blamed).toEqual([]);
  }, 90_000);

  test('a thousand that never read are let go in time, and cost little until then', async () => {
    await until(() => world.weir.fdCount() < READERS / 2, 5000);
    const fds = world.weir.fdCount();
    const before = world.weir.rssBytes();
    const paths = urls.map((url) => new URL(url).pathname);
    const sockets = await stalled(
      READERS,
      (index) => `GET ${paths[index % CHANNELS]} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`,
    );
    expect(await until(() => world.weir.fdCount() > fds + READERS * 0.9, 5000)).toBe(true);
    const growth = await peakGrowth(before, 5000);
    expect(growth).toBeLessThan(GROWTH_MAX);
    const areGone = await until(() => world.weir.fdCount() < fds + 50, 60_000);
    for (const socket of sockets) socket.terminate();
    expect(areGone).toBe(true);
  }, 90_000);

  test('heads that never end are let go in time', async () => {
    const fds = world.weir.fdCount();
    const sockets = await stalled(300, () => 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ');
    const drip = setInterval(() => {
      for (const socket of sockets) socket.write('a');
    }, 1000);
    expect(await until(() => world.weir.fdCount() > fds + 250, 5000)).toBe(true);
    const areGone = await until(() => world.weir.fdCount() < fds + 50, 30_000);
    clearInterval(drip);
    for (const socket of sockets) socket.terminate();
    expect(areGone).toBe(true);
  }, 60_000);
});
