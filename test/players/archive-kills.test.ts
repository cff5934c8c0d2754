// This file is failure F24 a hundred times: weir is killed while it archives.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { killMany } from '../fault/archive-kills.ts';
import { ClockOrigin } from '../support/clock-origin.ts';
import { hasProgram } from '../support/programs.ts';

const KILLS_EACH = 25;
const ROWS = [
  { as: 'hls', seed: 1 },
  { as: 'tiers', seed: 2 },
  { as: 'hls', seed: 3 },
  { as: 'tiers', seed: 4 },
] as const;
const TEST_MS = 1_100_000;

describe.skipIf(!hasProgram('ffmpeg'))(
  'F24: a hundred times kill -9 of a weir that archives',
  () => {
    let origin: ClockOrigin;
    beforeAll(async () => {
      origin = await ClockOrigin.start(300);
    }, 60_000);
    afterAll(() => origin[Symbol.asyncDispose]());

    test(
      'each row has its body, at most the last segment is lost, and all of it plays',
      async () => {
        const all = await Promise.all(
          ROWS.map((row) => killMany({ origin, ...row, count: KILLS_EACH })),
        );
        const flaws = all.flatMap((outcome, index) =>
          outcome.flaws.map((flaw) => `${JSON.stringify(ROWS[index])} ${flaw}`),
        );
        expect(flaws).toEqual([]);
        for (const { kept } of all) expect(kept).toBeGreaterThan(KILLS_EACH);
      },
      TEST_MS,
    );
  },
);
