// This file is the rest of failure F40, which takes players minutes: other containers, and the slate.
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

  test('MPEG-TS, then fMP4, and MPEG-TS again', async () => {
    const seen = await world.through('ts-fmp4', world.ts);
    expect(seen.lists.map(extensions)).toEqual([['ts'], ['ts'], ['ts']]);
    for (const list of seen.lists) expect(list).not.toContain('#EXT-X-MAP');
    world.expectUnnoticed(seen);
  }, 240_000);

  test('fMP4, then the slate, and fMP4 again', async () => {
    const seen = await world.through('fmp4-slate', world.fmp4);
    expect(seen.lists.map(extensions)).toEqual([['m4s'], ['m4s'], ['m4s']]);
    world.expectUnnoticed(seen);
  }, 240_000);
});
