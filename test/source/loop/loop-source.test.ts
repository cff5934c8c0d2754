// This file tests the source that plays files for ever: its bytes, its errors, changed files.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { chmod, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { OutboundLimits } from '../../../src/net/outbound.ts';
import { LoopSource } from '../../../src/source/loop/loop-source.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { createTempFolder, type TempFolder } from '../../support/temp-folder.ts';
import { inspectTs, shownSpacings } from '../../support/ts-inspect.ts';
import { joinBytes } from '../../support/ts-packets.ts';
import { readTsVector, TS_VECTORS, type TsVector, tsVectorPath } from '../../support/ts-vectors.ts';

const LIMITS: OutboundLimits = {
  connectMs: 1000,
  firstByteMs: 1000,
  betweenBytesMs: 1000,
  totalMs: 1000,
  maxBytes: 1024 * 1024,
};
const signal = new AbortController().signal;
let temp: TempFolder;
let folder: string;

beforeAll(async () => {
  temp = await createTempFolder();
  folder = temp.path;
});
afterAll(() => temp[Symbol.asyncDispose]());

function sourceOf(files: readonly string[], nowMs = Date.UTC(2026, 2, 1)): LoopSource {
  return new LoopSource({ kind: 'loop', files }, new FakeClock(nowMs));
}

async function fetchSegment(source: LoopSource, sequence: number): Promise<Uint8Array> {
  const answer = await source.open({ kind: 'loop', sequence }, LIMITS, signal);
  const bytes = joinBytes(await Array.fromAsync(answer.body));
  expect(bytes.length).toBe(answer.lengthBytes as number);
  return bytes;
}

async function fetchRow(source: LoopSource, first: number, count: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let index = 0; index < count; index++) {
    parts.push(await fetchSegment(source, first + index));
  }
  return joinBytes(parts);
}

/** Sequences whose media lies across the end of 33 bits, for a round of so many ticks. */
function sequenceAtWrap(roundTicks: number, segments: number): number {
  const wraps = Math.ceil((Date.UTC(2026, 0, 1) * 90) / 2 ** 33);
  return Math.floor((wraps * 2 ** 33) / roundTicks) * segments - 2 * segments;
}

const ROUNDS: Readonly<Record<TsVector, { ticks: number; segments: number }>> = {
  'ffmpeg-aac-only': { ticks: 812_931, segments: 3 },
  'ffmpeg-h264-aac-across-wrap': { ticks: 544_320, segments: 2 },
  'ffmpeg-h264-aac-null-packets': { ticks: 184_320, segments: 1 },
  'ffmpeg-h264-bframes-aac': { ticks: 722_880, segments: 2 },
  'ffmpeg-h264-ntsc': { ticks: 540_540, segments: 1 },
  'ffmpeg-h264-two-audio': { ticks: 543_360, segments: 2 },
  'ffmpeg-hevc': { ticks: 360_000, segments: 1 },
  'ffmpeg-mp2-only': { ticks: 810_000, segments: 3 },
  'ffmpeg-mpeg2': { ticks: 360_000, segments: 1 },
};

describe('LoopSource', () => {
  for (const name of TS_VECTORS) {
    test(`plays ${name} five times over the end of 33 bits with nothing out of step`, async () => {
      const { ticks, segments } = ROUNDS[name];
      const first = sequenceAtWrap(ticks, segments);
      const row = await fetchRow(sourceOf([tsVectorPath(name)]), first, 5 * segments);
      // At the seam the clock waits for the end of the sound; sound alone has it per packet
      const { problems, tracks } = inspectTs(row, { pcrIntervalMaxMs: 400 });
      expect(problems).toEqual([]);
      for (const track of tracks.values()) {
        expect(Math.min(...track.rawPts)).toBeLessThan(2 * ticks);
        expect(Math.max(...track.rawPts)).toBeGreaterThan(2 ** 33 - 3 * ticks);
      }
    });
  }

  test('keeps the spacing of frames over the seam where sound and picture are equally long', async () => {
    const row = await fetchRow(sourceOf([tsVectorPath('ffmpeg-h264-ntsc')]), 1000, 5);
    const video = inspectTs(row).tracks.get(256);
    expect(video === undefined ? [] : [...shownSpacings(video)]).toEqual([[3003, 899]]);
  });

  test('keeps counters and timestamps going over files in a row', async () => {
    const names = ['ffmpeg-h264-bframes-aac', 'ffmpeg-mpeg2', 'ffmpeg-h264-two-audio'] as const;
    const source = sourceOf(names.map(tsVectorPath));
    const row = await fetchRow(source, 100_000, 15);
    // The sound of one file may reach a little into the next, whose stream it is not
    const { problems } = inspectTs(row, { pcrIntervalMaxMs: 400 });
    expect(problems.filter((problem) => /continuity|PCR goes back/.test(problem))).toEqual([]);
  });

  test('gives the same bytes from another instance at another time', async () => {
    const files = [tsVectorPath('ffmpeg-h264-two-audio')];
    const early = sourceOf(files, Date.UTC(2026, 0, 1));
    const late = sourceOf(files, Date.UTC(2027, 0, 1));
    const listing = await early.poll(6, signal);
    for (const { sequence } of listing.segments) {
      const [left, right] = [
        await fetchSegment(early, sequence),
        await fetchSegment(late, sequence),
      ];
      expect(Buffer.compare(left, right)).toBe(0);
    }
    expect((await late.poll(6, signal)).generation).toBe(listing.generation as number);
  });

  test('lists what is on at the time, each with its wall time', async () => {
    const source = sourceOf([tsVectorPath('ffmpeg-h264-ntsc')]);
    const { segments, targetDurationS } = await source.poll(6, signal);
    expect(targetDurationS).toBe(6);
    const last = segments.at(-1);
    expect(last?.durationS).toBe(6.006);
    const endMs = (last?.programDateTimeMs ?? 0) + 6006;
    expect(Date.UTC(2026, 2, 1) - endMs).toBeGreaterThanOrEqual(-1);
    expect(Date.UTC(2026, 2, 1) - endMs).toBeLessThan(6006);
  });

  const refused = [
    {
      name: 'is not there',
      make: async () => join(folder, 'none.ts'),
      says: /there is no such file/,
    },
    { name: 'is a folder', make: async () => folder, says: /it is no file/ },
    {
      name: 'is no MPEG-TS',
      make: async () => {
        await Bun.write(join(folder, 'text.ts'), '#EXTM3U\n'.repeat(100));
        return join(folder, 'text.ts');
      },
      says: /it is no MPEG-TS, wanted MPEG-TS packets .*\(.*text\.ts\)/,
    },
    {
      name: 'is empty',
      make: async () => {
        await Bun.write(join(folder, 'empty.ts'), '');
        return join(folder, 'empty.ts');
      },
      says: /it is empty/,
    },
  ];
  for (const { name, make, says } of refused) {
    test(`says which file ${name}, and so again at the next poll`, async () => {
      const source = sourceOf([tsVectorPath('ffmpeg-mpeg2'), await make()]);
      for (let times = 0; times < 2; times++) {
        const error = await source.poll(6, signal).catch((caught: unknown) => caught);
        expect(error).toMatchObject({ code: 'SOURCE_FILE', message: expect.stringMatching(says) });
      }
    });
  }

  test.skipIf(process.getuid?.() === 0)('says that a file may not be read', async () => {
    const path = join(folder, 'locked.ts');
    await Bun.write(path, await readTsVector('ffmpeg-mpeg2'));
    await chmod(path, 0);
    await expect(sourceOf([path]).poll(6, signal)).rejects.toThrow(/it may not be read/);
  });

  test('reads a file anew that was replaced, and says that it counts anew', async () => {
    const path = join(folder, 'replaced.ts');
    await Bun.write(path, await readTsVector('ffmpeg-mpeg2'));
    await utimes(path, 1000, 1000);
    const source = sourceOf([path]);
    const before = await source.poll(6, signal);
    expect((await source.poll(6, signal)).generation).toBe(before.generation as number);
    const { sequence } = before.segments[0]!;
    await Bun.write(path, await readTsVector('ffmpeg-h264-ntsc'));
    const late = source.open({ kind: 'loop', sequence }, LIMITS, signal);
    await expect(late).rejects.toMatchObject({ code: 'SOURCE_FILE' });
    const after = await source.poll(6, signal);
    expect(after.generation).not.toBe(before.generation as number);
    expect(after.targetDurationS).toBe(6);
    await fetchSegment(source, after.segments[0]!.sequence);
  });

  test('opens a segment that was listed before it was started, as a replaced worker does', async () => {
    const path = tsVectorPath('ffmpeg-mpeg2');
    const { segments } = await sourceOf([path]).poll(6, signal);
    const [left, right] = await Promise.all(
      [sourceOf([path]), sourceOf([path])].map((source) =>
        fetchSegment(source, segments[0]!.sequence),
      ),
    );
    expect(Buffer.compare(left!, right!)).toBe(0);
  });

  test('goes on for who waits when who began to read gives up', async () => {
    const source = sourceOf([tsVectorPath('ffmpeg-h264-two-audio')]);
    const gone = new AbortController();
    const first = source.poll(6, gone.signal).catch(() => 'gone');
    const second = source.poll(6, signal);
    gone.abort();
    expect(await first).toBe('gone');
    expect((await second).segments.length).toBe(6);
  });

  test('gives nothing larger than the limit', async () => {
    const source = sourceOf([tsVectorPath('ffmpeg-hevc')]);
    const opened = source.open(
      { kind: 'loop', sequence: 5 },
      { ...LIMITS, maxBytes: 9999 },
      signal,
    );
    await expect(opened).rejects.toMatchObject({ code: 'SOURCE_BODY' });
  });
});
