// This file tests segments whose beginning goes out before the rest of them is there.
import { describe, expect, test } from 'bun:test';
import { Splicer } from '../../../src/media/mpegts/splicer.ts';
import { checkTransport } from '../../support/check-transport.ts';
import { spliceSegment } from '../../support/splice.ts';
import { framesIn } from '../../support/stream-pieces.ts';
import { cutAt } from '../../support/ts-damage.ts';
import { joinBytes } from '../../support/ts-packets.ts';
import { StreamWriter, writeFrames } from '../../support/ts-stream.ts';
import { readTsVector, TS_VECTORS } from '../../support/ts-vectors.ts';

/** As whoever is given a beginning does: where nothing came of it the whole comes once more. */
function inTwo(segment: Uint8Array, share: number) {
  const splicer = new Splicer();
  const [head, rest] = cutAt(segment, share);
  const first = spliceSegment(splicer, head, true, true);
  const isUsed = first.report.outcome !== 'skipped';
  const second = spliceSegment(splicer, isUsed ? rest : segment, !isUsed);
  return { isUsed, bytes: joinBytes([first.bytes, second.bytes]), first };
}

describe('Splicer, given the beginning of a segment', () => {
  test.each(TS_VECTORS)('%s: gives what it gives of the whole', async (name) => {
    const segment = await readTsVector(name);
    const whole = spliceSegment(new Splicer(), segment, true).bytes;
    for (const share of [0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9]) {
      const { bytes } = inTwo(segment, share);
      expect(checkTransport(bytes)).toEqual([]);
      expect(framesIn(bytes)).toEqual(framesIn(whole));
    }
  });

  const live = writeFrames(new StreamWriter(), 90_000, 100, 50).take();
  const keyless = live.subarray(Math.floor(live.length * 0.25), Math.floor(live.length * 0.75));

  test.each([
    ['a key frame', live, true],
    // 188 bytes each: the next key frame is in the second half
    ['tables and no key frame', joinBytes([live.subarray(0, 376), alignedFrom(keyless)]), false],
    ['no tables', live.subarray(376 * 3), false],
  ])('with %s in it: is it used at once?', (_, segment, isUsed) => {
    expect(inTwo(segment, 0.25).isUsed).toBe(isUsed);
  });

  test('a viewer can begin with the first of it', () => {
    const { first } = inTwo(live, 0.25);
    expect(first.marks[0]).toMatchObject({ offset: 0, isJoin: true });
  });
});

function alignedFrom(bytes: Uint8Array): Uint8Array {
  let at = 0;
  while (bytes[at] !== 0x47 || bytes[at + 188] !== 0x47) at++;
  return bytes.subarray(at);
}
