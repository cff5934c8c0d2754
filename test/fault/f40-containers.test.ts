// This file is failure F40: a source of another container that takes over.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { ContainerWorld, extensions } from '../support/container-world.ts';
import { hasProgram } from '../support/programs.ts';

const hasFfmpeg = hasProgram('ffmpeg') && hasProgram('ffprobe');

describe.skipIf(!hasFfmpeg)('F40: a source of another container takes over', () => {
  let world: ContainerWorld;
  beforeAll(async () => {
    world = await ContainerWorld.start();
  }, 150_000);
  afterAll(() => world?.[Symbol.asyncDispose](), 30_000);

  test('fMP4, then MPEG-TS, and fMP4 again', async () => {
    const seen = await world.through('fmp4-ts', world.fmp4);
    const metrics = await (await fetch(world.weir.url('/metrics'))).text();
    expect(metrics).toMatch(/weir_remuxed_segments_total\{channel="fmp4-ts",.*outcome="made"\} \d/);
    expect(seen.lists.map(extensions)).toEqual([['m4s'], ['m4s'], ['m4s']]);
    expect(seen.lists[1]).toMatch(/#EXT-X-DISCONTINUITY\n#EXT-X-MAP/);
    expect(seen.lists[2]).toContain('#EXT-X-DISCONTINUITY\n');
    world.expectUnnoticed(seen);
  }, 240_000);
});
