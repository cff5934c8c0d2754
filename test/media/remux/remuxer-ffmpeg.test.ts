// This file tests remuxing on what ffmpeg makes: ffmpeg must see in ours what it sees in its own.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { topLevelBoxes } from '../../../src/media/fmp4/box.ts';
import { PACKET_BYTES, parsePacket } from '../../../src/media/mpegts/packet.ts';
import { TICKS_PER_SECOND } from '../../../src/media/mpegts/timestamp.ts';
import { createFmp4Input } from '../../../src/media/remux/fmp4-to-units.ts';
import { START_TICKS } from '../../../src/media/remux/merger.ts';
import { Remuxer } from '../../../src/media/remux/remuxer.ts';
import { hasProgram } from '../../support/programs.ts';
import { inspectTs } from '../../support/ts-inspect.ts';
import { joinBytes } from '../../support/ts-packets.ts';
import { type MadeHls, makeHls, type Shape } from './made-hls.ts';
import { type Stream, watched } from './watched.ts';

type Row = {
  readonly shape: Shape;
  readonly types: readonly number[];
  readonly streams: readonly Stream[];
};

const H264 = 0x1b;
const AAC = 0x0f;
const AC3 = 0x81;

const HLS_ROWS: readonly Row[] = [
  { shape: 'h264-bframes-aac', types: [H264, AAC], streams: ['v:0', 'a:0'] },
  { shape: 'hevc-ac3', types: [0x24, AC3], streams: ['v:0', 'a:0'] },
  { shape: 'h264-eac3', types: [H264, 0x87], streams: ['v:0', 'a:0'] },
  { shape: 'aac-only', types: [AAC], streams: ['a:0'] },
  { shape: 'mp3-only', types: [0x03], streams: ['a:0'] },
  { shape: 'video-only', types: [H264], streams: ['v:0'] },
  { shape: 'two-audio', types: [H264, AAC, AC3], streams: ['v:0', 'a:0', 'a:1'] },
  { shape: 'avc3-in-band', types: [H264, AAC], streams: ['v:0', 'a:0'] },
];

const WHOLE_SHAPES: readonly Shape[] = [
  'negative-offsets',
  'absolute-offsets',
  'relative-offsets',
  'small-fragments',
  'moof-per-track',
];

describe.skipIf(!hasProgram('ffmpeg') || !hasProgram('ffprobe'))(
  'Remuxer, of what ffmpeg makes',
  () => {
    let made: MadeHls;

    beforeAll(async () => {
      made = await makeHls();
    }, 120_000);

    afterAll(() => made[Symbol.asyncDispose]());

    /** Looks at it packet by packet, then has ffmpeg read it beside what it was made of. */
    async function expectSame(row: Row, ts: Uint8Array, theirs: string, lateS = 0): Promise<void> {
      const seen = inspectTs(ts);
      expect(seen.problems).toEqual([]);
      expect([...seen.streams.values()]).toEqual([...row.types]);
      expect(seen.pcr.length).toBeGreaterThan(50);
      expect(seen.pcrIntervalMaxMs).toBeLessThanOrEqual(100);
      const ours = await made.write(`${row.shape}.mpegts`, ts);
      await expectSameStreams(ours, theirs, row.streams, lateS);
    }

    /** `lateS`: so much later theirs shows pictures, beside its sound. */
    async function expectSameStreams(
      ours: string,
      theirs: string,
      streams: readonly Stream[],
      lateS = 0,
    ) {
      const [seen, wanted] = await Promise.all([watched(ours, streams), watched(theirs, streams)]);
      for (const [index, stream] of streams.entries()) {
        const { hashes, times } = seen[index]!;
        expect(hashes.length).toBeGreaterThan(100);
        expect(hashes).toEqual(wanted[index]!.hashes);
        const start = START_TICKS / TICKS_PER_SECOND - (stream === 'v:0' ? lateS : 0);
        const differences = times.map((time, nth) =>
          Math.abs(time - start - wanted[index]!.times[nth]!),
        );
        expect(differences.length).toBe(wanted[index]!.times.length);
        // Two ticks, and what ffprobe rounds
        expect(Math.max(...differences)).toBeLessThan(2 / TICKS_PER_SECOND + 0.000_002);
      }
    }

    for (const row of HLS_ROWS) {
      test(`${row.shape}: segment by segment`, async () => {
        const remuxer = new Remuxer([createFmp4Input(await made.read(row.shape, 'init.mp4'))]);
        const parts: Uint8Array[] = [];
        for (const name of SEGMENTS) parts.push(remuxer.remux([await made.read(row.shape, name)]));
        for (const part of parts) expectBeginning(part, row);
        expect(remuxer.flush().length).toBe(0);
        await expectSame(row, joinBytes(parts), made.path(row.shape, 'index.m3u8'));
      }, 60_000);
    }

    for (const shape of WHOLE_SHAPES) {
      test(`${shape}: many fragments at once`, async () => {
        const whole = await made.read(shape, 'whole.mp4');
        const remuxer = new Remuxer([createFmp4Input(whole)]);
        const row: Row = { shape, types: [H264, AAC], streams: ['v:0', 'a:0'] };
        // FFmpeg shows such pictures later, beside its sound; the standard has them decoded earlier
        const lateS = shape === 'negative-offsets' ? 2 / 25 : 0;
        await expectSame(row, remuxer.remux([whole]), made.path(shape, 'whole.mp4'), lateS);
      }, 60_000);
    }

    test('absolute offsets count from the start of the file', async () => {
      const whole = await made.read('absolute-offsets', 'whole.mp4');
      const at = topLevelBoxes(whole).find(({ type }) => type === 'moof')!.at;
      const [all, cut] = [0, at].map((from) => {
        const fileOffset = from;
        return new Remuxer([createFmp4Input(whole, fileOffset)]).remux([whole.subarray(from)]);
      });
      expect(cut).toEqual(all as Uint8Array<ArrayBuffer>);
      expect(() => new Remuxer([createFmp4Input(whole)]).remux([whole.subarray(at)])).toThrow(
        /^Cannot read the media segment: a sample lies at byte /,
      );
    });

    test('two renditions of fMP4, pictures and sound, become one stream', async () => {
      const shape = 'separate-audio';
      const init = async (name: string) => createFmp4Input(await made.read(shape, name));
      const remuxer = new Remuxer([await init('init_0.mp4'), await init('init_1.mp4')]);
      const parts: Uint8Array[] = [];
      for (const name of SEGMENTS) {
        parts.push(
          remuxer.remux([await made.read(shape, `v-${name}`), await made.read(shape, `a-${name}`)]),
        );
      }
      const row: Row = { shape, types: [H264, AAC], streams: ['v:0', 'a:0'] };
      for (const part of parts) expectBeginning(part, row);
      parts.push(remuxer.flush());
      expect(remuxer.stats()).toEqual({ droppedUnits: 0, waitingUnits: 0 });
      const ts = joinBytes(parts);
      expect(inspectTs(ts).problems).toEqual([]);
      const ours = await made.write('separate-audio.mpegts', ts);
      await expectSameStreams(ours, made.path(shape, 'index-v.m3u8'), ['v:0']);
      await expectSameStreams(ours, made.path(shape, 'index-a.m3u8'), ['a:0']);
    }, 60_000);
  },
);

const SEGMENTS = ['0.m4s', '1.m4s', '2.m4s'];

/** A viewer may begin with any of the segments: tables, clock and a key frame come first. */
function expectBeginning(part: Uint8Array, row: Row): void {
  const pids = [0, 1, 2].map((index) => parsePacket(part, index * PACKET_BYTES).pid);
  const first = parsePacket(part, 2 * PACKET_BYTES);
  expect(pids).toEqual([0, 0x1000, 0x100]);
  if (row.streams.length > 1) return;
  expect(first.randomAccess).toBe(true);
  expect(first.pcrAt).toBeDefined();
}
