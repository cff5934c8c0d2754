// This file tests how segments of one or several renditions become one stream.
import { describe, expect, test } from 'bun:test';
import type { MuxTrack, MuxUnit } from '../../../src/media/mpegts/mux-track.ts';
import { createMuxTrack } from '../../../src/media/mpegts/mux-track.ts';
import { createFmp4Input } from '../../../src/media/remux/fmp4-to-units.ts';
import { START_TICKS } from '../../../src/media/remux/merger.ts';
import type { RemuxInput } from '../../../src/media/remux/remux-input.ts';
import { Remuxer } from '../../../src/media/remux/remuxer.ts';
import {
  audioEntry,
  avcSample,
  esds,
  fragmentOf,
  initOf,
  type SampleParts,
  SYNC,
  trak,
  trex,
} from '../../support/fmp4-boxes.ts';
import { inspectTs, type TsInspection } from '../../support/ts-inspect.ts';
import { joinBytes } from '../../support/ts-packets.ts';

const INIT = initOf(trak({}), trex());
const SOUND_TRACK = trak({
  id: 2,
  handler: 'soun',
  timescale: 48_000,
  entries: [audioEntry('mp4a', esds())],
});
const SOUND_INIT = initOf(SOUND_TRACK, trex(2));

const picture = (more: Partial<SampleParts> = {}): SampleParts => ({
  bytes: avcSample([0x41, 1, 2, 3]),
  duration: 3600,
  ...more,
});
const key = (): SampleParts => picture({ bytes: avcSample([0x65, 1, 2, 3]), flags: SYNC });

/** Pictures of 40 ms. */
const pictures = (time: number, count: number) =>
  fragmentOf({
    time: BigInt(time),
    samples: [key(), ...Array.from({ length: count - 1 }, () => picture())],
  });

/** Sound of 1024 samples a frame, from `frame` on. */
const sound = (frame: number, count: number) => {
  const samples = Array.from({ length: count }, () => ({ bytes: [0x21, 0x10], duration: 1024 }));
  return fragmentOf({ id: 2, time: BigInt(frame * 1024), samples });
};

const timesOf = (seen: TsInspection, pid: number) => ({
  dts: (seen.tracks.get(pid)?.dts ?? []).map((ticks) => ticks - START_TICKS),
  pts: (seen.tracks.get(pid)?.pts ?? []).map((ticks) => ticks - START_TICKS),
});

describe('Remuxer, of one rendition', () => {
  test('segments that join give a stream that joins', () => {
    const remuxer = new Remuxer([createFmp4Input(INIT)]);
    const parts = [0, 1, 2].map((index) => remuxer.remux([pictures(index * 90_000, 25)]));
    const seen = inspectTs(joinBytes(parts));
    expect(seen.problems).toEqual([]);
    const { dts, pts } = timesOf(seen, 0x100);
    expect(dts).toEqual(Array.from({ length: 75 }, (_, index) => index * 3600));
    expect(pts).toEqual(dts);
  });

  test('another remuxer, of another init segment, goes on at the same time', () => {
    const parts = [0, 1].map((index) =>
      new Remuxer([createFmp4Input(INIT)]).remux([pictures(index * 90_000, 25)]),
    );
    const times = parts.map((part) => timesOf(inspectTs(part), 0x100).dts[0]);
    expect(times).toEqual([0, 90_000]);
  });

  test('negative offsets: all is decoded earlier, nothing shown before it is decoded', () => {
    const remuxer = new Remuxer([createFmp4Input(INIT)]);
    const offsets = [0, 7200, -3600, -3600];
    const segment = (time: number) =>
      fragmentOf({ time: BigInt(time), samples: offsets.map((offset) => picture({ offset })) });
    const ts = joinBytes([remuxer.remux([segment(90_000)]), remuxer.remux([segment(104_400)])]);
    const seen = inspectTs(ts);
    expect(seen.problems).toEqual([]);
    const { dts, pts } = timesOf(seen, 0x100);
    expect(dts.slice(0, 5)).toEqual([86_400, 90_000, 93_600, 97_200, 100_800]);
    expect(pts.slice(0, 5)).toEqual([90_000, 100_800, 93_600, 97_200, 104_400]);
  });

  test('a small overlap is lifted, a large one within a segment refused', () => {
    const remuxer = new Remuxer([createFmp4Input(INIT)]);
    remuxer.remux([pictures(90_000, 25)]);
    const next = remuxer.remux([pictures(176_000, 3)]);
    expect(timesOf(inspectTs(next), 0x100).dts).toEqual([176_401, 179_600, 183_200]);
    const broken = joinBytes([pictures(900_000, 2), pictures(300_000, 2)]);
    expect(() => remuxer.remux([broken])).toThrow(
      'the times of track 1 go back by 6707 ms within a segment',
    );
  });

  test('a segment from another time is taken as it is', () => {
    const remuxer = new Remuxer([createFmp4Input(INIT)]);
    remuxer.remux([pictures(900_000, 25)]);
    expect(timesOf(inspectTs(remuxer.remux([pictures(0, 2)])), 0x100).dts).toEqual([0, 3600]);
  });

  test('frames without bytes are left out', () => {
    const samples = [key(), picture({ bytes: [] }), picture()];
    const ts = new Remuxer([createFmp4Input(INIT)]).remux([fragmentOf({ samples })]);
    expect(timesOf(inspectTs(ts), 0x100).dts).toEqual([0, 7200]);
  });

  test('pictures get the first PID, whatever their place in the init segment', () => {
    const init = initOf(SOUND_TRACK, trak({}), trex(1), trex(2));
    const segment = joinBytes([sound(0, 10), pictures(0, 5)]);
    const seen = inspectTs(new Remuxer([createFmp4Input(init)]).remux([segment]));
    expect([...seen.streams]).toEqual([
      [0x100, 0x1b],
      [0x101, 0x0f],
    ]);
    expect(seen.tracks.get(0x100)?.dts.length).toBe(5);
  });

  test('sound goes several frames to a packet, but not over a gap', () => {
    const segment = joinBytes([sound(0, 5), sound(6, 1)]);
    const ts = new Remuxer([createFmp4Input(SOUND_INIT)]).remux([segment]);
    expect(timesOf(inspectTs(ts), 0x100).dts).toEqual([0, 5760, 11_520]);
  });

  test('refuses a frame of sound that no PES packet holds', () => {
    const init = initOf(trak({ id: 2, handler: 'soun', entries: [audioEntry('ec-3')] }), trex(2));
    const segment = fragmentOf({ id: 2, samples: [{ bytes: new Uint8Array(70_000) }] });
    const remux = () => new Remuxer([createFmp4Input(init)]).remux([segment]);
    expect(remux).toThrow('a frame of sound has 70000 bytes, wanted 65519 at most');
  });

  test('refuses a track that changes its codec', () => {
    const entries = [audioEntry('ec-3'), audioEntry('mp4a', esds())];
    const init = initOf(trak({ id: 2, handler: 'soun', entries }));
    expect(() => createFmp4Input(init)).toThrow(
      'track 2 changes its codec from eac3, wanted one codec',
    );
  });
});

describe('Remuxer, of two renditions', () => {
  const both = () => new Remuxer([createFmp4Input(INIT), createFmp4Input(SOUND_INIT)]);

  test('sound beyond the pictures waits for those it belongs to', () => {
    const remuxer = both();
    const first = remuxer.remux([pictures(0, 25), sound(0, 94)]);
    const firstSeen = inspectTs(first);
    expect(firstSeen.problems).toEqual([]);
    expect(Math.max(...timesOf(firstSeen, 0x101).dts)).toBeLessThan(90_000);
    expect(remuxer.stats().waitingUnits).toBeGreaterThan(10);
    const second = remuxer.remux([pictures(90_000, 25), undefined]);
    expect(remuxer.stats()).toEqual({ droppedUnits: 0, waitingUnits: 0 });
    const seen = inspectTs(joinBytes([first, second]));
    expect(seen.problems).toEqual([]);
    const { dts } = timesOf(seen, 0x101);
    expect(dts).toEqual(Array.from({ length: 32 }, (_, index) => index * 5760));
  });

  test('sound that comes first waits, and is given out with the pictures', () => {
    const remuxer = both();
    expect(remuxer.remux([undefined, sound(0, 48)]).length).toBe(0);
    const seen = inspectTs(remuxer.remux([pictures(0, 25), undefined]));
    expect(seen.problems).toEqual([]);
    expect(timesOf(seen, 0x101).dts.length).toBe(16);
  });

  test('sound a little late is given out, too late it is dropped', () => {
    const remuxer = both();
    remuxer.remux([pictures(0, 50), undefined]);
    const late = remuxer.remux([undefined, sound(0, 94)]);
    const { dts } = timesOf(inspectTs(late), 0x101);
    expect(Math.min(...dts)).toBeGreaterThanOrEqual(180_000 - 63_000);
    expect(remuxer.stats().droppedUnits).toBeGreaterThan(10);
  });

  test('what waits when no more comes is given out at the end', () => {
    const remuxer = both();
    const first = remuxer.remux([pictures(0, 25), sound(0, 94)]);
    const seen = inspectTs(joinBytes([first, remuxer.flush()]));
    expect(seen.problems).toEqual([]);
    expect(timesOf(seen, 0x101).dts.length).toBe(32);
    expect(remuxer.flush().length).toBe(0);
  });

  test('what waits is dropped where the pictures jump to another time', () => {
    const remuxer = both();
    remuxer.remux([pictures(9_000_000, 25), sound(4688, 200)]);
    const { waitingUnits } = remuxer.stats();
    const seen = inspectTs(remuxer.remux([pictures(0, 25), sound(0, 46)]));
    expect(timesOf(seen, 0x101).dts.length).toBe(16);
    expect(remuxer.stats()).toEqual({ droppedUnits: waitingUnits, waitingUnits: 0 });
  });

  /** An input that gives what it is told, whatever the segment. */
  function given(track: MuxTrack, calls: readonly (readonly Partial<MuxUnit>[])[]): RemuxInput {
    let call = 0;
    return {
      demux: () => {
        const units = calls[call++]!.map((unit) => ({
          track: 0,
          dts: 0,
          pts: unit.dts ?? 0,
          isKey: true,
          bytes: new Uint8Array(10),
          ...unit,
        }));
        return { tracks: [track], units, endTicks: (units.at(-1)?.dts ?? 0) + 3600 };
      },
    };
  }

  test('times of 33 bits are put beside those that are longer', () => {
    const far = 2 ** 33 * 15_000 + 777;
    const video = given(createMuxTrack('h264'), [[{ dts: far }, { dts: far + 3600 }]]);
    const audio = given(createMuxTrack('aac'), [[{ dts: 2 ** 33 - 23 }, { dts: 1777 }]]);
    const remuxer = new Remuxer([video, audio]);
    const one = new Uint8Array();
    expect(remuxer.remux([undefined, one]).length).toBe(0);
    const seen = inspectTs(remuxer.remux([one, undefined]));
    expect(seen.problems).toEqual([]);
    expect(timesOf(seen, 0x101).dts).toEqual([-23, 1777]);
    expect(timesOf(seen, 0x100).dts).toEqual([777, 4377]);
  });

  test('what waits in vain has a limit in bytes, and the oldest goes first', () => {
    const large = { bytes: new Uint8Array(20 * 1024 * 1024) };
    const audio = given(createMuxTrack('aac'), [
      [0, 1, 2, 3, 4].map((index) => ({ dts: index, ...large })),
    ]);
    const remuxer = new Remuxer([given(createMuxTrack('h264'), []), audio]);
    expect(remuxer.remux([undefined, new Uint8Array()]).length).toBe(0);
    expect(remuxer.stats()).toEqual({ droppedUnits: 2, waitingUnits: 3 });
  });

  test('a segment of the first rendition is never cut, however large', () => {
    const large = { bytes: new Uint8Array(40 * 1024 * 1024) };
    const video = given(createMuxTrack('h264'), [
      [0, 3600, 7200].map((dts) => ({ dts, ...large })),
    ]);
    const ts = new Remuxer([video]).remux([new Uint8Array()]);
    expect(ts.length).toBeGreaterThan(120 * 1024 * 1024);
  });
});
