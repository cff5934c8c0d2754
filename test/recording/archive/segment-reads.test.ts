// This file tests that an fMP4 segment is read by parts, and is the same as read in one go.
import { beforeAll, describe, expect, test } from 'bun:test';
import { TransportPiece } from '../../../src/media/remux/transport-piece.ts';
import { madeParts } from '../../../src/recording/archive/part-bytes.ts';
import { PieceReads } from '../../../src/recording/archive/piece-reads.ts';
import { readBoxes } from '../../../src/recording/archive/segment-reads.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { box } from '../../support/fmp4-boxes.ts';
import { type Form, type MadeList, madeForms } from '../../support/made-archive.ts';
import { hasProgram } from '../../support/programs.ts';

class CountedReads extends PieceReads {
  bytesRead = 0;

  constructor() {
    super(new FakeClock());
  }

  override async piece(body: Blob, at: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    this.bytesRead += end - at;
    return await super.piece(body, at, end);
  }
}

describe.skipIf(!hasProgram('ffmpeg'))('madeParts()', () => {
  let made: Readonly<Record<Form, MadeList>>;
  beforeAll(async () => {
    made = await madeForms();
  }, 120_000);

  test('makes what is made of the whole', async () => {
    for (const form of ['fmp4', 'fmp4-hevc', 'fmp4-negative', 'fmp4-sound', 'aac-sound'] as const) {
      const { init, segments } = made[form];
      const bytes = segments[1]?.bytes as Uint8Array<ArrayBuffer>;
      const piece = new TransportPiece({ bytes, ...(init && { init }) });
      const clear = { body: new Blob([bytes]), init };
      const parts = madeParts(clear, { earlierTicks: 0 }, new CountedReads());
      const read = Buffer.concat(await Array.fromAsync(parts));
      expect(Buffer.compare(read, Buffer.concat([...piece.parts()]))).toBe(0);
    }
  });
});

describe('readBoxes()', () => {
  test('has all boxes but what belongs to frames, of which next to nothing is read', async () => {
    const moof = box('moof', new Uint8Array(40_000).fill(7));
    const frames = box('mdat', new Uint8Array(2_000_000).fill(9));
    const all = new Uint8Array(Buffer.concat([box('styp', []), moof, frames, moof, frames]));
    const reads = new CountedReads();
    const bytes = await readBoxes(new Blob([all]), reads);
    expect(bytes.length).toBe(all.length);
    const second = 8 + moof.length + frames.length;
    for (const at of [0, second]) {
      const head = at === 0 ? 8 + moof.length : moof.length;
      expect(Buffer.compare(bytes.subarray(at, at + head), all.subarray(at, at + head))).toBe(0);
    }
    expect(reads.bytesRead).toBeLessThan(2 * moof.length + 5 * 16 * 1024);
  });

  test('says what is wrong with a box', async () => {
    const cut = new Uint8Array(box('moof', new Uint8Array(100))).slice(0, 50);
    await expect(readBoxes(new Blob([cut]), new CountedReads())).rejects.toThrow(
      'Cannot read fMP4',
    );
  });
});
