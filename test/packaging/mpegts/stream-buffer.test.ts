// This file tests what viewers of an endless stream get, however fast they take it.
import { describe, expect, test } from 'bun:test';
import {
  type Chunk,
  StreamBuffer,
  StreamReader,
} from '../../../src/packaging/mpegts/stream-buffer.ts';

const SECOND = 90_000;

/** A chunk each half second, a key frame each two; its only byte is its number. */
function chunk(number: number): Chunk {
  return {
    bytes: Uint8Array.of(number % 256),
    time90k: (number * SECOND) / 2,
    isJoin: number % 4 === 0,
  };
}

function filled(count: number): StreamBuffer {
  const buffer = new StreamBuffer();
  for (let number = 0; number < count; number++) buffer.append(chunk(number));
  return buffer;
}

async function take(reader: StreamReader, count: number): Promise<number[]> {
  const taken: number[] = [];
  for (let left = count; left > 0; left--) {
    const bytes = await reader.next();
    if (bytes === undefined) break;
    taken.push(bytes[0] as number);
  }
  return taken;
}

describe('StreamBuffer', () => {
  test('a new viewer begins with a key frame that leaves its player something in hand', async () => {
    // The newest is 10 (5 s): the key frame at 8 (4 s) is too near, that at 4 (2 s) is not
    expect(await take(new StreamReader(filled(11)), 3)).toEqual([4, 5, 6]);
  });

  test('where there is only one key frame, with that', async () => {
    expect(await take(new StreamReader(filled(2)), 2)).toEqual([0, 1]);
  });

  test('who comes before the first key frame waits for it', async () => {
    const buffer = new StreamBuffer();
    buffer.append(chunk(3));
    const taken = take(new StreamReader(buffer), 2);
    buffer.append(chunk(4));
    buffer.append(chunk(5));
    expect(await taken).toEqual([4, 5]);
  });

  test('all get the same bytes in the same order as they come', async () => {
    const buffer = filled(1);
    const all = Promise.all(Array.from({ length: 20 }, () => take(new StreamReader(buffer), 9)));
    for (let number = 1; number < 9; number++) {
      buffer.append(chunk(number));
      await Promise.resolve();
    }
    for (const taken of await all) expect(taken).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('keeps twelve seconds, however long it runs', () => {
    const buffer = filled(1000);
    expect(buffer.endNumber).toBe(1000);
    expect(buffer.endNumber - buffer.firstNumber).toBe(25);
    expect(buffer.sizeBytes).toBe(25);
  });

  test('keeps no more bytes than its limit, and never nothing', () => {
    const buffer = new StreamBuffer();
    const bytes = new Uint8Array(20 * 1024 * 1024);
    for (let number = 0; number < 5; number++) buffer.append({ ...chunk(number), bytes });
    expect(buffer.sizeBytes).toBe(bytes.length);
  });

  test('who stalls is skipped forward to a key frame, and the others are not', async () => {
    const buffer = filled(4);
    const [slow, fast] = [new StreamReader(buffer), new StreamReader(buffer)];
    expect(await take(slow, 1)).toEqual([0]);
    const seen: number[] = [...(await take(fast, 4))];
    for (let number = 4; number < 60; number++) {
      buffer.append(chunk(number));
      seen.push(...(await take(fast, 1)));
    }
    expect(seen).toEqual(Array.from({ length: 60 }, (_, number) => number));
    expect(await take(slow, 2)).toEqual([52, 53]);
    expect(slow.skips).toBe(1);
    expect(fast.skips).toBe(0);
  });

  test('who stalls again and again is let go of', async () => {
    const buffer = filled(1);
    const reader = new StreamReader(buffer);
    let number = 1;
    let rounds = 0;
    while ((await take(reader, 1)).length > 0) {
      rounds++;
      for (let count = 0; count < 40; count++) buffer.append(chunk(number++));
    }
    expect(rounds).toBe(6);
  });

  test('ends for all who wait', async () => {
    const buffer = filled(1);
    const readers = [new StreamReader(buffer), new StreamReader(buffer)];
    const taken = Promise.all(readers.map((reader) => take(reader, 5)));
    buffer.end();
    expect(await taken).toEqual([[0], [0]]);
  });
});
