// This file tests that bodies in files are read in pieces, and that no disk holds up a viewer for long.
import { expect, test } from 'bun:test';
import { truncateSync, unlinkSync } from 'node:fs';
import { systemClock } from '../../../src/base/clock.ts';
import { PieceReads } from '../../../src/recording/archive/piece-reads.ts';
import { bodyOf } from '../../ring/tiers/stored-segment.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { createTempFolder } from '../../support/temp-folder.ts';

test('piece() has all that was asked for', async () => {
  await using folder = await createTempFolder();
  const bytes = bodyOf('x', 10_000);
  const body = Bun.file(await folder.write('x', bytes)).slice(100, 10_000);
  const reads = new PieceReads(systemClock);
  for (const [at, end] of [
    [0, 10],
    [500, 9900],
    [7, 7],
  ] as const) {
    expect(Buffer.compare(await reads.piece(body, at, end), bytes.slice(100 + at, 100 + end))).toBe(
      0,
    );
  }
  const many = Array.from({ length: 50 }, (_, index) => reads.piece(body, index, index + 100));
  expect((await Promise.all(many)).every(({ length }) => length === 100)).toBe(true);
});

test('piece() throws of a file that was cut, and of one that is gone', async () => {
  await using folder = await createTempFolder();
  const path = await folder.write('x', bodyOf('x', 1000));
  const body = Bun.file(path).slice(0, 1000);
  const reads = new PieceReads(systemClock);
  truncateSync(path, 400);
  expect(reads.piece(body, 300, 500)).rejects.toThrow('100 bytes came, wanted 200 bytes');
  await settle();
  unlinkSync(path);
  expect(reads.piece(body, 0, 10)).rejects.toThrow('ENOENT');
});

test('piece() of a disk that hangs ends, and no more than four reads hang with it', async () => {
  const clock = new FakeClock();
  const reads = new PieceReads(clock);
  let asked = 0;
  const bytes = () => {
    asked++;
    return new Promise<Uint8Array<ArrayBuffer>>(() => {});
  };
  const body = { slice: () => ({ bytes }) } as unknown as Blob;
  const all = Array.from({ length: 10 }, () => reads.piece(body, 0, 10).catch(String));
  await settle();
  await clock.advance(60_000);
  expect(asked).toBe(4);
  const said = new Set(await Promise.all(all));
  expect([...said].join()).toContain('it does not come, wanted 10 bytes');
  const later = reads.piece(body, 0, 10).catch(String);
  await clock.advance(60_000);
  expect(await later).toContain('it does not come');
  expect(asked).toBe(4);
});
