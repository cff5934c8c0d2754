// This file is failure F24: weir is killed while it archives.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { ClockOrigin } from '../support/clock-origin.ts';
import { hasProgram } from '../support/programs.ts';
import { killMany } from './archive-kills.ts';

/** Of each shelf; a hundred in all are among the tests of players. */
const KILLS = 5;
const TEST_MS = 240_000;

describe.skipIf(!hasProgram('ffmpeg'))('F24: kill -9 of a weir that archives', () => {
  let origin: ClockOrigin;
  beforeAll(async () => {
    origin = await ClockOrigin.start(120);
  }, 60_000);
  afterAll(() => origin[Symbol.asyncDispose]());

  for (const as of ['hls', 'tiers'] as const) {
    test(
      `${as}: each row has its body, at most the last segment is lost, and all of it plays`,
      async () => {
        const { flaws, kept } = await killMany({ origin, as, count: KILLS, seed: 24 });
        expect(flaws).toEqual([]);
        expect(kept).toBeGreaterThan(KILLS);
      },
      TEST_MS,
    );
  }
});
