// This file tests that bytes in chunks are read as if they were in one piece.
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  createChunkCursor,
  headOf,
  readByte,
  sizeOf,
  skipBytes,
} from '../../src/media/chunk-cursor.ts';
import { cutAt } from './chunks.ts';

const BYTES = Uint8Array.from({ length: 64 }, (_, index) => index);

test('reads and skips over the borders of chunks', () => {
  const steps = fc.array(fc.nat({ max: 20 }), { maxLength: 12 });
  const cuts = fc.array(fc.nat({ max: BYTES.length }), { maxLength: 6 });
  fc.assert(
    fc.property(cuts, steps, (places, skips) => {
      const cursor = createChunkCursor(cutAt(BYTES, places));
      let at = 0;
      for (const skip of skips) {
        expect(skipBytes(cursor, skip)).toBe(at + skip <= BYTES.length);
        at = Math.min(at + skip, BYTES.length);
        expect(cursor.position).toBe(at);
        expect(readByte(cursor)).toBe(BYTES[at] ?? -1);
        at = Math.min(at + 1, BYTES.length);
      }
    }),
  );
});

test('gives the head and the size, whatever the chunks', () => {
  const cuts = fc.array(fc.nat({ max: BYTES.length }), { maxLength: 6 });
  fc.assert(
    fc.property(cuts, fc.nat({ max: 80 }), (places, size) => {
      const chunks = cutAt(BYTES, places);
      expect([...headOf(chunks, size)]).toEqual([...BYTES.subarray(0, size)]);
      expect(sizeOf(chunks)).toBe(BYTES.length);
    }),
  );
  expect(headOf([], 4).length).toBe(0);
});
