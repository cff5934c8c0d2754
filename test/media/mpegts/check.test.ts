// This file tests that a broken transport stream segment is told from a whole one.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { checkTransportStream } from '../../../src/media/mpegts/check.ts';
import { cutAt, cutsOf } from '../chunks.ts';

function packets(count: number): Uint8Array {
  const bytes = new Uint8Array(count * 188).fill(0x47);
  for (let at = 0; at < bytes.length; at++) if (at % 188 !== 0) bytes[at] = at & 0xff;
  return bytes;
}

const TEN = packets(10);

describe('checkTransportStream()', () => {
  test('takes whole packets, in chunks of any size', () => {
    fc.assert(
      fc.property(cutsOf(TEN), (cuts) => {
        expect(checkTransportStream(cutAt(TEN, cuts))).toBeUndefined();
      }),
    );
    expect(checkTransportStream(cutAt(TEN, [...TEN.keys()]))).toBeUndefined();
  });

  test('finds every cut that is not between packets', () => {
    for (let size = 1; size < TEN.length; size++) {
      const flaw = checkTransportStream(cutAt(TEN.subarray(0, size), [size >> 1]));
      const rest = size % 188;
      const wanted = `the last packet has ${rest} bytes, wanted 188`;
      expect(flaw).toEqual(rest === 0 ? undefined : { reason: wanted, offset: size - rest });
    }
  });

  test('finds every packet without its sync byte, in chunks of any size', () => {
    fc.assert(
      fc.property(cutsOf(TEN), fc.nat({ max: 9 }), (cuts, packet) => {
        const broken = TEN.slice();
        broken[packet * 188] = 0x0a;
        const reason = `packet ${packet} begins with 0x0a, wanted 0x47`;
        const flaw = checkTransportStream(cutAt(broken, cuts));
        expect(flaw).toEqual({ reason, offset: packet * 188 });
      }),
    );
  });

  test('finds a byte lost or doubled within', () => {
    for (const at of [1, 187, 188, 189, 940, 1879]) {
      expect(checkTransportStream([TEN.subarray(0, at), TEN.subarray(at + 1)])).toBeDefined();
      expect(checkTransportStream([TEN.subarray(0, at), TEN.subarray(at - 1)])).toBeDefined();
    }
  });

  test('finds nothing at all', () => {
    const empty = { reason: 'it is empty, wanted transport stream packets', offset: 0 };
    expect(checkTransportStream([])).toEqual(empty);
    expect(checkTransportStream([new Uint8Array(0), new Uint8Array(0)])).toEqual(empty);
  });
});
