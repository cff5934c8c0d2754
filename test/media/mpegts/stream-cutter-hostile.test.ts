// This file tests that an endless stream may hold anything.
import { describe, expect, test } from 'bun:test';
import { array, assert as check, integer, property, record, tuple, uint8Array } from 'fast-check';
import { StreamCutter } from '../../../src/media/mpegts/stream-cutter.ts';
import type { StreamPiece } from '../../../src/media/mpegts/stream-piece.ts';
import { bytesOf, cut, durations, pidAt } from '../../support/stream-pieces.ts';
import { joinBytes, patSection, psiSection, tsPacket } from '../../support/ts-packets.ts';
import { AAC, H264, PMT, StreamWriter, VIDEO, writeFrames } from '../../support/ts-stream.ts';
import { cutAt, cutsOf } from '../chunks.ts';

describe('StreamCutter on what is no stream', () => {
  /** Bytes in which the interesting values are frequent. */
  const noise = (size: number) =>
    uint8Array({ minLength: size, maxLength: size }).map((bytes) =>
      bytes.map((byte) => (byte < 200 ? byte : [0, 0, 1, 0x47, 0xe0, 0xff][byte % 6]!)),
    );
  const hostile = record({ at: integer({ min: 0, max: 300 }), bytes: noise(187) });

  test('packets spoiled anywhere crash nothing, and no piece breaks its word', () => {
    const source = writeFrames(new StreamWriter(), 90_000, 120).take();
    check(
      property(array(hostile, { maxLength: 30 }), (spoiled) => {
        const bytes = source.slice();
        for (const { at, bytes: put } of spoiled) bytes.set(put, at * 188 + 1);
        const { pieces, cutter } = cut([bytes], { maxBytes: 70_000 });
        for (const piece of pieces) checkPiece(piece, cutter.maxDurationMs, 70_000);
      }),
    );
  });

  test('headers spoiled byte by byte crash nothing', () => {
    const source = writeFrames(new StreamWriter(), 90_000, 60).take();
    const packets = source.length / 188;
    const spoil = tuple(
      integer({ min: 0, max: packets - 1 }),
      integer({ min: 1, max: 40 }),
      integer({ min: 0, max: 255 }),
    );
    check(
      property(array(spoil, { maxLength: 60 }), (spoiled) => {
        const bytes = source.slice();
        for (const [packet, at, byte] of spoiled) bytes[packet * 188 + at] = byte;
        const { pieces, stats, cutter } = cut(cutAt(bytes, [1000, 1001, 5000, 20_000]));
        const whole = cut([bytes]);
        expect(stats).toEqual(whole.stats);
        expect(Buffer.compare(bytesOf(pieces), bytesOf(whole.pieces))).toBe(0);
        for (const piece of pieces) checkPiece(piece, cutter.maxDurationMs, 2 ** 26);
      }),
    );
  });

  test('garbage between packets is cut out alike in chunks of any size', () => {
    const source = writeFrames(new StreamWriter(), 90_000, 60).take();
    check(
      property(
        uint8Array({ maxLength: 500 }),
        integer({ min: 10, max: 250 }),
        cutsOf(source),
        (garbage, packet, cuts) => {
          const bytes = joinBytes([
            source.subarray(0, packet * 188 - 50),
            garbage,
            source.subarray(packet * 188),
          ]);
          const whole = cut([bytes]);
          const parts = cut(cutAt(bytes, cuts));
          expect(parts.stats).toEqual(whole.stats);
          expect(
            parts.pieces.map((piece) => [piece.durationMs, Bun.hash(bytesOf([piece]))]),
          ).toEqual(whole.pieces.map((piece) => [piece.durationMs, Bun.hash(bytesOf([piece]))]));
        },
      ),
    );
  });

  test('tables that lie about their lengths are no tables', () => {
    const lying = [
      [0, 2, 0xff, 0xff, 0, 1, 0xc1],
      [183, 0, 0xb0, 13],
      [255, 0, 0, 0],
      [0, 2, 0xb0, 0, 0, 0, 0],
      [0, 2, 0xb3, 0xfd, 0, 1, 0xc1, 0, 0, 0xff, 0xff, 0xff, 0xff],
    ];
    const writer = writeFrames(new StreamWriter(), 90_000, 60);
    for (const payload of lying) {
      for (const pid of [0, PMT]) {
        const full = [...payload, ...new Array<number>(184 - payload.length).fill(0x7f)];
        writer.raw(tsPacket({ pid, starts: true, counter: writer.counter(pid), payload: full }));
      }
    }
    const { pieces } = cut([writeFrames(writer, 90_000 + 60 * 3600, 40, 40).take()]);
    expect(durations(pieces).reduce((sum, ms) => sum + ms)).toBe(4000);
    expect(pieces.some(({ isDiscontinuous }) => isDiscontinuous)).toBe(false);
  });

  test('a map whose lengths lead out of it keeps what is in it', () => {
    const body = [
      0,
      1,
      0xc1,
      0,
      0,
      0xe1,
      0,
      0xf0,
      0,
      H264,
      0xe1,
      0,
      0xf0,
      0,
      AAC,
      0xe1,
      1,
      0xff,
      0xff,
    ];
    const writer = new StreamWriter()
      .section(0, patSection([[1, PMT]]))
      .section(PMT, psiSection(2, body));
    for (let index = 0; index < 60; index++)
      writer.video({ dts: index * 3600, isKey: index === 0 });
    expect(durations(cut([writer.take()]).pieces)).toEqual([2400]);
  });

  test('sets no packet free of its limit of memory, whatever comes', () => {
    const writer = new StreamWriter().tables().video({ dts: 0, isKey: true });
    const payload = new Array<number>(184).fill(0);
    const cutter = new StreamCutter({ targetMs: 2000, maxBytes: 100_000 });
    let [pushed, given] = [0, 0];
    for (let index = 0; index < 3000; index++) {
      const bytes = writer
        .raw(tsPacket({ pid: VIDEO, counter: writer.counter(VIDEO), payload }))
        .take();
      pushed += bytes.length;
      for (const piece of cutter.push(bytes)) given += piece.sizeBytes;
      expect(pushed - given).toBeLessThan(200_000);
    }
    expect(given).toBeGreaterThan(400_000);
  });
});

function checkPiece(piece: StreamPiece, maxMs: number, maxBytes: number): void {
  expect(piece.durationMs).toBeGreaterThan(0);
  expect(piece.durationMs).toBeLessThanOrEqual(maxMs);
  const bytes = bytesOf([piece]);
  expect([bytes.length % 188, bytes.length]).toEqual([0, piece.sizeBytes]);
  expect([bytes[0], pidAt(bytes, 0)]).toEqual([0x47, 0]);
  // The units that were amid at its end may come on top
  expect(piece.sizeBytes).toBeLessThanOrEqual(maxBytes + 65_536);
}
