// This file archives an hour over a restart and an outage of where it lies, and has ffmpeg decode it.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { mediaLists, playWhole, readKept, writePlayable } from '../support/kept-archive.ts';
import { madeHls } from '../support/made-media.ts';
import { hasProgram } from '../support/programs.ts';
import { createTempFolder } from '../support/temp-folder.ts';
import { ArchiveHour, SEGMENT_S } from './archive-hour.ts';

const HOUR_S = 3600;
/** As little as an hour may have: it is encoded in the test. */
const FRAMES_PER_S = 2;
const TEST_MS = 300_000;
/** So that it goes over midnight: two folders. */
const START_MS = Date.parse('2026-03-01T23:30:00Z');
/** Shown when it begins, and what a list has beside. */
const LATE_S = 60;

function words(): string[] {
  const picture = `testsrc2=size=64x36:rate=${FRAMES_PER_S}:duration=${HOUR_S}`;
  const sound = `sine=frequency=440:sample_rate=8000:duration=${HOUR_S}`;
  const keys = `-g ${FRAMES_PER_S * SEGMENT_S} -keyint_min ${FRAMES_PER_S * SEGMENT_S} -sc_threshold 0`;
  return `-f lavfi -i ${picture} -f lavfi -i ${sound} -c:v libx264 -preset ultrafast ${keys} -c:a aac -b:a 24k`.split(
    ' ',
  );
}

describe.skipIf(!hasProgram('ffmpeg'))('an hour of archive, over a restart and an outage', () => {
  let segments: readonly Uint8Array[];
  beforeAll(async () => {
    ({ segments } = await madeHls(words()));
  }, 120_000);
  afterAll(() => {
    segments = [];
  });

  for (const as of ['hls', 'tiers'] as const) {
    test(
      `${as}: ffmpeg decodes all of it without an error`,
      async () => {
        expect(segments.length).toBe(HOUR_S / SEGMENT_S);
        await using temp = await createTempFolder();
        const hour = new ArchiveHour(temp, as, segments, START_MS);
        await hour.play(1200);
        await hour.restart();
        await hour.play(1200);
        await hour.beginOutage();
        await hour.play(120);
        await hour.endOutage();
        await hour.play(HOUR_S - 2520 + LATE_S);
        await hour.stop();

        const kept = await readKept(hour.dataDir, hour.at);
        expect(kept.filter(({ gap, bytes }) => gap || bytes === undefined)).toEqual([]);
        expect(kept.filter(({ discontinuity }) => discontinuity)).toEqual([]);
        // It is the encoded hour, from where weir began in it to its end
        const from = segments.length - kept.length;
        expect(from).toBeLessThan(10);
        const isSame = kept.map(({ bytes }, index) =>
          Buffer.from(bytes ?? []).equals(segments[from + index] as Uint8Array),
        );
        expect(isSame).not.toContain(false);
        const frames = kept.length * SEGMENT_S * FRAMES_PER_S;
        const wanted = { errors: [], frames };
        await using folder = await createTempFolder();
        expect(await playWhole(await writePlayable(folder, kept), TEST_MS)).toEqual(wanted);
        if (as === 'hls') expect(await playedDays(hour.folder)).toEqual({ days: 2, ...wanted });
      },
      TEST_MS,
    );
  }
});

/** All days of the folder, as a player has them that knows nothing of weir. */
async function playedDays(folder: string) {
  const lists = await mediaLists(folder);
  const errors: string[] = [];
  let frames = 0;
  for (const list of lists) {
    const played = await playWhole(join(list, 'index.m3u8'), TEST_MS);
    errors.push(...played.errors);
    frames += played.frames;
  }
  return { days: lists.length, errors, frames };
}
