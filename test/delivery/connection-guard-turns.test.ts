// This file tests what the connection guard remembers of descriptors, over made-up sockets.
import { beforeEach, describe, expect, test } from 'bun:test';
import { silentLog } from '../../src/base/log.ts';
import { ConnectionGuard } from '../../src/delivery/connection-guard.ts';
import type { ConnectionLimits } from '../../src/delivery/connection-limits.ts';
import type { SocketCalls } from '../../src/delivery/socket-calls.ts';
import { FakeClock } from '../support/fake-clock.ts';

const LIMITS: Partial<ConnectionLimits> = { perAddress: 100, requestMs: 3_000 };
const onLinux = test.skipIf(process.platform !== 'linux');
let clock: FakeClock;

beforeEach(() => {
  clock = new FakeClock();
});

describe('ConnectionGuard over made-up sockets', () => {
  type Made = { readonly cookie: number; readonly port: number };

  /** Every socket is silent, so each is closed once its time is up. */
  function callsOver(sockets: Map<number, Made>, aborted: number[]): SocketCalls {
    const address = (fd: number) => {
      const socket = sockets.get(fd);
      return socket && { port: socket.port, network: '192.0.2.1' };
    };
    return {
      cookie: (fd) => sockets.get(fd)?.cookie,
      local: address,
      peer: address,
      isListening: () => false,
      ageMs: () => 0,
      acceptAtOnce: () => true,
      count(_fd, into) {
        Object.assign(into, { receivedBytes: 0, sentSegments: 0, ackedBytes: 0, unsentBytes: 0 });
        return true;
      },
      abort: (fd) => aborted.push(fd) > 0,
      limitUnsent: () => true,
      limitUnacknowledged: () => true,
      send: () => 0,
      finish: () => true,
      [Symbol.dispose]() {},
    };
  }

  function guardOver(sockets: Map<number, Made>, aborted: number[]): ConnectionGuard {
    const options = { port: 8080, limits: LIMITS, clock, log: silentLog, isExempt: () => false };
    return new ConnectionGuard(options, () => callsOver(sockets, aborted));
  }

  onLinux('a descriptor that means another socket starts anew', async () => {
    const sockets = new Map([[5, { cookie: 1, port: 8080 }]]);
    const aborted: number[] = [];
    using _ = guardOver(sockets, aborted);
    await clock.advance(2_500);
    sockets.set(5, { cookie: 2, port: 8080 });
    await clock.advance(2_500);
    expect(aborted).toEqual([]);
    sockets.set(5, { cookie: 3, port: 40_000 });
    await clock.advance(20_000);
    expect(aborted).toEqual([]);
  });

  onLinux('closes a socket once, however long the server takes over it', async () => {
    const sockets = new Map([[5, { cookie: 1, port: 8080 }]]);
    const aborted: number[] = [];
    using _ = guardOver(sockets, aborted);
    await clock.advance(30_000);
    expect(aborted).toEqual([5]);
  });

  onLinux('looks when a request is due, counted from when its connection was opened', async () => {
    const sockets = new Map([[5, { cookie: 1, port: 8080 }]]);
    const aborted: number[] = [];
    const calls = { ...callsOver(sockets, aborted), ageMs: () => 150 };
    const options = { port: 8080, limits: LIMITS, clock, log: silentLog, isExempt: () => false };
    using _ = new ConnectionGuard(options, () => calls);
    await clock.advance(200 - 150 + 3_000 - 1);
    expect(aborted).toEqual([]);
    await clock.advance(1);
    expect(aborted).toEqual([5]);
  });

  onLinux('however many are due, it does not look all the time', async () => {
    const sockets = new Map<number, Made>();
    const aborted: number[] = [];
    let looks = 0;
    const made = callsOver(sockets, aborted);
    const count: SocketCalls['count'] = (fd, into) => {
      if (fd === 5) looks++;
      return made.count(fd, into);
    };
    let age = 0;
    const calls = { ...made, count, ageMs: () => (age += 7) };
    for (let fd = 5; fd < 200; fd++) sockets.set(fd, { cookie: fd, port: 8080 });
    const options = { port: 8080, limits: LIMITS, clock, log: silentLog, isExempt: () => false };
    using _ = new ConnectionGuard(options, () => calls);
    await clock.advance(3_200);
    expect(aborted.length).toBeGreaterThan(190);
    expect(looks).toBeLessThanOrEqual(3_000 / 200);
  });

  onLinux('closes what is over the cap in turns of bounded length', async () => {
    const sockets = new Map<number, Made>();
    for (let fd = 10; fd < 10 + 64; fd++) sockets.set(fd, { cookie: fd, port: 8080 });
    const aborted: number[] = [];
    const limits = { ...LIMITS, perAddress: 4 };
    const options = { port: 8080, limits, clock, log: silentLog, isExempt: () => false };
    using capped = new ConnectionGuard(options, () => callsOver(sockets, aborted));
    await clock.advance(1_900);
    const seen = aborted.length + capped.stats().open;
    expect(aborted).toHaveLength(seen - 4);
    expect([10, 11, 12, 13].some((fd) => aborted.includes(fd))).toBe(false);
  });

  test('without the calls of Linux it says once that it is off', async () => {
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (message: string) => void warnings.push(message) };
    const options = { port: 8080, limits: LIMITS, clock, log };
    using off = new ConnectionGuard(options, () => undefined);
    await clock.advance(10_000);
    expect(warnings).toEqual(['connection guard off: it needs Linux and its C library']);
    expect(off.stats().open).toBe(0);
  });
});
