// This file tests that sound is put between packets of pictures, whatever they are cut into.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { createMuxTrack, type MuxUnit } from '../../../src/media/mpegts/mux-track.ts';
import { parsePmt } from '../../../src/media/mpegts/pmt.ts';
import { createPmt } from '../../../src/media/mpegts/program-tables.ts';
import { roomForSound, withSound } from '../../../src/media/mpegts/program-with-sound.ts';
import { SoundInsert } from '../../../src/media/mpegts/sound-insert.ts';
import { inspectTs } from '../../support/ts-inspect.ts';
import { PMT, StreamWriter, VIDEO } from '../../support/ts-stream.ts';

const SOUND_PID = 0x1ff;
const PACKET = 188;
const AAC = createMuxTrack('aac', 'eng');
const PLACE = { picturePid: VIDEO, pmtPid: PMT, soundPid: SOUND_PID };

/** Frames 40 ms apart. */
function pictures(count: number): Uint8Array<ArrayBuffer> {
  const writer = new StreamWriter();
  for (let index = 0; index < count; index++) {
    if (index % 10 === 0) writer.tables();
    const dts = 90_000 + index * 3600;
    writer.video({ dts, isKey: index === 0, size: 900 });
  }
  return writer.take() as Uint8Array<ArrayBuffer>;
}

function sounds(count: number, fromTicks = 90_000): MuxUnit[] {
  return Array.from({ length: count }, (_, index) => {
    const dts = fromTicks + index * 5760;
    return { track: 0, dts, pts: dts, isKey: true, bytes: new Uint8Array(100 + (index % 7) * 90) };
  });
}

function inserted(bytes: Uint8Array<ArrayBuffer>, units: MuxUnit[], cuts: readonly number[]) {
  const insert = new SoundInsert(PLACE, AAC, units, 5);
  const parts: Uint8Array[] = [];
  const all = [0, ...cuts.toSorted((a, b) => a - b), bytes.length / PACKET];
  for (let index = 1; index < all.length; index++) {
    const [from, to] = [all[index - 1] as number, all[index] as number];
    parts.push(insert.take(bytes.slice(from * PACKET, to * PACKET)).slice());
  }
  parts.push(insert.end());
  return new Uint8Array(Buffer.concat(parts));
}

describe('SoundInsert', () => {
  test('is clean, names the sound, and has it beside its pictures', () => {
    const seen = inspectTs(inserted(pictures(50), sounds(30), []), { pcrIntervalMaxMs: 500 });
    expect(seen.problems).toEqual([]);
    expect(seen.streams.get(SOUND_PID)).toBe(0x0f);
    const [sound, picture] = [SOUND_PID, VIDEO].map((pid) => seen.tracks.get(pid));
    expect(sound?.rawPts).toEqual(sounds(30).map(({ pts }) => pts));
    for (const [index, at] of (sound?.at ?? []).entries()) {
      const next = (picture?.at ?? []).findIndex((place) => place > at);
      if (next > 1) expect(picture?.dts[next]).toBeGreaterThanOrEqual(sound?.pts[index] ?? 0);
    }
  });

  test('is the same whatever it is cut into', () => {
    const bytes = pictures(30);
    const whole = inserted(bytes, sounds(20), []);
    const cuts = fc.array(fc.integer({ min: 0, max: bytes.length / PACKET }), { maxLength: 6 });
    fc.assert(
      fc.property(cuts, (at) => {
        expect(Buffer.compare(inserted(bytes, sounds(20), at), whole)).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  test('has all of the sound behind what has no pictures', () => {
    const seen = inspectTs(inserted(new StreamWriter().tables().take() as never, sounds(3), []));
    expect(seen.tracks.get(SOUND_PID)?.rawPts.length).toBe(3);
  });
});

describe('roomForSound()', () => {
  const video = createMuxTrack('h264');

  test('is what is left of a packet without the sound that was there', () => {
    const alone = roomForSound(createPmt([video], 0));
    expect(alone).toBe(183 - 12 - 5 - 4);
    expect(roomForSound(createPmt([video, AAC], 0))).toBe(alone);
  });

  test('is none of a map of more packets', () => {
    const data = {
      ...video,
      kind: 'data',
      streamType: 0x06,
      descriptors: new Uint8Array(60),
    } as const;
    expect(roomForSound(createPmt([video, data, data, data], 0))).toBeLessThan(0);
  });
});

describe('withSound()', () => {
  test('puts the sound in place of what there was, and keeps the version', () => {
    const pmt = createPmt([createMuxTrack('h264'), createMuxTrack('ac3')], 7);
    const section = withSound(pmt, AAC, SOUND_PID) ?? new Uint8Array();
    expect(parsePmt(section)?.streams).toEqual([
      { type: 0x1b, pid: 0x100 },
      { type: 0x0f, pid: SOUND_PID },
    ]);
    expect((section[5]! >> 1) & 0x1f).toBe(7);
  });
});
