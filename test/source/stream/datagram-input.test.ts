// This file tests streams in datagrams: bare and as RTP, from one sender, and silence.
import { describe, expect, test } from 'bun:test';
import type { OpenDatagrams } from '../../../src/net/datagram-target.ts';
import { DatagramInput, type DatagramOptions } from '../../../src/source/stream/datagram-input.ts';
import type { StreamChunk } from '../../../src/source/stream/input.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { rtpPacket } from '../../support/rtp.ts';

const bare = (value: number) => new Uint8Array(188).fill(value, 1).fill(0x47, 0, 1);
const rtp = (sequence: number, value = sequence, more = {}) =>
  rtpPacket({ sequence, payload: bare(value), ...more });

async function open(options: Partial<DatagramOptions> = {}) {
  const clock = new FakeClock();
  let send: (bytes: Uint8Array, sender: string) => void = () => {};
  let isOpen = false;
  const openDatagrams: OpenDatagrams = async (_target, onDatagram) => {
    send = onDatagram;
    isOpen = true;
    return {
      [Symbol.asyncDispose]: async () => {
        isOpen = false;
      },
    };
  };
  const target = { address: '239.1.2.3', port: 5000 };
  const input = new DatagramInput({ target, ...options }, openDatagrams, clock);
  const stop = new AbortController();
  const connection = await input.open(stop.signal);
  const chunks: StreamChunk[] = [];
  let error: unknown;
  const reading = (async () => {
    try {
      for await (const chunk of connection.chunks) chunks.push(chunk);
    } catch (caught) {
      error = caught;
    }
  })();
  /** The second byte of each packet, or 'break'. */
  const seen = () =>
    chunks.flatMap((chunk): (number | string)[] =>
      chunk === 'break'
        ? ['break']
        : Array.from({ length: chunk.length / 188 }, (_, i) => chunk[i * 188 + 1]!),
    );
  return {
    clock,
    stop,
    connection,
    chunks,
    reading,
    seen,
    send: (bytes: Uint8Array, sender = 'a 1') => send(bytes, sender),
    get error() {
      return error as { code?: string; message?: string } | undefined;
    },
    get isOpen() {
      return isOpen;
    },
  };
}

describe('DatagramInput', () => {
  test('hands on bare packets together', async () => {
    const world = await open();
    for (let i = 0; i < 5; i++) world.send(bare(i));
    await world.clock.advance(50);
    expect(world.seen()).toEqual([0, 1, 2, 3, 4]);
    expect(world.chunks).toHaveLength(1);
  });

  test('takes RTP apart, puts it in order and counts what is missing', async () => {
    const world = await open();
    for (const sequence of [10, 12, 11, 12, 14]) world.send(rtp(sequence));
    await world.clock.advance(50);
    expect(world.seen()).toEqual([10, 11, 12]);
    await world.clock.advance(300);
    expect(world.seen()).toEqual([10, 11, 12, 14]);
    expect(world.connection.takeCounts?.()).toEqual({
      rtpLost: 1,
      rtpReordered: 1,
      rtpDuplicates: 1,
      datagramsDropped: 0,
    });
  });

  test('a new sender of RTP is a break', async () => {
    const world = await open();
    for (const sequence of [1, 2]) world.send(rtp(sequence));
    for (const sequence of [70, 71]) world.send(rtp(sequence, sequence, { ssrc: 9 }));
    await world.clock.advance(50);
    expect(world.seen()).toEqual([1, 2, 'break', 70, 71]);
  });

  test('RTP of something else is no stream; a type of its own is, with packets in it', async () => {
    const world = await open();
    world.send(rtpPacket({ sequence: 1, payloadType: 96, payload: Uint8Array.of(1, 2, 3) }));
    world.send(rtp(2, 2, { payloadType: 96 }));
    await world.clock.advance(50);
    expect(world.seen()).toEqual([2]);
  });

  test('a second sender is not heard while the first one sends', async () => {
    const world = await open();
    world.send(bare(1), 'a 1');
    world.send(bare(9), 'b 1');
    world.send(bare(2), 'a 1');
    await world.clock.advance(50);
    expect(world.seen()).toEqual([1, 2]);
    expect(world.connection.takeCounts?.()).toMatchObject({ datagramsDropped: 1 });
    await world.clock.advance(1100);
    world.send(bare(3), 'b 1');
    await world.clock.advance(50);
    expect(world.seen()).toEqual([1, 2, 'break', 3]);
  });

  test('what nobody reads is bounded', async () => {
    const world = await open();
    for (let i = 0; i < 60_000; i++) world.send(bare(1));
    await world.clock.advance(50);
    expect((world.chunks[0] as Uint8Array).length).toBeLessThanOrEqual(8 * 1024 * 1024);
    expect(world.connection.takeCounts?.().datagramsDropped).toBeGreaterThan(10_000);
  });

  test.each([
    { name: 'at the beginning', sent: 0, options: {}, afterMs: 5000 },
    { name: 'later on', sent: 1, options: {}, afterMs: 3000 },
    { name: 'as long as is allowed', sent: 1, options: { betweenBytesMs: 700 }, afterMs: 700 },
  ])('silence $name is an error', async ({ sent, options, afterMs }) => {
    const world = await open(options);
    for (let i = 0; i < sent; i++) world.send(bare(1));
    await world.clock.advance(afterMs - 100);
    expect(world.error).toBeUndefined();
    await world.clock.advance(200);
    expect(world.error?.code).toBe('SOURCE_SILENT');
    expect(world.error?.message).toContain('239.1.2.3 port 5000');
  });

  test('ends where it is told to, and closes its socket', async () => {
    const world = await open();
    world.stop.abort();
    await world.reading;
    expect(world.error).toBeUndefined();
    await world.connection[Symbol.asyncDispose]();
    expect(world.isOpen).toBe(false);
    expect(world.clock.pendingCount).toBe(0);
  });
});
