// This file tests how fMP4 is made of MPEG-TS: what is taken, under which names, and what is not.
import { describe, expect, test } from 'bun:test';
import { array, assert as check, integer, property, uint8Array } from 'fast-check';
import { FormatError } from '../../../src/base/errors.ts';
import { checkWhole } from '../../../src/media/container.ts';
import { parseInit } from '../../../src/media/fmp4/init.ts';
import { parseMediaSegment } from '../../../src/media/fmp4/media-segment.ts';
import {
  createMuxTrack,
  type MuxTrack,
  type MuxUnit,
} from '../../../src/media/mpegts/mux-track.ts';
import { Fmp4Maker } from '../../../src/media/remux/fmp4-maker.ts';
import type { Fmp4TrackForm } from '../../../src/media/remux/form.ts';
import { createMpegtsInput } from '../../../src/media/remux/mpegts-to-units.ts';
import type { RemuxInput } from '../../../src/media/remux/remux-input.ts';
import { PPS, SPS } from '../../support/live/parameter-sets.ts';
import { readTsVector } from '../../support/ts-vectors.ts';

const CODE = [0, 0, 0, 1];
const KEY = [...CODE, ...SPS, ...CODE, ...PPS, ...CODE, 0x65, 1, 2, 3];
const BARE_KEY = [...CODE, 9, 0xf0, ...CODE, 0x65, 4, 5, 6];
const OTHER = [...CODE, 0x41, 7, 8];
/** LC, 48 kHz, two channels, one byte of a frame. */
const ADTS = [0xff, 0xf1, 0x4c, 0x80, 0x01, 0x1f, 0xfc, 0x21];

const H264 = createMuxTrack('h264');
const AAC = createMuxTrack('aac');

/** Says what a test wrote down, one list of units for each segment. */
function scripted(tracks: readonly MuxTrack[], segments: readonly MuxUnit[][]): RemuxInput {
  const left = [...segments];
  return { demux: () => ({ tracks, units: left.shift() ?? [], endTicks: 0 }) };
}

const picture = (dts: number, bytes: readonly number[], isKey = false, track = 0): MuxUnit => ({
  track,
  dts,
  pts: dts + 7200,
  isKey,
  bytes: Uint8Array.from(bytes),
});
const sound = (dts: number, bytes: readonly number[], track = 1): MuxUnit => ({
  track,
  dts,
  pts: dts,
  isKey: true,
  bytes: Uint8Array.from(bytes),
});

const NO_BYTES = new Uint8Array();
const both = [H264, AAC];

function framesOf({ init, segment }: { init: Uint8Array; segment: Uint8Array }) {
  return parseMediaSegment(segment, parseInit(init));
}

describe('Fmp4Maker', () => {
  test('NAL units get their lengths, delimiters go, and the sets stay before each key frame', () => {
    const maker = new Fmp4Maker(
      scripted(
        [H264],
        [[picture(0, KEY, true), picture(3600, OTHER), picture(7200, BARE_KEY, true)]],
      ),
    );
    const frames = framesOf(maker.make(NO_BYTES));
    const lengths = [0, 0, 0];
    const sets = [...lengths, SPS.length, ...SPS, ...lengths, PPS.length, ...PPS];
    expect(frames.map(({ bytes }) => [...bytes])).toEqual([
      [...sets, ...lengths, 4, 0x65, 1, 2, 3],
      [...lengths, 3, 0x41, 7, 8],
      [...sets, ...lengths, 4, 0x65, 4, 5, 6],
    ]);
    expect(
      frames.map(({ dts, pts, durationTicks, isSync }) => [dts, pts, durationTicks, isSync]),
    ).toEqual([
      [0, 7200, 3600, true],
      [3600, 10_800, 3600, false],
      [7200, 14_400, 3600, true],
    ]);
  });

  test('tracks stand under the ids and timescales that players know', () => {
    const forms: readonly Fmp4TrackForm[] = [
      { kind: 'audio', trackId: 1, timescale: 44_100 },
      { kind: 'video', trackId: 5, timescale: 12_800 },
    ];
    const input = scripted(both, [[picture(90_000, KEY, true), sound(90_000, ADTS)]]);
    const made = new Fmp4Maker(input, forms).make(NO_BYTES);
    const { tracks } = parseInit(made.init);
    const told = tracks.map(({ kind, trackId, timescale }) => ({ kind, trackId, timescale }));
    expect(told).toEqual([...forms]);
    expect(framesOf(made).map(({ track, dts }) => [track.trackId, dts])).toEqual([
      [5, 90_000],
      [1, 90_000],
    ]);
  });

  test.each(['video', 'audio'] as const)('of a rendition of %s alone only that is made', (kind) => {
    const input = scripted(both, [[picture(0, KEY, true), sound(0, ADTS)]]);
    const made = new Fmp4Maker(input, [{ kind, trackId: 1, timescale: 90_000 }]).make(NO_BYTES);
    expect(parseInit(made.init).tracks.map((track) => track.kind)).toEqual([kind]);
    expect(framesOf(made)).toHaveLength(1);
  });

  test('a frame of sound goes on in the next segment, and is timed by where it began', () => {
    const maker = new Fmp4Maker(
      scripted(
        [AAC],
        [
          [sound(0, [...ADTS, ...ADTS.slice(0, 5)], 0)],
          [sound(3840, [...ADTS.slice(5), ...ADTS], 0)],
        ],
      ),
    );
    expect(framesOf(maker.make(NO_BYTES)).map(({ dts }) => dts)).toEqual([0]);
    expect(framesOf(maker.make(NO_BYTES)).map(({ dts }) => dts)).toEqual([1920, 3840]);
  });

  test('what stands between frames of sound is passed over', () => {
    const noise = [0xff, 1, 2, 3, 4];
    const two = [...ADTS, ...ADTS];
    const input = scripted([AAC], [[sound(0, [...noise, ...two, ...noise, ...two], 0)]]);
    expect(framesOf(new Fmp4Maker(input).make(NO_BYTES))).toHaveLength(4);
  });

  test('times that wrap go on, and those below 0 are a wrap later', () => {
    const wrap = 2 ** 33;
    const maker = new Fmp4Maker(
      scripted(
        [H264],
        [[picture(-3600, KEY, true)], [picture(0, OTHER)], [picture(wrap - 7200, OTHER)]],
      ),
    );
    const times = [1, 2, 3].map(() => framesOf(maker.make(NO_BYTES))[0]?.dts);
    expect(times).toEqual([wrap - 3600, wrap, wrap - 7200]);
  });

  test('the init segment stays the same object until something in it changes', () => {
    const larger = [...SPS];
    larger[3] = 0x28;
    const changed = [...CODE, ...larger, ...CODE, ...PPS, ...CODE, 0x65, 1];
    const maker = new Fmp4Maker(
      scripted(
        [H264],
        [[picture(0, KEY, true)], [picture(3600, KEY, true)], [picture(7200, changed, true)]],
      ),
    );
    const [first, second, third] = [1, 2, 3].map(() => maker.make(NO_BYTES).init);
    expect(second).toBe(first);
    expect(third).not.toEqual(first);
  });

  test.each<[string, readonly MuxTrack[], readonly MuxUnit[], string]>([
    ['MPEG-2 video', [{ ...H264, streamType: 2 }], [picture(0, KEY)], 'a stream is of type 0x02'],
    ['no parameter sets', [H264], [picture(0, OTHER)], 'no frame came with all'],
    ['nothing', [H264], [], 'no frame came with all'],
    [
      'times that go back',
      [H264],
      [picture(180_000, KEY, true), picture(0, OTHER)],
      'go back by 2000 ms',
    ],
  ])('%s is refused', (_, tracks, units, says) => {
    const make = () => new Fmp4Maker(scripted(tracks, [[...units]])).make(NO_BYTES);
    expect(make).toThrow(FormatError);
    expect(() => new Fmp4Maker(scripted(tracks, [[...units]])).make(NO_BYTES)).toThrow(says);
  });

  test('whatever is done to the bytes, whole fMP4 comes or a FormatError', async () => {
    const names = ['ffmpeg-h264-two-audio', 'ffmpeg-hevc', 'ffmpeg-mp2-only'] as const;
    for (const name of names) {
      const whole = (await readTsVector(name)).subarray(0, 188 * 80);
      const noise = uint8Array({ minLength: 1, maxLength: 30 });
      const damage = array(integer({ min: 0, max: whole.length - 1 }), { maxLength: 4 });
      check(
        property(damage, noise, (places, bytes) => {
          const damaged = whole.slice();
          for (const at of places) damaged.set(bytes.subarray(0, damaged.length - at), at);
          const maker = new Fmp4Maker(createMpegtsInput());
          for (const segment of [damaged, whole]) {
            try {
              const made = maker.make(segment);
              expect(checkWhole([made.segment], { role: 'media' })).toBeUndefined();
              expect(framesOf(made).length).toBeGreaterThan(0);
            } catch (error) {
              expect(error).toBeInstanceOf(FormatError);
            }
          }
        }),
        { numRuns: 150 },
      );
    }
  }, 60_000);
});
