// This file tests the reading of PAT and PMT.
import { describe, expect, test } from 'bun:test';
import { assert as check, property, uint8Array } from 'fast-check';
import { narrowPat, parsePat } from '../../../src/media/mpegts/pat.ts';
import { isAudio, isVideo, parsePmt } from '../../../src/media/mpegts/pmt.ts';
import { patSection, pmtSection, psiSection } from '../../support/ts-packets.ts';

describe('parsePat()', () => {
  const rows = [
    { name: 'one programme', bytes: patSection([[1, 0x1000]]), value: [[1, 0x1000]] },
    {
      name: 'the network PID left out',
      bytes: patSection([
        [0, 16],
        [7, 0x1ffe],
        [65535, 32],
      ]),
      value: [
        [7, 0x1ffe],
        [65535, 32],
      ],
    },
    { name: 'no programme', bytes: patSection([]), value: [] },
  ];
  for (const { name, bytes, value } of rows) {
    test(name, () => {
      expect(parsePat(bytes)?.map(({ program, pmtPid }) => [program, pmtPid])).toEqual(value);
    });
  }

  test('leaves alone what is another table or does not apply yet', () => {
    expect(parsePat(psiSection(0x42, [0, 1, 0xc1, 0, 0]))).toBeUndefined();
    expect(parsePat(psiSection(0, [0, 1, 0xc0, 0, 0, 0, 1, 0xf0, 0]))).toBeUndefined();
  });
});

describe('narrowPat()', () => {
  test('keeps one programme, and the stream and version it is of', () => {
    const wide = psiSection(0, [0x12, 0x34, 0xcb, 0, 0, 0, 1, 0xe1, 0, 0, 2, 0xff, 0xfe]);
    const narrow = narrowPat(wide, { program: 2, pmtPid: 0x1ffe });
    expect([...narrow]).toEqual([...psiSection(0, [0x12, 0x34, 0xcb, 0, 0, 0, 2, 0xff, 0xfe])]);
  });

  test('leaves a PAT of one programme as it is', () => {
    const pat = patSection([[7, 0x100]]);
    expect([...narrowPat(pat, { program: 7, pmtPid: 0x100 })]).toEqual([...pat]);
  });
});

describe('parsePmt()', () => {
  const streams = [
    [0x1b, 256],
    [0x0f, 257],
  ] as const;

  test('reads streams and PCR PID past the descriptors', () => {
    const map = parsePmt(pmtSection(3, 0x1fff, streams, [5, 4, 72, 68, 77, 86]));
    expect(map).toEqual({
      program: 3,
      pcrPid: 0x1fff,
      streams: [
        { type: 0x1b, pid: 256 },
        { type: 0x0f, pid: 257 },
      ],
    });
    expect(map?.streams.map((stream) => [isVideo(stream), isAudio(stream)])).toEqual([
      [true, false],
      [false, true],
    ]);
  });

  test('leaves alone what is another table or does not apply yet', () => {
    const next = pmtSection(1, 256, streams);
    next[5] = 0xc0;
    expect(parsePmt(next)).toBeUndefined();
    expect(parsePmt(patSection([[1, 256]]))).toBeUndefined();
    expect(parsePmt(psiSection(2, [0, 1, 0xc1, 0, 0]))).toBeUndefined();
  });

  test('reads no further than its end, whatever the lengths say', () => {
    const body = uint8Array({ minLength: 9, maxLength: 60 });
    check(
      property(body, (bytes) => {
        const map = parsePmt(psiSection(2, [...bytes.with(2, 0xc1)]));
        expect(map?.streams.length).toBeLessThanOrEqual((bytes.length - 9) / 5);
      }),
    );
  });
});
