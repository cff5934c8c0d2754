// This file tests that a long body is sent with its length, as fast as it is taken and no faster.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import type { Server } from 'bun';
import { systemClock } from '../../src/base/clock.ts';
import { createSizedSend, type SizedAnswer } from '../../src/delivery/sized-answer.ts';
import { openSocketCalls } from '../../src/delivery/socket-calls.ts';
import { until } from '../support/until.ts';
import { RawClient } from './raw-client.ts';

const PIECE = 100_000;
const PIECES = 400;
const SIZE = PIECE * PIECES;

let server: Server<undefined>;
let given: number;
let ended: number;
let breaksAt: number;

async function* body(from: number): AsyncGenerator<Uint8Array> {
  try {
    for (let at = from; at < SIZE; at += PIECE) {
      if (at === breaksAt) throw new Error('lost');
      given++;
      yield new Uint8Array(PIECE).fill(at / PIECE);
    }
  } finally {
    ended++;
  }
}

beforeEach(() => {
  given = 0;
  ended = 0;
  breaksAt = -1;
  const send = createSizedSend({
    clock: systemClock,
    open: openSocketCalls,
    peerOf: (request) => server.requestIP(request),
    port: () => server.port as number,
  });
  server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    fetch(request) {
      const from = new URL(request.url).pathname === '/part' ? SIZE / 2 : 0;
      const answer: SizedAnswer = {
        request,
        status: from === 0 ? 200 : 206,
        headers: { 'content-type': 'video/mp2t', etag: '"a"' },
        sizeBytes: SIZE - from,
        body: body(from),
      };
      return send(answer);
    },
  });
});

afterEach(() => server.stop(true));

const onLinux = test.skipIf(process.platform !== 'linux');

describe('createSizedSend()', () => {
  onLinux('sends head, length and every byte, to many at once', async () => {
    const answers = Array.from({ length: 20 }, async (_, index) => {
      const answer = await fetch(
        `http://127.0.0.1:${server.port}/${index % 2 === 0 ? '' : 'part'}`,
      );
      const bytes = await answer.bytes();
      const from = index % 2 === 0 ? 0 : SIZE / 2;
      expect(answer.status).toBe(from === 0 ? 200 : 206);
      expect(answer.headers.get('content-length')).toBe(String(SIZE - from));
      expect(answer.headers.get('date')).not.toBeNull();
      expect(bytes.length).toBe(SIZE - from);
      for (let at = 0; at < bytes.length; at += PIECE / 2) {
        expect(bytes[at]).toBe(Math.floor((from + at) / PIECE) % 256);
      }
    });
    await Promise.all(answers);
    expect(await until(() => ended === 20, 10_000)).toBe(true);
  });

  onLinux('makes no more than is taken, and stops when the viewer goes', async () => {
    const client = await RawClient.open(server.port as number);
    client.socket.pause();
    client.get('/');
    let before = -1;
    let still = 0;
    await until(() => {
      still = given > 0 && given === before ? still + 1 : 0;
      before = given;
      return still > 10;
    }, 10_000);
    expect(given).toBeLessThan(PIECES / 2);
    client[Symbol.dispose]();
    expect(await until(() => ended === 1, 10_000)).toBe(true);
  });

  onLinux('breaks off visibly where the rest is not to be had', async () => {
    breaksAt = 30 * PIECE;
    const answer = await fetch(`http://127.0.0.1:${server.port}/`);
    await expect(answer.bytes()).rejects.toThrow();
    expect(ended).toBe(1);
  });
});
