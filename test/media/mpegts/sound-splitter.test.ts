// This file tests that sound comes apart frame by frame where its rate changes, and only there.
import { describe, expect, test } from 'bun:test';
import { assert as check, integer, property, uint8Array } from 'fast-check';
import { SAMPLE_RATES } from '../../../src/media/codec/sample-rates.ts';
import { SoundSplitter } from '../../../src/media/mpegts/sound-splitter.ts';
import { Splicer } from '../../../src/media/mpegts/splicer.ts';
import { checkTransport } from '../../support/check-transport.ts';
import { spliceSegment } from '../../support/splice.ts';
import { pesPackets } from '../../support/ts-elementary.ts';
import { inspectTs } from '../../support/ts-inspect.ts';
import { joinBytes, pesHeader } from '../../support/ts-packets.ts';
import { AUDIO, StreamWriter } from '../../support/ts-stream.ts';

const SAMPLES = 1024;

/** A frame of ADTS of `sizeBytes` that nothing in it could be taken for another. */
function frame(rate: number, sizeBytes: number, fill = 0x21): number[] {
  const index = SAMPLE_RATES.indexOf(rate);
  const size = [0x40 | (sizeBytes >> 11), (sizeBytes >> 3) & 0xff, ((sizeBytes & 7) << 5) | 0x1f];
  const header = [0xff, 0xf1, 0x40 | (index << 2), ...size, 0xfc];
  return [...header, ...new Array<number>(sizeBytes - header.length).fill(fill)];
}

function pes(pts: number, data: readonly number[]): number[] {
  const header = pesHeader({ streamId: 0xc0, pts });
  const length = header.length + data.length - 6;
  return [...header.slice(0, 4), length >> 8, length & 255, ...header.slice(6), ...data];
}

const ticksOf = (frames: number, rate: number) => Math.round((frames * SAMPLES * 90_000) / rate);

type Shape = {
  readonly rate: number;
  readonly from?: number;
  /** Frames in each PES packet. */
  readonly perPes?: number;
  readonly frameBytes?: number;
};

/** Two seconds of pictures, and sound beside them in one PES packet for several frames. */
function segment({ rate, from = 900_000, perPes = 12, frameBytes = 120 }: Shape): Uint8Array {
  const writer = new StreamWriter().tables();
  let frames = 0;
  for (let picture = 0; picture < 50; picture++) {
    const dts = from + picture * 3600;
    writer.video({ dts, isKey: picture === 0 });
    if (ticksOf(frames, rate) > picture * 3600) continue;
    const data = Array.from({ length: perPes }, (_, n) =>
      frame(rate, frameBytes, (frames + n) % 99),
    );
    writer.pes(AUDIO, pes(from + 7200 + ticksOf(frames, rate), data.flat()));
    frames += perPes;
  }
  return writer.take();
}

/** Of the sound as it goes out: its times, and its bytes. */
function soundOf(bytes: Uint8Array) {
  const { tracks, streams } = inspectTs(bytes);
  const pid = [...streams].find(([, type]) => type === 0x0f)![0];
  const data = joinBytes(pesPackets(bytes, pid).map((packet) => packet.data));
  return { pts: tracks.get(pid)?.pts ?? [], data };
}

/** What comes of segments that each begin after a discontinuity. */
function splice(...segments: readonly Uint8Array[]): Uint8Array[] {
  const splicer = new Splicer();
  return segments.map((each) => spliceSegment(splicer, each, true).bytes);
}

describe('Splicer where the rate of the sound changes', () => {
  const low = segment({ rate: 44_100 });
  const high = segment({ rate: 48_000, from: 70_000_000 });

  test('leaves PES packets as they are while it does not', () => {
    const [first, second] = splice(high, segment({ rate: 48_000, from: 5_000_000 }));
    for (const bytes of [first!, second!]) {
      const { pts, data } = soundOf(bytes);
      expect(data.length / 120).toBe(12 * pts.length);
    }
  });

  test.each([
    ['to a higher one', low, high, 48_000],
    ['to a lower one', high, low, 44_100],
  ])('%s: each frame has a PES packet and its own time', (_, first, second, rate) => {
    const [before, after] = splice(first, second) as [Uint8Array, Uint8Array];
    expect(checkTransport(joinBytes([before, after]))).toEqual([]);
    const { pts, data } = soundOf(after);
    // Sound that would begin before that of the other source has ended is left out
    expect(Buffer.from(soundOf(second).data).includes(data)).toBe(true);
    expect(pts.length).toBeGreaterThan(70);
    expect(pts.length).toBe(data.length / 120);
    const steps = pts.slice(1).map((time, index) => time - pts[index]!);
    for (const step of steps) expect(Math.abs(step - ticksOf(1, rate))).toBeLessThanOrEqual(1);
  });

  test('stays so: who began before the change counts by the first rate to the end', () => {
    const [, , third] = splice(high, low, segment({ rate: 48_000, from: 9_000_000 }));
    const { pts, data } = soundOf(third!);
    expect(pts.length).toBe(data.length / 120);
  });

  test('goes on over segments whose frames lie across PES packets and segments', () => {
    const splicer = new Splicer();
    spliceSegment(splicer, low, true);
    const frames = Array.from({ length: 80 }, (_, n) => frame(48_000, 300, n));
    const stream = frames.flat();
    const parts: Uint8Array[] = [];
    for (const [from, to] of [
      [0, 20],
      [20, 40],
    ] as const) {
      const writer = new StreamWriter().tables();
      for (let picture = from; picture < to; picture++) {
        const dts = 5_000_000 + picture * 3600;
        writer.video({ dts, isKey: picture === from });
        // No whole number of frames: each PES packet ends in the midst of one
        const data = stream.slice(picture * 565, picture * 565 + 565);
        const begins = Math.ceil((picture * 565) / 300);
        writer.pes(AUDIO, pes(5_007_200 + ticksOf(begins, 48_000), data));
      }
      parts.push(spliceSegment(splicer, writer.take(), from === 0).bytes);
    }
    const { pts, data } = soundOf(joinBytes(parts));
    expect(Buffer.from(stream).includes(data)).toBe(true);
    expect(data.length).toBe(300 * pts.length);
    // 75 whole ones came, and some began too soon
    expect(pts.length).toBeGreaterThan(50);
    const steps = pts.slice(1).map((time, index) => time - pts[index]!);
    for (const step of steps) expect(Math.abs(step - 1920)).toBeLessThanOrEqual(1);
  });

  test('keeps the clock where that is on the sound`s packets', () => {
    const radio = (rate: number, from: number) => {
      const writer = new StreamWriter().tables([[0x0f, AUDIO]]);
      for (let index = 0; index < 40; index++) {
        const pts = from + ticksOf(index * 4, rate);
        const data = Array.from({ length: 4 }, () => frame(rate, 120)).flat();
        writer.pes(AUDIO, pes(pts, data), { pcr: (pts - 9000) * 300 });
      }
      return writer.take();
    };
    const [first, second] = splice(radio(44_100, 900_000), radio(48_000, 70_000_000));
    const { problems, tracks } = inspectTs(joinBytes([first!, second!]));
    expect(problems).toEqual([]);
    expect([...tracks.values()][0]!.pts.length).toBe(40 + 160);
  });

  test('drops no more than what cannot be read', () => {
    const splicer = new Splicer();
    spliceSegment(splicer, low, true);
    const damaged = high.slice();
    // A byte in the head of some frame
    const at = damaged.findIndex(
      (byte, index) => index > 30_000 && byte === 0xff && damaged[index + 1] === 0xf1,
    );
    damaged[at] = 0;
    const { bytes } = spliceSegment(splicer, damaged, true);
    expect(checkTransport(bytes)).toEqual([]);
    expect(soundOf(bytes).pts.length).toBeGreaterThan(80);
  });
});

describe('SoundSplitter', () => {
  test('leaves as it was what would grow without measure', () => {
    const writer = new StreamWriter().tables();
    const tiny = Array.from({ length: 2000 }, () => frame(48_000, 7)).flat();
    for (let index = 0; index < 20; index++) writer.pes(AUDIO, pes(900_000 + index * 9000, tiny));
    const bytes = writer.take();
    const splitter = new SoundSplitter();
    splitter.begin(bytes, [{ from: 0, to: bytes.length }], [AUDIO]);
    while (!splitter.step());
    expect(splitter.result).toBe(bytes);
  });

  test('works in bounded steps and never throws, whatever the bytes are', () => {
    const media = segment({ rate: 48_000 });
    check(
      property(uint8Array({ maxLength: 600 }), integer({ min: 0, max: 40_000 }), (noise, at) => {
        const bytes = media.slice();
        bytes.set(noise.subarray(0, Math.max(0, bytes.length - at)), at);
        for (let packet = 0; packet < bytes.length; packet += 188) bytes[packet] = 0x47;
        const splitter = new SoundSplitter();
        splitter.begin(bytes, [{ from: 0, to: bytes.length }], [AUDIO]);
        while (!splitter.step());
        expect(splitter.result.length % 188).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});
