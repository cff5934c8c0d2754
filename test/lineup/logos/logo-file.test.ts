// This file tests how a picture lies on the disk.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  type HeldLogo,
  readLogoFile,
  tagOf,
  writeLogoFile,
} from '../../../src/lineup/logos/logo-file.ts';
import { PICTURES } from '../../support/pictures.ts';

const held: HeldLogo = {
  bytes: PICTURES.png,
  type: 'image/png',
  tag: tagOf(PICTURES.png),
  storedMs: 1000,
  checkedMs: 2000,
  etag: '"a"',
  modified: 'Sat, 21 Nov 2026 20:00:00 GMT',
};

describe('readLogoFile()', () => {
  test('reads what writeLogoFile() wrote', () => {
    const { etag: _, modified: __, ...plain } = held;
    for (const logo of [held, plain]) expect(readLogoFile(writeLogoFile(logo))).toEqual(logo);
  });

  test('finds out by the bytes what it is', () => {
    const svg = new TextEncoder().encode('<svg/>');
    const logo = { ...held, bytes: svg, tag: tagOf(svg) };
    expect(readLogoFile(writeLogoFile(logo))?.type).toBe(undefined as never);
    const good = new TextEncoder().encode('<svg />');
    expect(readLogoFile(writeLogoFile({ ...held, bytes: good, tag: tagOf(good) }))?.type).toBe(
      'image/svg+xml',
    );
  });

  test('is undefined for whatever was damaged', () => {
    const file = writeLogoFile(held);
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const copy = file.slice();
        copy[at] = (copy[at] as number) ^ change;
        const read = readLogoFile(copy);
        // A changed time or name of upstream's version is one; other bytes are none
        if (read !== undefined) expect(read.bytes).toEqual(held.bytes);
        expect(readLogoFile(file.subarray(0, at))).toBeUndefined();
      }),
      { numRuns: 300 },
    );
    for (const text of ['', '\n', '{}\n', 'null\n', '[]\nx', `${'x'.repeat(5000)}\n`]) {
      expect(readLogoFile(new TextEncoder().encode(text))).toBeUndefined();
    }
  });
});
