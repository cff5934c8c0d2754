// This file tests the demo's media: exact to the tick, so that the loop has no seam.
import { describe, expect, test } from 'bun:test';
import { AdtsCounter } from '../../../src/media/codec/adts.ts';
import { indexLoop } from '../../../src/media/mpegts/loop-indexer.ts';
import type { OutboundLimits } from '../../../src/net/outbound.ts';
import { BUILT_IN } from '../../../src/source/loop/built-in.ts';
import { LoopSource } from '../../../src/source/loop/loop-source.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { inspectTs, shownSpacings } from '../../support/ts-inspect.ts';
import { joinBytes } from '../../support/ts-packets.ts';

const VIDEO = 256;
const AUDIO = 257;
/** So that a binary of 100 MB and a repository do not feel it. */
const SIZE_MAX_BYTES = 600 * 1024;
const LIMITS = { maxBytes: 1024 * 1024 } as OutboundLimits;
const NOON = Date.UTC(2026, 5, 1, 12);
const signal = new AbortController().signal;

async function fetchDemo(source: LoopSource, sequence: number): Promise<Uint8Array> {
  const answer = await source.open({ kind: 'loop', sequence }, LIMITS, signal);
  return joinBytes(await Array.fromAsync(answer.body));
}

/** The elementary stream of a PID whose PES headers have 14 bytes, as ffmpeg writes for sound. */
function audioBytes(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += 188) {
    if ((((bytes[at + 1]! & 31) << 8) | bytes[at + 2]!) !== AUDIO) continue;
    const skipped = (bytes[at + 3]! & 0x20) === 0 ? 4 : 5 + bytes[at + 4]!;
    const header = (bytes[at + 1]! & 0x40) === 0 ? 0 : 14;
    parts.push(bytes.subarray(at + skipped + header, at + 188));
  }
  return joinBytes(parts);
}

describe('the demo', () => {
  test('is a minute to the tick, in 15 segments of 4 s that need no other', async () => {
    const bytes = await Bun.file(BUILT_IN.demo).bytes();
    expect(bytes.length).toBeLessThanOrEqual(SIZE_MAX_BYTES);
    const index = indexLoop(bytes);
    expect(index).toMatchObject({ durationTicks: 5_400_000, isIndependent: true, hasVideo: true });
    const starts = index.segments.map(({ startTicks }) => startTicks);
    expect(starts).toEqual(Array.from({ length: 15 }, (_, segment) => segment * 360_000));
    expect(index.segments.every(({ preamble }) => preamble.length === 0)).toBe(true);
  });

  test('is H.264 and AAC, the sound as long as the picture', async () => {
    const bytes = await Bun.file(BUILT_IN.demo).bytes();
    const { streams, tracks, problems } = inspectTs(bytes);
    expect(problems).toEqual([]);
    expect([...streams]).toEqual([
      [VIDEO, 0x1b],
      [AUDIO, 0x0f],
    ]);
    expect(tracks.get(VIDEO)?.pts.length).toBe(1500);
    expect(tracks.get(AUDIO)?.pts[0]).toBe(Math.min(...(tracks.get(VIDEO)?.pts ?? [])));
    const counter = new AdtsCounter();
    const sound = audioBytes(bytes);
    counter.read(sound, 0, sound.length);
    expect(counter.seconds).toBeCloseTo(60, 9);
  });

  test('plays for three minutes with every frame 40 ms after the one before', async () => {
    const source = new LoopSource({ kind: 'loop', files: 'demo' }, new FakeClock(NOON));
    const first = NOON / 4000;
    const parts = Array.from({ length: 45 }, (_, index) => fetchDemo(source, first + index));
    const { problems, tracks, pcrIntervalMaxMs } = inspectTs(joinBytes(await Promise.all(parts)));
    expect(problems).toEqual([]);
    expect(pcrIntervalMaxMs).toBeLessThanOrEqual(40);
    const video = tracks.get(VIDEO);
    expect([...shownSpacings(video!)]).toEqual([[3600, 4499]]);
    expect(Math.min(...video!.rawPts)).toBe((NOON * 90) % 2 ** 33);
    // Ten frames of AAC a packet, five in the last of each minute
    const sound = [...shownSpacings(tracks.get(AUDIO)!)].sort(([left], [right]) => left - right);
    expect(sound).toEqual([
      [14_400, 2],
      [28_800, 561],
    ]);
  });

  test('shows second 0 at the beginning of each minute', async () => {
    const clock = new FakeClock(NOON + 4000);
    const source = new LoopSource({ kind: 'loop', files: 'demo' }, clock);
    const { segments, targetDurationS } = await source.poll(6, signal);
    expect(targetDurationS).toBe(4);
    expect(segments.at(-1)).toMatchObject({
      sequence: NOON / 4000,
      programDateTimeMs: NOON,
      durationS: 4,
      discontinuity: false,
    });
    const file = await Bun.file(BUILT_IN.demo).bytes();
    const { segments: inFile } = indexLoop(file);
    const listed = await fetchDemo(source, segments.at(-1)!.sequence);
    expect(listed.length).toBe(inFile[0]!.sizeBytes);
  });
});
