// This file tests that pieces of MPEG-TS become one clean stream of the same size.
import { describe, expect, test } from 'bun:test';
import { array, assert as check, constantFrom, integer, property, record } from 'fast-check';
import { isAsItIs, joinHere, TransportJoiner } from '../../../src/media/mpegts/transport-join.ts';
import { type TransportMarks, transportMarks } from '../../../src/media/mpegts/transport-marks.ts';
import { inspectTs } from '../../support/ts-inspect.ts';
import { joinBytes } from '../../support/ts-packets.ts';
import { H264, StreamWriter, VIDEO } from '../../support/ts-stream.ts';
import { readTsVector, TS_VECTORS } from '../../support/ts-vectors.ts';

const WRAP = 2 ** 33;
const FRAME = 3600;
const LOOSE = { pcrIntervalMaxMs: 20_000, bufferMaxMs: 20_000 };

function join(pieces: readonly Uint8Array<ArrayBuffer>[]): Uint8Array[] {
  const joiner = new TransportJoiner();
  return pieces.map((bytes) => {
    const marks = transportMarks(bytes) as TransportMarks;
    const shift = joiner.next(marks);
    if (isAsItIs(shift)) return bytes;
    const copy = new Uint8Array(bytes);
    joinHere(copy, marks, shift);
    return copy;
  });
}

function piece(fromTicks: number, frames: number, streams = [[H264, VIDEO]] as const) {
  const writer = new StreamWriter().tables(streams);
  for (let index = 0; index < frames; index++) {
    const dts = (fromTicks + index * FRAME + WRAP) % WRAP;
    writer.video({ dts, isKey: index === 0, mark: `${fromTicks} ${index}` });
  }
  return writer.take();
}

/** Decoding times of the pictures, from the first one on. */
function times(bytes: Uint8Array): number[] {
  const raw = inspectTs(bytes, LOOSE).tracks.get(VIDEO)?.rawPts ?? [];
  return raw.map((pts) => (pts - (raw[0] as number) + WRAP) % WRAP);
}

describe('TransportJoiner', () => {
  test('leaves pieces that go on as they are, byte for byte', () => {
    const writer = new StreamWriter();
    const pieces = [0, 1, 2].map((round) => {
      writer.tables([[H264, VIDEO]]);
      for (let index = 0; index < 10; index++) {
        const dts = 90_000 + (round * 10 + index) * FRAME;
        writer.video({ dts, isKey: index === 0 });
      }
      return writer.take();
    });
    expect(join(pieces).map((bytes, index) => bytes === pieces[index])).toEqual([true, true, true]);
  });

  const jumps: readonly (readonly [string, number, number])[] = [
    ['begins anew', 0, 10 * FRAME],
    ['jumps back a little', 900_000 - 5 * FRAME, 10 * FRAME],
    ['says the same again', 900_000, 10 * FRAME],
    ['jumps forward an hour', 900_000 + 3600 * 90_000, 10 * FRAME],
    ['jumps over the end of the clock', WRAP - 4 * FRAME, 10 * FRAME],
    ['goes on behind seconds that were lost', 900_000 + 140 * FRAME, 140 * FRAME],
  ];
  test.each(jumps)('joins a piece that %s', (_what, from, wanted) => {
    const whole = joinBytes(
      join([piece(900_000, 10), piece(from, 10), piece(from + 10 * FRAME, 3)]),
    );
    const seen = times(whole);
    expect(inspectTs(whole, LOOSE).problems).toEqual([]);
    expect(seen[10]).toBe(wanted);
    expect(seen.length).toBe(23);
    for (let index = 11; index < 23; index++) expect(seen[index]! - seen[index - 1]!).toBe(FRAME);
  });

  test('says by their version that the tables are others', () => {
    const other = piece(0, 5, [[0x24, VIDEO]] as never);
    const [, second, third] = join([piece(0, 5), other, piece(0, 5)]);
    const versions = [second, third].map(
      (bytes) => transportMarks(bytes as Uint8Array)?.tables?.[1],
    );
    expect(versions).toEqual([1, 2]);
    expect(inspectTs(second as Uint8Array, LOOSE).problems).toEqual([]);
  });

  for (const name of TS_VECTORS) {
    test(`joins ${name} to itself again and again`, async () => {
      const bytes = await readTsVector(name);
      const pieces = join([bytes, bytes, bytes]);
      const whole = joinBytes(pieces);
      expect(whole.length).toBe(3 * bytes.length);
      expect(inspectTs(whole, LOOSE).problems).toEqual([]);
    });
  }

  test('keeps size and order whatever the pieces are', () => {
    const some = record({
      from: integer({ min: 0, max: WRAP - 1 }),
      frames: integer({ min: 1, max: 6 }),
      type: constantFrom(H264, 0x24),
    });
    check(
      property(array(some, { minLength: 1, maxLength: 12 }), (list) => {
        const pieces = list.map(({ from, frames, type }) => {
          return piece(from, frames, [[type, VIDEO]] as never);
        });
        const made = join(pieces);
        expect(made.map(({ length }) => length)).toEqual(pieces.map(({ length }) => length));
        const whole = joinBytes(made);
        const seen = times(whole);
        expect(seen.every((time, index) => index === 0 || time > seen[index - 1]!)).toBe(true);
        expect(inspectTs(whole, LOOSE).problems.filter((p) => !p.includes('stream type'))).toEqual(
          [],
        );
      }),
      { numRuns: 100 },
    );
  });
});
