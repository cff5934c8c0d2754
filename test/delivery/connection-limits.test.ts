// This file tests which connections the limits let stay.
import { describe, expect, test } from 'bun:test';
import {
  type ConnectionLimits,
  type Counters,
  judge,
  watch,
} from '../../src/delivery/connection-limits.ts';

const LIMITS: ConnectionLimits = {
  perAddress: 10,
  requestMs: 5_000,
  readWindowMs: 20_000,
  bytesPerSecond: 8_192,
  idleMs: 120_000,
};

/** Counters at a second since the connection was opened; what is absent is 0. */
type Look = Partial<Counters> & { readonly s: number };

const GET = 200;
const KIB = 1024;

function everySecond(from: number, to: number, at: (s: number) => Partial<Counters>): Look[] {
  return Array.from({ length: to - from + 1 }, (_, index) => ({
    s: from + index,
    ...at(from + index),
  }));
}

/** The first fault and the second at which it was found. */
function run(looks: readonly Look[]): string {
  const seen = watch(0);
  for (const { s, ...counters } of looks) {
    const now = { receivedBytes: 0, sentSegments: 0, ackedBytes: 0, unsentBytes: 0, ...counters };
    const fault = judge(seen, now, s * 1000, LIMITS);
    if (fault !== undefined) return `${fault} at ${s}`;
  }
  return 'stays';
}

const CASES: readonly { name: string; looks: readonly Look[]; result: string }[] = [
  {
    name: 'nothing ever sent',
    looks: everySecond(0, 10, () => ({})),
    result: 'slow_request at 5',
  },
  {
    name: 'a header that drips from the start',
    looks: everySecond(0, 10, (s) => ({ receivedBytes: s + 1 })),
    result: 'slow_request at 5',
  },
  {
    name: 'a header that drips every other second',
    looks: everySecond(0, 10, (s) => ({ receivedBytes: 1 + (s >> 1) })),
    result: 'slow_request at 5',
  },
  {
    name: 'silence first, then a drip',
    looks: everySecond(0, 12, (s) => ({ receivedBytes: Math.max(0, s - 3) })),
    result: 'slow_request at 9',
  },
  {
    name: 'a drip whose first byte came between two looks',
    looks: [
      { s: 0 },
      { s: 1, receivedBytes: 9 },
      ...[5.4, 5.5].map((s) => ({ s, receivedBytes: 10 })),
    ],
    result: 'slow_request at 5.5',
  },
  {
    name: 'a request that has not grown for more than a second when its time is up',
    looks: [0, 1, 2, 3, 3.9, 5, 6, 30].map((s) => ({ s, receivedBytes: 1 + Math.min(3.9, s) })),
    result: 'stays',
  },
  {
    name: 'a request that comes late but whole',
    looks: everySecond(0, 60, (s) => ({ receivedBytes: s < 4 ? 0 : GET })),
    result: 'stays',
  },
  {
    name: 'a request in two halves a second apart, whose answer takes a minute',
    looks: everySecond(0, 60, (s) => ({ receivedBytes: s < 1 ? 90 : GET })),
    result: 'stays',
  },
  {
    name: 'a long poll of a hundred seconds, answered, and another',
    looks: everySecond(0, 219, (s) => ({
      receivedBytes: s < 110 ? GET : 2 * GET,
      sentSegments: s < 100 ? 0 : s < 210 ? 1 : 2,
    })),
    result: 'stays',
  },
  {
    name: 'an upload fast enough',
    looks: everySecond(0, 30, (s) => ({ receivedBytes: GET + s * 10 * KIB })),
    result: 'stays',
  },
  {
    name: 'a body that drips after whole headers',
    looks: everySecond(0, 30, (s) => ({ receivedBytes: GET + s * 100 })),
    result: 'slow_request at 5',
  },
  {
    name: 'a second request that drips',
    looks: everySecond(0, 30, (s) => ({
      receivedBytes: GET + Math.max(0, s - 10),
      sentSegments: 1,
    })),
    result: 'slow_request at 16',
  },
  {
    name: 'a player that polls every six seconds for an hour',
    looks: everySecond(0, 3600, (s) => ({
      receivedBytes: GET * (1 + Math.floor(s / 6)),
      sentSegments: 1 + Math.floor(s / 6),
      ackedBytes: 700 * (1 + Math.floor(s / 6)),
    })),
    result: 'stays',
  },
  {
    name: 'keep-alive without another request',
    looks: everySecond(0, 300, () => ({ receivedBytes: GET, sentSegments: 1, ackedBytes: 700 })),
    result: 'idle at 120',
  },
  {
    name: 'a reader that takes nothing',
    looks: everySecond(0, 60, () => ({
      receivedBytes: GET,
      sentSegments: 40,
      ackedBytes: 60_000,
      unsentBytes: 100_000,
    })),
    result: 'slow_reader at 20',
  },
  {
    name: 'a reader that takes a byte a second',
    looks: everySecond(0, 60, (s) => ({
      receivedBytes: GET,
      sentSegments: 40 + s,
      ackedBytes: 60_000 + s,
      unsentBytes: 100_000 - s,
    })),
    result: 'slow_reader at 20',
  },
  {
    name: 'a reader just above the limit',
    looks: everySecond(0, 120, (s) => ({
      receivedBytes: GET,
      sentSegments: 40 + s,
      ackedBytes: 8 * KIB * s,
      unsentBytes: 100_000,
    })),
    result: 'stays',
  },
  {
    name: 'a reader that stops after a good start',
    looks: everySecond(0, 120, (s) => ({
      receivedBytes: GET,
      sentSegments: 40,
      ackedBytes: 64 * KIB * Math.min(s, 25),
      unsentBytes: 100_000,
    })),
    result: 'slow_reader at 60',
  },
  {
    name: 'a reader that pauses for less than a window, over and over',
    looks: everySecond(0, 300, (s) => ({
      receivedBytes: GET,
      sentSegments: 40 + s,
      ackedBytes: 1_500_000 * Math.ceil(s / 15),
      unsentBytes: s % 15 === 0 ? 0 : 100_000,
    })),
    result: 'stays',
  },
  {
    name: 'an endless stream of 32 kbit/s that is read as it comes',
    looks: everySecond(0, 3600, (s) => ({
      receivedBytes: GET,
      sentSegments: 1 + s,
      ackedBytes: 4 * KIB * s,
    })),
    result: 'stays',
  },
];

describe('judge()', () => {
  for (const { name, looks, result } of CASES) {
    test(name, () => expect(run(looks)).toBe(result));
  }
});
