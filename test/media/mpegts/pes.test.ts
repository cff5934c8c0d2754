// This file tests the reading of PES headers.
import { describe, expect, test } from 'bun:test';
import { assert as check, integer, option, property, record } from 'fast-check';
import { PACKET_BYTES, parsePacket } from '../../../src/media/mpegts/packet.ts';
import { type PesHeader, PesHeaderReader } from '../../../src/media/mpegts/pes.ts';
import { joinBytes, pesHeader, tsPacket } from '../../support/ts-packets.ts';

/** Cuts the bytes of one PES packet into transport packets of these payload sizes. */
function spread(pes: readonly number[], sizes: readonly number[], pid = 256): Uint8Array {
  const packets: Uint8Array[] = [];
  for (let at = 0, index = 0; at < pes.length; index++) {
    const payload = pes.slice(at, at + (sizes[index] ?? 184));
    packets.push(tsPacket({ pid, starts: at === 0, counter: index % 16, payload }));
    at += payload.length;
  }
  return joinBytes(packets);
}

function readAll(bytes: Uint8Array): { headers: PesHeader[]; isAmid: boolean } {
  const reader = new PesHeaderReader();
  const headers: PesHeader[] = [];
  for (let at = 0; at < bytes.length; at += PACKET_BYTES) {
    const header = reader.read(bytes, parsePacket(bytes, at));
    if (header !== undefined) headers.push(header);
  }
  return { headers, isAmid: reader.isAmid };
}

describe('PesHeaderReader', () => {
  test('reads PTS and DTS and where they and the data are', () => {
    const pes = [...pesHeader({ pts: 2 ** 33 - 1, dts: 2 ** 32, stuffing: 3 }), 9, 9];
    const { headers } = readAll(spread(pes, []));
    const from = 188 - pes.length;
    expect(headers).toEqual([
      {
        streamId: 0xe0,
        pts: { value: 2 ** 33 - 1, at: [9, 10, 11, 12, 13].map((at) => from + at) },
        dts: { value: 2 ** 32, at: [14, 15, 16, 17, 18].map((at) => from + at) },
        dataAt: 186,
      },
    ]);
  });

  test('reads a header that is spread over packets, however they are cut', () => {
    const size = integer({ min: 1, max: 25 });
    const ticks = integer({ min: 0, max: 2 ** 33 - 1 });
    const parts = record({
      pts: ticks,
      dts: option(ticks, { nil: undefined }),
      a: size,
      b: size,
      c: size,
    });
    check(
      property(parts, ({ pts, dts, a, b, c }) => {
        const header = pesHeader(dts === undefined ? { pts } : { pts, dts });
        const bytes = spread([...header, 1, 2, 3], [a, b, c]);
        const { headers, isAmid } = readAll(bytes);
        expect(headers.map((found) => [found.pts?.value, found.dts?.value])).toEqual([[pts, dts]]);
        expect(isAmid).toBe(false);
        const places = [...(headers[0]?.pts?.at ?? []), ...(headers[0]?.dts?.at ?? [])];
        expect(places.map((at) => bytes[at])).toEqual(header.slice(9));
      }),
    );
  });

  test('tells two streams apart whose headers are interleaved', () => {
    const first = spread([...pesHeader({ pts: 100 }), 1], [6], 256);
    const second = spread([...pesHeader({ pts: 200, streamId: 0xc0 }), 1], [7], 257);
    const packet = (bytes: Uint8Array, index: number) =>
      bytes.subarray(index * PACKET_BYTES, (index + 1) * PACKET_BYTES);
    const mixed = [packet(first, 0), packet(second, 0), packet(first, 1), packet(second, 1)];
    const { headers } = readAll(joinBytes(mixed));
    expect(headers.map(({ streamId, pts }) => [streamId, pts?.value])).toEqual([
      [0xe0, 100],
      [0xc0, 200],
    ]);
  });

  test('is amid a header until its timestamps are there', () => {
    const bytes = spread(pesHeader({ pts: 1, dts: 1 }), [18]);
    expect(readAll(bytes.subarray(0, PACKET_BYTES)).isAmid).toBe(true);
    expect(readAll(bytes).isAmid).toBe(false);
  });

  const silent = [
    { name: 'no start code', pes: [0, 0, 2, 0xe0, 0, 0, 0x80, 0x80, 5, 0x21, 0, 1, 0, 1] },
    { name: 'padding', pes: [0, 0, 1, 0xbe, 0, 8, 0x80, 0x80, 5, 0x21, 0, 1, 0, 1] },
    { name: 'private data without header', pes: [0, 0, 1, 0xbf, 0, 8, 0x80, 0x80, 5, 0x21, 0, 1] },
    { name: 'MPEG-1', pes: [0, 0, 1, 0xe0, 0, 8, 0x21, 0x80, 5, 0x21, 0, 1, 0, 1] },
    {
      name: 'a header too short for its PTS',
      pes: [0, 0, 1, 0xe0, 0, 8, 0x80, 0x80, 4, 1, 1, 1, 1],
    },
  ];
  for (const { name, pes } of silent) {
    test(`reads nothing where there is ${name}`, () => {
      expect(readAll(spread(pes, []))).toEqual({ headers: [], isAmid: false });
    });
  }

  test('reads a header without timestamps as one', () => {
    const { headers } = readAll(spread([...pesHeader({}), 5], []));
    expect(headers).toEqual([{ streamId: 0xe0, dataAt: 187 }]);
  });

  test('takes a DTS without PTS, which the standard forbids, for none', () => {
    const pes = pesHeader({ pts: 7 });
    pes[7] = 0x40;
    expect(readAll(spread(pes, [])).headers).toEqual([{ streamId: 0xe0, dataAt: 188 }]);
  });

  test('leaves scrambled packets alone', () => {
    const payload = pesHeader({ pts: 7 });
    const bytes = tsPacket({ pid: 256, starts: true, scrambled: true, payload });
    expect(readAll(bytes).headers).toEqual([]);
  });
});
