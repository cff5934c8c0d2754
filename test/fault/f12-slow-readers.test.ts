// This file is failure F12: viewers that read slowly, hardly, or not at all.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Socket } from 'bun';
import { RawClient } from '../support/viewer/raw-client.ts';
import { until, World } from './world.ts';

const MIB = 1024 * 1024;
const CHANNELS = 20;
const READERS = 1000;
const HOLD_MS = 20_000;
/** The ring holds what it may in any case; readers may add this much. */
const GROWTH_MAX = 128 * MIB;

const ids = Array.from({ length: CHANNELS }, (_, index) => `f12-${index}`);
const world = new World(
  // Larger than what sockets on both sides hold, so that a reader really holds a body back.
  Object.fromEntries(ids.map((id) => [id, { live: { segmentBytes: 4 * MIB, targetMs: 4000 } }])),
  ['memory: 512MiB', 'prefetch: { idle_stop: 60s, ahead: 0 }'],
);
beforeAll(() => world.start().then(() => {}));
afterAll(() => world[Symbol.asyncDispose]());

/** The newest segment of each channel, once its body is held. */
async function segmentUrls(): Promise<string[]> {
  const urls: string[] = [];
  for (const id of ids) {
    const media = await world.mediaUrl(id);
    using client = new RawClient(media);
    let url: string | undefined;
    await until(async () => {
      url = await world.lastListed(media);
      return url !== undefined && (await client.get(url)).status === 200;
    }, 10_000);
    urls.push(url!);
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

describe('F12: slow readers', () => {
  test('a thousand that read 1 KB/s from twenty channels cost little, and others are served', async () => {
    const urls = await segmentUrls();
    await Bun.sleep(8000);
    const before = world.weir.rssBytes();
    const clients = Array.from({ length: READERS }, () => new RawClient(world.weir.url('/')));
    const reading = clients.map((client, index) =>
      client.get(urls[index % CHANNELS]!, { bytesPerSecond: 1024, timeoutMs: HOLD_MS }),
    );
    const watching = world.watch(ids[0]!, { count: 3, forMs: HOLD_MS - 2000 });
    const growth = await peakGrowth(before, HOLD_MS - 1000);
    for (const client of clients) client[Symbol.dispose]();
    const answers = await Promise.all(reading);
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(READERS * 0.99);
    expect(growth).toBeLessThan(GROWTH_MAX);
    expect((await watching).blamed).toEqual([]);
  }, 90_000);

  test('a thousand that never read are let go in time, and cost little until then', async () => {
    const urls = await segmentUrls();
    const fds = world.weir.fdCount();
    const before = world.weir.rssBytes();
    const paths = urls.map((url) => new URL(url).pathname);
    const sockets = await stalled(
      READERS,
      (index) => `GET ${paths[index % CHANNELS]} HTTP/1.1\r\nHost: x\r\n\r\n`,
    );
    expect(world.weir.fdCount()).toBeGreaterThan(fds + READERS * 0.9);
    const growth = await peakGrowth(before, 5000);
    expect(growth).toBeLessThan(GROWTH_MAX);
    const areGone = await until(() => world.weir.fdCount() < fds + 50, 30_000);
    for (const socket of sockets) socket.terminate();
    expect(areGone).toBe(true);
  }, 90_000);

  test('heads that never end are let go in time', async () => {
    const fds = world.weir.fdCount();
    const sockets = await stalled(300, () => 'GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    const drip = setInterval(() => {
      for (const socket of sockets) socket.write('a');
    }, 1000);
    expect(world.weir.fdCount()).toBeGreaterThan(fds + 250);
    const areGone = await until(() => world.weir.fdCount() < fds + 50, 30_000);
    clearInterval(drip);
    for (const socket of sockets) socket.terminate();
    expect(areGone).toBe(true);
  }, 60_000);
});
