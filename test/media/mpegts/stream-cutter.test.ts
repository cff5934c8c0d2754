// This file tests where an endless stream is cut, and what is said of the pieces.
import { describe, expect, test } from 'bun:test';
import { StreamCutter } from '../../../src/media/mpegts/stream-cutter.ts';
import { bytesOf, cut, durations, payloads, pidAt } from '../../support/stream-pieces.ts';
import { inspectTs } from '../../support/ts-inspect.ts';
import {
  joinBytes,
  patSection,
  pmtSection,
  psiSection,
  tsPacket,
} from '../../support/ts-packets.ts';
import {
  AAC,
  AUDIO,
  H264,
  PMT,
  StreamWriter,
  VIDEO,
  writeFrames,
} from '../../support/ts-stream.ts';

const WRAP = 2 ** 33;

describe('StreamCutter', () => {
  const live = (from = 90_000, count = 250, gop = 25) =>
    writeFrames(new StreamWriter(), from, count, gop).take();

  test('cuts at the first key frame after the wanted time', () => {
    const { pieces } = cut([live()], { targetMs: 2500 });
    expect(durations(pieces)).toEqual([3000, 3000, 3000, 1000]);
    expect(pieces.map(({ isDurationExact }) => isDurationExact)).toEqual([true, true, true, false]);
  });

  test('begins at the first key frame, with the units that begin after it', () => {
    const writer = writeFrames(new StreamWriter(), 90_000, 100, 25);
    const bytes = writer.take();
    const second = bytes.subarray(188 * 30);
    const { pieces } = cut([second]);
    expect(pieces[0]).toMatchObject({
      startKind: 'idr',
      firstDts: 90_000 + 25 * 3600,
      isDiscontinuous: false,
    });
    expect(inspectTs(bytesOf(pieces)).problems).toEqual([]);
  });

  test('goes on over the end of the 33 bits', () => {
    const { pieces } = cut([live(WRAP - 90_000 * 3)]);
    expect(durations(pieces)).toEqual([2000, 2000, 2000, 2000, 2000]);
    expect(pieces.every(({ isDiscontinuous }) => !isDiscontinuous)).toBe(true);
  });

  test.each([
    ['forward', 90_000 * 100],
    ['back', 45_000],
    ['over half the clock', 2 ** 32 + 500_000],
  ])('ends a piece where the timestamps jump %s', (_, to) => {
    const writer = writeFrames(new StreamWriter(), 90_000 * 20, 80);
    writeFrames(writer, to, 80);
    const { pieces } = cut([writer.take()]);
    expect(durations(pieces)).toEqual([2000, 1200, 2000, 1200]);
    expect(pieces.map(({ isDiscontinuous }) => isDiscontinuous)).toEqual([
      false,
      false,
      true,
      false,
    ]);
    expect(pieces[2]).toMatchObject({ firstDts: to, startKind: 'idr' });
  });

  test('waits for a key frame after a jump', () => {
    const writer = writeFrames(new StreamWriter(), 90_000, 60);
    for (let index = 0; index < 30; index++)
      writer.video({ dts: 90_000_000 + index * 3600, isKey: index === 20 });
    const { pieces } = cut([writer.take()]);
    expect(pieces.map(({ firstDts, isDiscontinuous }) => [firstDts, isDiscontinuous])).toEqual([
      [90_000, false],
      [90_000 + 50 * 3600, false],
      [90_000_000 + 20 * 3600, true],
    ]);
  });

  test('throws away what lies between jumps that follow each other at once', () => {
    const writer = writeFrames(new StreamWriter(), 90_000, 30);
    for (let index = 0; index < 50; index++)
      writer.video({ dts: (index % 2) * 90_000_000, isKey: true });
    const { pieces, stats } = cut([writer.take()]);
    expect(pieces.length).toBeLessThan(6);
    expect(stats.discardedPieces).toBeGreaterThan(40);
  });

  test('takes steps back of reordered frames for none where there is no DTS', () => {
    const writer = new StreamWriter().tables();
    for (let index = 0; index < 100; index++) {
      const shown = 90_000 + (index + [0, 2, -1, -1][index % 4]!) * 3600;
      writer.pes(VIDEO, [
        0,
        0,
        1,
        0xe0,
        0,
        0,
        0x80,
        0x80,
        5,
        ...stamp(shown),
        0,
        0,
        1,
        ...(index % 25 === 0 ? [0x65, 0x88, 1] : [0x41, 0x9a, 1]),
        9,
        9,
      ]);
    }
    const { pieces } = cut([writer.take()]);
    expect(pieces.length).toBe(2);
    expect(pieces.some(({ isDiscontinuous }) => isDiscontinuous)).toBe(false);
  });

  test('cuts a stream without key frames anyway, and says so', () => {
    const { pieces, cutter } = cut([live(90_000, 800, 1000)]);
    expect(durations(pieces)).toEqual([10_000, 10_000, 10_000, 2000]);
    expect(pieces.map(({ startsWithKeyFrame }) => startsWithKeyFrame)).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(cutter.maxDurationMs).toBe(10_499);
  });

  test('begins anyway where no key frame comes in that time', () => {
    const writer = new StreamWriter().tables();
    for (let index = 0; index < 400; index++) writer.video({ dts: 90_000 + index * 3600 });
    const { pieces } = cut([writer.take()]);
    expect(pieces[0]).toMatchObject({ startsWithKeyFrame: false, firstDts: 90_000 + 250 * 3600 });
  });

  test('says no duration over its limit: a hole is a discontinuity', () => {
    const writer = writeFrames(new StreamWriter(), 0, 45, 1000);
    writeFrames(writer, 45 * 3600 + 9.5 * 90_000, 100);
    const { pieces, cutter } = cut([writer.take()]);
    expect(durations(pieces)).toEqual([1800, 2000, 2000]);
    expect(pieces.map(({ isDiscontinuous }) => isDiscontinuous)).toEqual([false, true, false]);
    for (const { durationMs } of pieces)
      expect(durationMs).toBeLessThanOrEqual(cutter.maxDurationMs);
  });

  test('cuts a piece that is too large wherever it is', () => {
    const writer = new StreamWriter().tables();
    for (let index = 0; index < 50; index++)
      writer.video({ dts: 90_000 + index * 3600, isKey: index === 0, size: 10_000 });
    const source = writer.take();
    const { pieces } = cut([source], { maxBytes: 100_000 });
    expect(pieces.length).toBe(6);
    for (const { sizeBytes } of pieces) expect(sizeBytes).toBeLessThanOrEqual(100_000);
    expect(payloads(bytesOf(pieces))).toEqual(payloads(source));
    expect(durations(pieces).reduce((sum, ms) => sum + ms)).toBeCloseTo(2000, 6);
    expect(pieces[1]).toMatchObject({ startsWithKeyFrame: false, isDiscontinuous: false });
  });

  test('keeps one programme of several, the first in the order of the PAT', () => {
    const writer = new StreamWriter();
    const tables = () => {
      writer.section(
        0,
        patSection([
          [0, 16],
          [7, 4097],
          [8, 4098],
        ]),
      );
      writer.section(4098, pmtSection(8, 258, [[H264, 258]]));
      writer.section(
        4097,
        pmtSection(7, VIDEO, [
          [H264, VIDEO],
          [AAC, AUDIO],
        ]),
      );
    };
    for (let index = 0; index < 100; index++) {
      if (index % 25 === 0) tables();
      const frame = { dts: 90_000 + index * 3600, isKey: index % 25 === 0 };
      writer.video(frame, 258).video(frame).audio(frame.dts);
      writer.raw(tsPacket({ pid: 0x1fff, payload: new Array<number>(184).fill(255) }));
      writer.raw(tsPacket({ pid: 17, payload: new Array<number>(184).fill(255) }));
    }
    const source = writer.take();
    for (const [options, program, pids] of [
      [{}, 7, [0, 256, 257, 4097]],
      [{ program: 8 }, 8, [0, 258, 4098]],
    ] as const) {
      const { pieces, stats } = cut([source], options);
      const whole = bytesOf(pieces);
      const seen = new Set(
        Array.from({ length: whole.length / 188 }, (_, at) => pidAt(whole, at * 188)),
      );
      expect([...seen].sort((left, right) => left - right)).toEqual([...pids]);
      expect(durations(pieces)).toEqual([2000, 2000]);
      expect([pieces[0]?.program, stats.program]).toEqual([program, program]);
      expect(inspectTs(whole).problems).toEqual([]);
    }
    expect(cut([source], { program: 9 })).toMatchObject({
      pieces: [],
      stats: { hasPat: true, program: undefined },
    });
  });

  test('waits no longer for a programme whose map never comes', () => {
    const writer = new StreamWriter();
    for (let index = 0; index < 300; index++) {
      if (index % 10 === 0)
        writer
          .section(
            0,
            patSection([
              [1, 4097],
              [2, PMT],
            ]),
          )
          .section(PMT, pmtSection(2, VIDEO, [[H264, VIDEO]]));
      writer.video({ dts: 90_000 + index * 3600, isKey: index % 25 === 0 });
    }
    const { pieces, stats } = cut([writer.take()]);
    expect(stats.program).toBe(2);
    expect(pieces[0]?.firstDts).toBe(90_000 + 50 * 3600);
  });

  test('goes over to other streams at a key frame, with a discontinuity and their map', () => {
    const writer = writeFrames(new StreamWriter(), 90_000, 30);
    const streams = [
      [H264, VIDEO],
      [AAC, 300],
    ] as const;
    for (let index = 30; index < 100; index++) {
      if (index === 30 || index % 25 === 0) writer.tables(streams);
      writer.video({ dts: 90_000 + index * 3600, isKey: index % 25 === 0 }).audio(90_000, 300, 300);
    }
    const { pieces } = cut([writer.take()]);
    expect(durations(pieces)).toEqual([2000, 2000]);
    expect(pieces.map(({ isDiscontinuous }) => isDiscontinuous)).toEqual([false, true]);
    expect([...inspectTs(bytesOf(pieces.slice(0, 1))).streams.keys()]).toEqual([VIDEO, AUDIO]);
    expect([...inspectTs(bytesOf(pieces.slice(1))).streams.keys()]).toEqual([VIDEO, 300]);
  });

  test('ends the piece at once where another video takes over', () => {
    const writer = writeFrames(new StreamWriter(), 90_000, 40);
    writer.tables([
      [0x24, 300],
      [AAC, AUDIO],
    ]);
    for (let index = 40; index < 60; index++) {
      const head = index % 10 === 5 ? [0x40, 1, 1, 0, 0, 1, 0x26, 1, 1] : [0x02, 1, 1];
      writer.pes(300, [
        0,
        0,
        1,
        0xe0,
        0,
        0,
        0x80,
        0x80,
        5,
        ...stamp(90_000 + index * 3600),
        0,
        0,
        1,
        ...head,
      ]);
    }
    const { pieces, stats } = cut([writer.take()]);
    expect(pieces.map(({ isDiscontinuous, firstDts }) => [isDiscontinuous, firstDts])).toEqual([
      [false, 90_000],
      [true, 90_000 + 45 * 3600],
    ]);
    expect(stats.lead).toEqual({ type: 0x24, pid: 300 });
  });

  test('goes over to another programme where its own leaves the PAT', () => {
    const writer = writeFrames(new StreamWriter(), 90_000, 40);
    const pat = psiSection(0, [0, 1, 0xc3, 0, 0, 0, 2, 0xf0, 4]);
    writer.section(0, pat).section(4100, pmtSection(2, 300, [[H264, 300]]));
    for (let index = 0; index < 60; index++)
      writer.video({ dts: 7_000_000 + index * 3600, isKey: index % 25 === 0 }, 300);
    const { pieces } = cut([writer.take()]);
    expect(pieces.map(({ program, isDiscontinuous }) => [program, isDiscontinuous])).toEqual([
      [1, false],
      [2, true],
      [2, false],
    ]);
  });

  test('counts what was lost, and marks a loss right before a cut', () => {
    const writer = writeFrames(new StreamWriter(), 90_000, 30);
    writer.lose(AUDIO, 3);
    writeFrames(writer, 90_000 + 30 * 3600, 45, 20);
    writer.lose(VIDEO);
    writeFrames(writer, 90_000 + 75 * 3600, 25);
    const { pieces, stats } = cut([writer.take()]);
    expect(stats.continuityErrors).toBe(2);
    expect(
      pieces.map(({ continuityErrors, isDiscontinuous }) => [continuityErrors, isDiscontinuous]),
    ).toEqual([
      [1, false],
      [1, false],
    ]);
    const cutWriter = writeFrames(new StreamWriter(), 90_000, 50);
    cutWriter.lose(VIDEO);
    const { pieces: marked } = cut([writeFrames(cutWriter, 90_000 + 50 * 3600, 50).take()]);
    expect(marked.map(({ isDiscontinuous }) => isDiscontinuous)).toEqual([false, true]);
  });

  test('goes on through garbage and says so', () => {
    const writer = writeFrames(new StreamWriter(), 90_000, 50);
    writer.raw(new Uint8Array(5000).fill(7));
    const { pieces, stats } = cut([writeFrames(writer, 90_000 + 50 * 3600, 50).take()]);
    expect(durations(pieces)).toEqual([2000, 2000]);
    expect(pieces.map(({ isDiscontinuous }) => isDiscontinuous)).toEqual([false, true]);
    expect(stats).toMatchObject({ skippedBytes: 5000, lostSyncs: 1, continuityErrors: 0 });
  });

  test('leaves out packets that are marked as broken', () => {
    const writer = writeFrames(new StreamWriter(), 90_000, 20);
    const packet = tsPacket({
      pid: VIDEO,
      counter: writer.counter(VIDEO),
      payload: new Array<number>(184).fill(1),
    });
    writer.raw(packet.with(1, packet[1]! | 0x80));
    const { pieces, stats } = cut([writeFrames(writer, 90_000 + 20 * 3600, 20, 50).take()]);
    expect(stats).toMatchObject({ damagedPackets: 1, continuityErrors: 1 });
    expect(inspectTs(bytesOf(pieces)).problems.length).toBe(1);
  });

  test('takes a packet that is sent twice for one frame', () => {
    const bytes = live(90_000, 100);
    const packets = Array.from({ length: bytes.length / 188 }, (_, at) =>
      bytes.subarray(at * 188, at * 188 + 188),
    );
    const { pieces, stats } = cut([joinBytes(packets.flatMap((packet) => [packet, packet]))]);
    expect(durations(pieces)).toEqual([2000, 2000]);
    expect(stats.continuityErrors).toBe(0);
  });

  test('reads the time off the PCR where all is scrambled', () => {
    const writer = new StreamWriter();
    for (let index = 0; index < 200; index++) {
      if (index % 25 === 0) writer.tables();
      writer.video({ dts: 90_000 + index * 3600, randomAccess: index % 25 === 0, scrambled: true });
    }
    const { pieces } = cut([writer.take()]);
    expect(durations(pieces)).toEqual([2000, 2000, 2000, 2000]);
    for (const piece of pieces) {
      expect(piece).toMatchObject({ isScrambled: true, startKind: 'key', firstDts: undefined });
      expect(piece.firstPcr).toBeGreaterThan(0);
    }
  });

  test('goes on by the sound where the picture never comes', () => {
    const writer = new StreamWriter();
    for (let index = 0; index < 300; index++) {
      if (index % 25 === 0) writer.tables();
      writer.audio(90_000 + index * 3600);
    }
    const { pieces, stats } = cut([writer.take()]);
    expect(stats.lead).toEqual({ type: AAC, pid: AUDIO });
    expect(durations(pieces).slice(0, -1)).toEqual([2000, 2000, 2000, 2000]);
  });

  test('goes on by the other clocks where the picture goes away, and comes back', () => {
    const writer = writeFrames(new StreamWriter(), 90_000, 50);
    for (let index = 50; index < 800; index++) writer.audio(93_600 + index * 3600);
    writeFrames(writer, 90_000 + 800 * 3600, 100);
    const { pieces, stats } = cut([writer.take()]);
    expect(stats.frames).toBe(150);
    const total = durations(pieces).reduce((sum, ms) => sum + ms);
    expect(total).toBeCloseTo(36_000, -3);
    for (const { durationMs } of pieces) expect(durationMs).toBeLessThanOrEqual(10_499);
  });

  describe('where packets of several streams are mixed', () => {
    /** `packets` one by one between those of `among`, after the first of them. */
    const mixed = (among: Uint8Array, packets: Uint8Array) => {
      const parts: Uint8Array[] = [];
      for (let at = 0; at < Math.max(among.length, packets.length); at += 188) {
        parts.push(among.subarray(at, at + 188), packets.subarray(at, at + 188));
      }
      return joinBytes(parts);
    };
    /** A message so long that the picture's own unit begins packets later. */
    const message = [0, 0, 1, 6, 5, 255, 255, 90, ...new Array<number>(600).fill(0x55), 0x80];

    function stream(keyHead: readonly number[], firstHead = keyHead): Uint8Array {
      const writer = new StreamWriter();
      const parts: Uint8Array[] = [];
      for (let index = 0; index < 110; index++) {
        const dts = 90_000 + index * 3600;
        if (index % 25 === 0) parts.push(writer.tables().take());
        const isKey = index % 25 === 0;
        const units = index === 0 ? firstHead : keyHead;
        const head = isKey ? [...units, 0, 0, 1, 0x65, 0x88, 1] : [0, 0, 1, 0x41, 0x9a, 1];
        const body = [...head, ...new Array<number>(900).fill(0x5a)];
        const stamps = [0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5, ...stamp(dts)];
        // The sound begins before the picture and ends amid it
        const sound = writer.audio(dts, 700).take();
        const picture = writer.pes(VIDEO, [...stamps, ...body], { pcr: dts * 300 }).take();
        parts.push(sound.subarray(0, 188), mixed(picture, sound.subarray(188)));
      }
      return joinBytes(parts);
    }

    test.each([
      ['in its first packet', []],
      ['after a message of several packets', message],
    ])('the units of a piece are whole where a key frame is known %s', (_, head) => {
      const source = stream(head);
      const { pieces } = cut([source]);
      expect(durations(pieces)).toEqual([2000, 2000, 400]);
      for (const piece of pieces) {
        const bytes = bytesOf([piece]);
        const { tracks, problems } = inspectTs(bytes);
        expect(problems).toEqual([]);
        expect(pidAt(bytes, 376)).toBe(VIDEO);
        expect(firstOf(bytes, AUDIO)[1]! & 0x40).toBe(0x40);
        expect(tracks.get(VIDEO)?.pts.length).toBe(Math.round(piece.durationMs / 40));
      }
      expect(inspectTs(bytesOf(pieces)).problems).toEqual([]);
      const [wanted, found] = [payloads(source), payloads(bytesOf(pieces))];
      expect(found.get(VIDEO)).toBe(wanted.get(VIDEO) as string);
    });

    test('a frame of which too much comes before its kind is kept, and cut where it is full', () => {
      const long = [...message.slice(0, 5), ...new Array<number>(120_000).fill(0xff), 1];
      const { pieces } = cut([stream(long, [])], { maxBytes: 70_000 });
      for (const { sizeBytes } of pieces) expect(sizeBytes).toBeLessThanOrEqual(70_000 + 1000);
      expect(pieces.length).toBeGreaterThan(3);
    });
  });

  test('shows that the clock stands still', () => {
    const cutter = new StreamCutter({ targetMs: 2000 });
    expect([cutter.lastDts, cutter.lastPcr]).toEqual([undefined, undefined]);
    const writer = writeFrames(new StreamWriter(), 90_000, 50);
    cutter.push(writer.take());
    const seen = [cutter.lastDts, cutter.lastPcr];
    expect(seen).toEqual([90_000 + 49 * 3600, 81_000 + 49 * 3600]);
    for (let index = 0; index < 50; index++) writer.video({ dts: 90_000 + 49 * 3600 });
    expect(cutter.push(writer.take())).toEqual([]);
    expect([cutter.lastDts, cutter.lastPcr]).toEqual(seen);
  });

  test('finishes a piece as soon as its last units are whole', () => {
    const cutter = new StreamCutter({ targetMs: 2000 });
    const writer = writeFrames(new StreamWriter(), 90_000, 50);
    expect(cutter.push(writer.take())).toEqual([]);
    writer.tables().video({ dts: 90_000 + 50 * 3600, isKey: true });
    expect(cutter.push(writer.take()).map(({ durationMs }) => durationMs)).toEqual([2000]);
  });
});

describe('cutSilent()', () => {
  const live = writeFrames(new StreamWriter(), 90_000, 120, 25).take();
  // Amid a packet of the third second
  const at = Math.floor((live.length * 2.6) / 4.8);

  test('gives what there is, and what follows goes on in a piece that ends with its pictures', () => {
    const cutter = new StreamCutter({ targetMs: 2000 });
    const before = cutter.push(live.subarray(0, at));
    const silent = cutter.cutSilent();
    const after = [...cutter.push(live.subarray(at)), ...cutter.flush()];
    const whole = cut([live], { targetMs: 2000 }).pieces;
    expect(before.length + silent.length).toBe(2);
    expect(silent[0]?.durationMs).toBeGreaterThan(0);
    const pieces = [...before, ...silent, ...after];
    expect(pieces.some(({ isDiscontinuous }) => isDiscontinuous)).toBe(false);
    expect(after.map(({ startsWithKeyFrame }) => startsWithKeyFrame)).toEqual([false, true]);
    expect(payloads(bytesOf(pieces))).toEqual(payloads(bytesOf(whole)));
    const sum = durations(pieces).reduce((total, ms) => total + ms, 0);
    expect(sum).toBe(durations(whole).reduce((total, ms) => total + ms, 0));
  });

  test('gives nothing where nothing came, and leaves no piece of tables alone', () => {
    const cutter = new StreamCutter({ targetMs: 2000 });
    expect(cutter.cutSilent()).toEqual([]);
    cutter.push(live);
    expect(cutter.cutSilent()).toHaveLength(1);
    expect(cutter.cutSilent()).toEqual([]);
    expect(cutter.flush()).toEqual([]);
  });
});

/** Five bytes of a PTS. */
function stamp(ticks: number): number[] {
  const [top, middle, low] = [
    Math.floor(ticks / 2 ** 30),
    Math.floor(ticks / 2 ** 15) % 2 ** 15,
    ticks % 2 ** 15,
  ];
  return [
    0x21 | (top << 1),
    middle >> 7,
    ((middle & 127) << 1) | 1,
    low >> 7,
    ((low & 127) << 1) | 1,
  ];
}

/** The first packet of a PID. */
function firstOf(bytes: Uint8Array, pid: number): Uint8Array {
  let at = 0;
  while (at < bytes.length && pidAt(bytes, at) !== pid) at += 188;
  return bytes.subarray(at, at + 188);
}
