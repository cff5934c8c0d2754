// This file tests how the first segment of an endless stream is read: its beginning by itself.
import { describe, expect, test } from 'bun:test';
import { TransportSource } from '../../../src/packaging/mpegts/transport-source.ts';
import type { Rendition } from '../../../src/prefetch/rendition/rendition.ts';
import type { Segment } from '../../../src/ring/rendition-ring.ts';
import { joinBytes } from '../../support/ts-packets.ts';
import { StreamWriter, writeFrames } from '../../support/ts-stream.ts';

const never = new AbortController().signal;

/** Four seconds each, of so many bytes at least. */
function segments(count: number, sizeBytes: number): Uint8Array<ArrayBuffer>[] {
  return Array.from({ length: count }, (_, index) => {
    const writer = new StreamWriter();
    const parts: Uint8Array[] = [];
    for (let at = 0; at < sizeBytes; at += parts.at(-1)?.length ?? 0) {
      parts.push(writeFrames(writer, 90_000 * (1 + index), 100).take());
    }
    return joinBytes(parts);
  });
}

/** A rendition that lists these and nothing more. */
function renditionOf(bodies: readonly Uint8Array<ArrayBuffer>[], listed: object = {}): Rendition {
  const held = bodies.map((bytes, mediaSequence) => ({
    mediaSequence,
    name: `${mediaSequence}.ts`,
    discontinuity: false,
    state: 'held',
    listed: { keys: [], durationS: 4, sequence: mediaSequence, ...listed },
    body: new Blob([bytes]),
  }));
  const rendition = {
    keepGoing: () => undefined,
    grown: async () => {},
    body: (name: string) => ({
      kind: 'whole',
      body: held.find((segment) => segment.name === name)?.body,
    }),
    ring: {
      firstListed: held[0],
      listedCount: held.length,
      onDemand: true,
      ended: true,
      find: (sequence: number) => held[sequence] as unknown as Segment,
    },
  };
  // As much of it as is asked for here
  return rendition as unknown as Rendition;
}

async function all(source: TransportSource, isBeginningUsed = true) {
  const parts: { sizeBytes: number; discontinuity: boolean; isBeginning: boolean }[] = [];
  const bytes: Uint8Array[] = [];
  for (;;) {
    const part = await source.next(never);
    if (part === undefined) return { parts, bytes: joinBytes(bytes) };
    const { discontinuity, isBeginning } = part;
    parts.push({ sizeBytes: part.bytes.length, discontinuity, isBeginning });
    if (isBeginning && !isBeginningUsed) source.again();
    else bytes.push(part.bytes);
  }
}

const LARGE = 600_000;

describe('TransportSource', () => {
  test('gives the beginning of the first segment by itself, then the rest of it', async () => {
    const bodies = segments(3, LARGE);
    const { parts, bytes } = await all(new TransportSource(renditionOf(bodies)));
    expect(parts.map(({ isBeginning }) => isBeginning)).toEqual([true, false, false, false]);
    expect(parts.map(({ discontinuity }) => discontinuity)).toEqual([true, false, false, false]);
    expect((parts[0]?.sizeBytes ?? 0) % 188).toBe(0);
    expect(bytes).toEqual(joinBytes(bodies));
  });

  test('gives the whole where nothing came of the beginning', async () => {
    const bodies = segments(2, LARGE);
    const source = new TransportSource(renditionOf(bodies));
    const { parts, bytes } = await all(source, false);
    expect(parts.map(({ isBeginning }) => isBeginning)).toEqual([true, false, false]);
    expect(parts.map(({ discontinuity }) => discontinuity)).toEqual([true, true, false]);
    expect(bytes).toEqual(joinBytes(bodies));
  });

  const shifted = joinBytes([segments(1, LARGE)[0] as Uint8Array]);
  shifted.copyWithin(100_000, 100_050);
  test.each([
    ['is short', segments(2, 100_000), {}],
    ['is encrypted', segments(2, LARGE), { keys: [{ key: {} }] }],
    ['is no unbroken row of packets', [shifted, ...segments(1, LARGE)], {}],
  ])('gives it whole where it %s', async (_, bodies, listed) => {
    const source = new TransportSource(renditionOf(bodies, listed));
    const first = await source.next(never).catch(() => undefined);
    expect(first?.isBeginning ?? false).toBe(false);
  });
});
