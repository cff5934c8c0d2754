// This file tests the splicer with sources that are cut, lossy, repeated and jumpy by chance.
import { describe, expect, test } from 'bun:test';
import {
  type Arbitrary,
  array,
  boolean,
  assert as check,
  constantFrom,
  float,
  integer,
  option,
  property,
  record,
} from 'fast-check';
import { Splicer } from '../../../src/media/mpegts/splicer.ts';
import { checkTransport } from '../../support/check-transport.ts';
import { spliceSegment } from '../../support/splice.ts';
import {
  atTime,
  cutAt,
  losePackets,
  repeatPackets,
  thinPcr,
  withoutPid,
} from '../../support/ts-damage.ts';
import { joinBytes } from '../../support/ts-packets.ts';
import { readTsVector, TS_VECTORS, type TsVector } from '../../support/ts-vectors.ts';

const vectors = new Map<TsVector, Uint8Array<ArrayBuffer>>();
for (const name of TS_VECTORS) vectors.set(name, await readTsVector(name));

const share = float({ min: 0, max: 1, noNaN: true });
/** The period of what happens to packets: every so many, from the first on. */
const every = option(integer({ min: 2, max: 60 }), { freq: 3 });

const source = record({
  name: constantFrom(...TS_VECTORS),
  ticks: integer({ min: 0, max: 2 ** 33 - 1 }),
  flagged: boolean(),
  from: option(share, { freq: 2 }),
  halves: option(share, { freq: 2 }),
  loss: every,
  repeats: every,
  pcr: option(integer({ min: 1, max: 100 }), { freq: 2 }),
  missing: option(constantFrom(256, 257), { freq: 1 }),
  jump: option(integer({ min: 0, max: 2 ** 33 - 1 }), { freq: 1 }),
  noise: option(integer({ min: 1, max: 400 }), { freq: 1 }),
});

type Source = typeof source extends Arbitrary<infer T> ? T : never;

function segmentsOf(drawn: Source): Uint8Array[] {
  const { name, ticks, from, halves, loss, repeats, pcr, missing, jump, noise } = drawn;
  let bytes: Uint8Array = atTime(vectors.get(name)!, ticks);
  if (from !== null) bytes = cutAt(bytes, from)[1];
  if (pcr !== null) bytes = thinPcr(bytes, (index) => index % pcr === 0);
  if (missing !== null) bytes = withoutPid(bytes, missing);
  if (jump !== null) bytes = joinBytes([bytes, atTime(vectors.get(name)!, jump)]);
  // A source that changes without a word must at least bring its tables
  if (loss !== null) bytes = losePackets(bytes, (index) => index > 3 && index % loss === 1);
  if (repeats !== null) bytes = repeatPackets(bytes, (index) => index % repeats === 1);
  if (noise !== null) {
    const [start, end] = cutAt(bytes, 0.5);
    bytes = joinBytes([start, new Uint8Array(noise).fill(0xaa), end]);
  }
  return halves === null ? [bytes] : cutAt(bytes, halves);
}

describe('Splicer', () => {
  test('makes one clean stream of any sources, one after the other', () => {
    const sources = array(source, { minLength: 1, maxLength: 6 });
    const startTicks = constantFrom(900_000, 2 ** 33 - 400_000);
    check(
      property(sources, startTicks, (drawn, start) => {
        const splicer = new Splicer({ startTicks: start });
        const parts = drawn.flatMap((each) =>
          segmentsOf(each).map((bytes, index) =>
            spliceSegment(splicer, bytes, index === 0 && each.flagged),
          ),
        );
        const complaints = checkTransport(joinBytes(parts.map(({ bytes }) => bytes)))
          // Where the pictures of a source are missing its sound comes first
          .filter((what) => !what.includes('is the first stream'));
        expect(complaints).toEqual([]);
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  test('tells times that never go back, however long it runs', () => {
    check(
      property(array(source, { minLength: 2, maxLength: 8 }), (drawn) => {
        const splicer = new Splicer();
        const marks = drawn.flatMap((each) =>
          segmentsOf(each).flatMap((bytes) => spliceSegment(splicer, bytes, each.flagged).marks),
        );
        const times = marks.map(({ time90k }) => time90k);
        const steps = times.slice(1).map((time, index) => time - times[index]!);
        // A lost second of sound, or one that was ahead, may stand in between; never an hour
        expect(steps.filter((step) => step < 0 || step > 4 * 90_000)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
