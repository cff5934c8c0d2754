// This file tests the connection guard on real sockets, with a clock that the test moves.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { connect } from 'node:net';
import type { Server } from 'bun';
import { silentLog } from '../../src/base/log.ts';
import {
  type ConnectionGuard,
  createConnectionGuard,
} from '../../src/delivery/connection-guard.ts';
import type { ConnectionLimits } from '../../src/delivery/connection-limits.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { RawClient } from './raw-client.ts';

const LIMITS: Partial<ConnectionLimits> = {
  perAddress: 100,
  requestMs: 3_000,
  readWindowMs: 5_000,
  idleMs: 30_000,
};
/** More than any send buffer and receive buffer of loopback take in. */
const LARGE_BYTES = 64 * 1024 * 1024;

const large = new Blob([new Uint8Array(LARGE_BYTES)]);
const onLinux = test.skipIf(process.platform !== 'linux');
let server: Server<undefined>;
let clock: FakeClock;
let guard: ConnectionGuard;
let clients: RawClient[];
let answerLongPoll: () => void;

beforeEach(async () => {
  const longPoll = new Promise<void>((resolve) => {
    answerLongPoll = resolve;
  });
  server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    routes: {
      '/large': () => new Response(large),
      '/long-poll': async () => {
        await longPoll;
        return new Response('late');
      },
      '/body': async (request) => new Response(await request.text()),
    },
    fetch: () => new Response('soon'),
  });
  clock = new FakeClock();
  clients = [];
  await watchWith(LIMITS);
});

afterEach(async () => {
  guard[Symbol.dispose]();
  for (const client of clients) client[Symbol.dispose]();
  await server.stop(true);
});

async function watchWith(limits: Partial<ConnectionLimits>): Promise<void> {
  guard = createConnectionGuard({
    port: server.port as number,
    limits,
    clock,
    log: silentLog,
    isExempt: () => false,
  });
  await clock.advance(200);
}

async function open(): Promise<RawClient> {
  const client = await RawClient.open(server.port as number);
  clients.push(client);
  return client;
}

/** Bytes the kernel holds of the one answer under way, once they have come to rest. */
async function queuedBytes(): Promise<number> {
  const port = (server.port as number).toString(16).toUpperCase().padStart(4, '0');
  let before = -1;
  // Longer than the receiver may delay its acknowledgement
  for (let same = 0; same < 6; ) {
    const text = await Bun.file('/proc/self/net/tcp').text();
    // Columns of /proc/net/tcp: slot, local, remote, state (01 established), tx_queue:rx_queue
    const rows = text.split('\n').map((line) => line.trim().split(/\s+/));
    const row = rows.find(([, local, , state]) => local?.endsWith(`:${port}`) && state === '01');
    const queued = Number.parseInt(row?.[4]?.split(':')[0] ?? '', 16);
    same = queued === before ? same + 1 : 0;
    before = queued;
    await Bun.sleep(25);
  }
  return before;
}

/** Moves the clock second by second; the sockets have a moment of real time in between. */
async function seconds(count: number, each: (second: number) => void = () => {}): Promise<void> {
  for (let second = 0; second < count; second++) {
    each(second);
    await Bun.sleep(3);
    await clock.advance(1000);
  }
  await Bun.sleep(3);
}

describe('ConnectionGuard', () => {
  onLinux('closes slow headers', async () => {
    const client = await open();
    client.send('GET / HTTP/1.1\r\nHost: test\r\nX-Slow: ');
    await seconds(8, () => client.send('a'));
    await client.closed;
    expect(guard.stats()).toMatchObject({ closed_slow_request: 1, open: 0 });
  });

  onLinux('closes slow headers of a second request', async () => {
    const client = await open();
    client.get('/');
    await client.received(1);
    await seconds(4);
    await seconds(8, (second) => client.send('GET / HTTP'[second]!));
    await client.closed;
    expect(guard.stats()).toMatchObject({ closed_slow_request: 1, open: 0 });
  });

  onLinux('closes a slow body', async () => {
    const client = await open();
    client.send('POST /body HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\n');
    await seconds(8, () => client.send('a'));
    await client.closed;
    expect(guard.stats()).toMatchObject({ closed_slow_request: 1, open: 0 });
  });

  onLinux('closes a reader that stalls', async () => {
    const client = await open();
    client.get('/large');
    await client.received(1);
    client.socket.pause();
    await seconds(12);
    expect(guard.stats()).toMatchObject({ closed_slow_reader: 1, open: 0 });
    client.socket.resume();
    await client.closed;
    expect(client.receivedBytes).toBeLessThan(LARGE_BYTES);
    expect(server.pendingRequests).toBe(0);
  });

  onLinux('a reader that stalls leaves little in the kernel', async () => {
    const client = await open();
    client.get('/large');
    await client.received(1);
    client.socket.pause();
    expect(await queuedBytes()).toBeWithin(1, 1024 * 1024);
  });

  onLinux('leaves a reader alone that takes its time', async () => {
    const client = await open();
    client.get('/large');
    // Two windows long, a part every second
    for (let round = 0; round < 10 && !client.isClosed; round++) {
      client.socket.resume();
      await client.received(client.receivedBytes + 64 * 1024);
      client.socket.pause();
      await seconds(1);
    }
    expect(client.receivedBytes).toBeLessThan(LARGE_BYTES);
    client.socket.resume();
    await client.received(LARGE_BYTES);
    expect(client.receivedBytes).toBeGreaterThan(LARGE_BYTES);
    expect(guard.stats()).toMatchObject({ closed_slow_reader: 0, open: 1 });
  });

  onLinux('leaves a long poll alone', async () => {
    const client = await open();
    client.get('/long-poll');
    await seconds(25);
    expect(client.isClosed).toBe(false);
    answerLongPoll();
    await client.received(1);
    expect(client.receivedBytes).toBeGreaterThan(0);
  });

  onLinux('leaves a player alone that polls every four seconds', async () => {
    const client = await open();
    await seconds(60, (second) => {
      if (second % 4 === 0) client.get('/');
    });
    expect(client.isClosed).toBe(false);
    expect(guard.stats()).toMatchObject({ open: 1, closed_idle: 0, closed_slow_request: 0 });
  });

  onLinux('closes what has been silent for long', async () => {
    const client = await open();
    client.get('/');
    await client.received(1);
    await seconds(29);
    expect(client.isClosed).toBe(false);
    await seconds(4);
    await client.closed;
    expect(guard.stats()).toMatchObject({ closed_idle: 1, open: 0 });
  });

  onLinux('closes the newest above the cap of an address', async () => {
    guard[Symbol.dispose]();
    await watchWith({ ...LIMITS, perAddress: 3 });
    const old = [await open(), await open(), await open()];
    for (const client of old) client.get('/');
    await seconds(2);
    const fresh = [await open(), await open()];
    for (const client of fresh) client.get('/');
    await seconds(2);
    await Promise.all(fresh.map((client) => client.closed));
    expect(old.map((client) => client.isClosed)).toEqual([false, false, false]);
    expect(guard.stats()).toMatchObject({ closed_per_address: 2, open: 3, addresses: 1 });
  });

  onLinux('does not cap a reverse proxy on the same machine', async () => {
    guard[Symbol.dispose]();
    const limits = { ...LIMITS, perAddress: 1 };
    guard = createConnectionGuard({ port: server.port as number, limits, clock, log: silentLog });
    const all = [await open(), await open(), await open()];
    for (const client of all) client.get('/');
    await seconds(2);
    expect(guard.stats()).toMatchObject({ closed_per_address: 0, open: 3 });
  });

  onLinux('never touches sockets of another port', async () => {
    await using other = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      idleTimeout: 0,
      fetch: () => new Response(),
    });
    let isClosed = false;
    const socket = connect(other.port as number, '127.0.0.1');
    socket.on('close', () => {
      isClosed = true;
    });
    await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
    await seconds(40);
    expect(isClosed).toBe(false);
    expect(guard.stats().open).toBe(0);
    socket.destroy();
  });

  onLinux('does nothing more once it is disposed of', async () => {
    const client = await open();
    guard[Symbol.dispose]();
    await seconds(10);
    expect(client.isClosed).toBe(false);
    expect(clock.pendingCount).toBe(0);
  });
});
