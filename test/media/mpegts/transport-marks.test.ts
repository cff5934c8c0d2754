// This file tests what is learnt of a piece of MPEG-TS so that it can be joined to others.
import { describe, expect, test } from 'bun:test';
import { type TransportMarks, transportMarks } from '../../../src/media/mpegts/transport-marks.ts';
import { inspectTs } from '../../support/ts-inspect.ts';
import { joinBytes } from '../../support/ts-packets.ts';
import { AUDIO, PMT, StreamWriter, VIDEO } from '../../support/ts-stream.ts';
import { readTsVector, TS_VECTORS } from '../../support/ts-vectors.ts';

const WRAP = 2 ** 33;

function marksOf(bytes: Uint8Array): TransportMarks {
  const marks = transportMarks(bytes);
  if (marks === undefined) throw new Error('no marks');
  return marks;
}

/** Frames 40 ms apart from `fromTicks` on, tables first. */
function piece(writer: StreamWriter, fromTicks: number, frames: number): Uint8Array {
  writer.tables();
  for (let index = 0; index < frames; index++) {
    const dts = (fromTicks + index * 3600) % WRAP;
    writer.video({ dts, isKey: index === 0, mark: String(index) });
  }
  return writer.take();
}

describe('transportMarks()', () => {
  for (const name of TS_VECTORS) {
    test(`sees of ${name} what the inspector sees`, async () => {
      const bytes = await readTsVector(name);
      const seen = inspectTs(bytes, { pcrIntervalMaxMs: 400 });
      const marks = marksOf(bytes);
      expect(marks.packets).toBe(bytes.length / 188);
      expect(marks.clock?.[0]).toBe(Math.floor((seen.pcr[0] as number) / 300) % WRAP);
      for (const [pid, first] of marks.counters) {
        const at = packetsOf(bytes, pid);
        expect(first).toBe(bytes[(at[0] as number) + 3]! & 15);
        expect(marks.counters.find(([p]) => p === pid)?.[2]).toBe(
          bytes[(at.at(-1) as number) + 3]! & 15,
        );
      }
      for (const pid of seen.tracks.keys()) {
        expect(marks.tracks.map(([of]) => of)).toContain(pid);
      }
      expect(structuredClone(JSON.parse(JSON.stringify(marks)))).toEqual(marks as never);
    });
  }

  test('counts over the end of the 33-bit clock', () => {
    const marks = marksOf(piece(new StreamWriter(), WRAP - 3 * 3600, 10));
    const track = marks.tracks.find(([pid]) => pid === VIDEO);
    expect(track).toEqual([VIDEO, WRAP - 3 * 3600, 9 * 3600, 10 * 3600]);
    expect(marks.clock?.[1]).toBe(9 * 3600);
  });

  test('sees that the tables are the same, and that they are others, whatever their version', () => {
    const one = marksOf(piece(new StreamWriter(), 0, 2)).tables;
    const same = marksOf(piece(new StreamWriter(), 90_000, 3)).tables;
    const other = new StreamWriter().tables([[0x24, VIDEO]]).video({ dts: 0, isKey: true });
    expect(one).toEqual(same);
    expect(one?.[0]).toBe(PMT);
    expect(marksOf(other.take()).tables?.[2]).not.toBe(one?.[2] as string);
  });

  test('leaves null packets out, which have no counter, and keeps what has no timestamps', () => {
    const nulls = new Uint8Array(188).fill(0xff);
    nulls.set([0x47, 0x1f, 0xff, 0x10]);
    const bytes = joinBytes([nulls, piece(new StreamWriter(), 0, 2), nulls]);
    const pids = marksOf(bytes).counters.map(([pid]) => pid);
    expect(pids).toEqual([0, PMT, VIDEO]);
    expect(pids).not.toContain(AUDIO);
  });

  const whole = piece(new StreamWriter(), 0, 3);
  const none: readonly (readonly [string, Uint8Array])[] = [
    ['nothing', new Uint8Array()],
    ['a packet cut short', whole.subarray(0, -1)],
    ['a byte too many before', joinBytes([new Uint8Array(1), whole.subarray(1)])],
    ['an fMP4 segment', new Uint8Array(188).fill(0x6d)],
    ['every PID there is', everyPid()],
  ];
  test.each(none)('says nothing of %s', (_what, bytes) => {
    expect(transportMarks(bytes)).toBeUndefined();
  });
});

function packetsOf(bytes: Uint8Array, pid: number): number[] {
  const found: number[] = [];
  for (let at = 0; at < bytes.length; at += 188) {
    if ((((bytes[at + 1]! & 0x1f) << 8) | bytes[at + 2]!) === pid) found.push(at);
  }
  return found;
}

function everyPid(): Uint8Array {
  const packets = Array.from({ length: 8000 }, (_, pid) => {
    const packet = new Uint8Array(188).fill(0xff);
    packet.set([0x47, pid >> 8, pid & 0xff, 0x10]);
    return packet;
  });
  return joinBytes(packets);
}
