// This file tests the header of RTP packets.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { parseRtpPacket } from '../../../src/media/rtp/packet.ts';
import { rtpPacket } from '../../support/rtp.ts';

const payload = Uint8Array.from([0x47, 1, 2, 3, 4]);

describe('parseRtpPacket()', () => {
  test.each([
    { name: 'a plain one', parts: {} },
    { name: 'one with contributing sources', parts: { csrcs: 15 } },
    { name: 'one with a header extension', parts: { extensionWords: 3 } },
    { name: 'one with an empty extension', parts: { extensionWords: 0 } },
    { name: 'one with padding', parts: { padding: 4 } },
    { name: 'one with all of them', parts: { csrcs: 2, extensionWords: 1, padding: 9 } },
  ])('reads $name', ({ parts }) => {
    const packet = parseRtpPacket(
      rtpPacket({ sequence: 65_535, ssrc: 0xfedcba98, payload, ...parts }),
    );
    expect(packet).toEqual({ payloadType: 33, sequence: 65_535, ssrc: 0xfedcba98, payload });
  });

  test.each([
    { name: 'nothing', bytes: new Uint8Array(0) },
    { name: 'less than a header', bytes: rtpPacket({ sequence: 1 }).subarray(0, 11) },
    { name: 'another version', bytes: rtpPacket({ sequence: 1 }).fill(0x40, 0, 1) },
    { name: 'sources cut off', bytes: rtpPacket({ sequence: 1, csrcs: 3 }).subarray(0, 20) },
    {
      name: 'an extension cut off',
      bytes: rtpPacket({ sequence: 1, extensionWords: 9 }).subarray(0, 30),
    },
    {
      name: 'an extension without its length',
      bytes: rtpPacket({ sequence: 1, extensionWords: 0 }).subarray(0, 14),
    },
    {
      name: 'more padding than packet',
      bytes: rtpPacket({ sequence: 1, padding: 1 }).fill(200, 12),
    },
    { name: 'padding of nothing', bytes: rtpPacket({ sequence: 1, padding: 1 }).fill(0, 12) },
    { name: 'a bare transport stream', bytes: new Uint8Array(188).fill(0x47) },
  ])('refuses $name', ({ bytes }) => {
    expect(parseRtpPacket(bytes)).toBeUndefined();
  });

  test('never throws, and never hands out more than there is', () => {
    const bytes = fc.uint8Array({ maxLength: 80 });
    fc.assert(
      fc.property(bytes, (any) => (parseRtpPacket(any)?.payload.length ?? 0) <= any.length),
    );
  });
});
