// This file tests how sizes, durations, addresses and times are read.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { parseAddressBlock } from '../../src/config/address-block.ts';
import { formatDuration, parseDuration, parseShift } from '../../src/config/duration.ts';
import { parseDayTime, parseInstant } from '../../src/config/instant.ts';
import { formatListen, parseListen } from '../../src/config/listen.ts';
import { formatSize, parseSize } from '../../src/config/size.ts';
import { createAddressGuard } from '../../src/net/address-guard.ts';

type Rows<T> = readonly (readonly [string, T | undefined])[];

describe('parseSize()', () => {
  const rows: Rows<number> = [
    ['0', 0],
    ['1048576', 1048576],
    ['256MiB', 256 * 2 ** 20],
    ['256mib', 256 * 2 ** 20],
    ['256 MiB', 256 * 2 ** 20],
    ['1.5GiB', 1.5 * 2 ** 30],
    ['64MB', 64e6],
    ['64M', 64 * 2 ** 20],
    ['20GiB', 20 * 2 ** 30],
    ['1TiB', 2 ** 40],
    ['7B', 7],
    ['0.1KB', 100],
    ['1.5', undefined],
    ['1.5B', undefined],
    ['', undefined],
    ['MiB', undefined],
    ['-1', undefined],
    ['1e3', undefined],
    ['256 Mi B', undefined],
    ['256MiBs', undefined],
    ['12 bananas', undefined],
    ['0x10', undefined],
    ['٣', undefined],
    ['999999999999999TiB', undefined],
  ];
  test.each(rows)('%j', (text, sizeBytes) => {
    expect(parseSize(text)).toBe(sizeBytes as number);
  });

  test('what formatSize() writes of whole units is read back', () => {
    const unit = fc.constantFrom(1, 2 ** 10, 2 ** 20, 2 ** 30, 2 ** 40);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), unit, (count, factor) => {
        expect(parseSize(formatSize(count * factor))).toBe(count * factor);
      }),
    );
  });

  test.each([
    [0, '0B'],
    [1023, '1023B'],
    [1024, '1KiB'],
    [1_500_000, '1.4MiB'],
    [1.5 * 2 ** 30, '1536MiB'],
  ])('formatSize(%d) is %s', (sizeBytes, text) => {
    expect(formatSize(sizeBytes)).toBe(text);
  });
});

describe('parseShift()', () => {
  const rows: Rows<number> = [
    ['1h', 3600_000],
    ['+1h', 3600_000],
    ['-30m', -1800_000],
    ['-1h30m', -5400_000],
    ['0', 0],
    ['--1h', undefined],
    ['-', undefined],
    ['1h-30m', undefined],
    ['90', undefined],
  ];
  test.each(rows)('%j', (text, shiftMs) => {
    expect(parseShift(text)).toBe(shiftMs);
  });
});

describe('parseDuration()', () => {
  const rows: Rows<number> = [
    ['0', 0],
    ['0s', 0],
    ['60s', 60_000],
    ['500ms', 500],
    ['1h30m', 5_400_000],
    ['1h 30m', 5_400_000],
    ['1.5s', 1500],
    ['2d', 172_800_000],
    ['1d2h3m4s5ms', 93_784_005],
    ['60', undefined],
    ['', undefined],
    ['s', undefined],
    ['-1s', undefined],
    ['30m1h', undefined],
    ['1s1s', undefined],
    ['1 s', undefined],
    ['1S', undefined],
    ['1min', undefined],
    ['1w', undefined],
    ['1s,', undefined],
    ['999999999999d', undefined],
  ];
  test.each(rows)('%j', (text, durationMs) => {
    expect(parseDuration(text)).toBe(durationMs as number);
  });

  test('what formatDuration() writes is read back', () => {
    fc.assert(
      fc.property(fc.nat(10 ** 12), (durationMs) => {
        expect(parseDuration(formatDuration(durationMs))).toBe(durationMs);
      }),
    );
  });
});

describe('parseListen()', () => {
  const rows: Rows<{ host: string; port: number }> = [
    ['0.0.0.0:8080', { host: '0.0.0.0', port: 8080 }],
    ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
    ['localhost:80', { host: 'localhost', port: 80 }],
    ['tv.example.com:80', { host: 'tv.example.com', port: 80 }],
    [':8080', { host: '0.0.0.0', port: 8080 }],
    ['*:8080', { host: '0.0.0.0', port: 8080 }],
    ['8080', { host: '0.0.0.0', port: 8080 }],
    ['[::]:8080', { host: '::', port: 8080 }],
    ['[::1]:8080', { host: '::1', port: 8080 }],
    ['[fe80::1:2]:1', { host: 'fe80::1:2', port: 1 }],
    ['', undefined],
    ['0.0.0.0', undefined],
    ['0.0.0.0:', undefined],
    ['0.0.0.0:65536', undefined],
    ['0.0.0.0:-1', undefined],
    ['256.0.0.1:80', undefined],
    ['127.1:80', undefined],
    ['::1:8080', undefined],
    ['[::1]', undefined],
    ['[:::]:80', undefined],
    ['[zz::]:80', undefined],
    ['http://h:80', undefined],
    ['-h:80', undefined],
    ['h_1:80', undefined],
    ['a b:80', undefined],
  ];
  test.each(rows)('%j', (text, listen) => {
    expect(parseListen(text)).toEqual(listen as { host: string; port: number });
  });

  test.each(['0.0.0.0:8080', '[::]:8080', 'localhost:1'])(
    'formatListen() gives %s back',
    (text) => {
      expect(formatListen(parseListen(text)!)).toBe(text);
    },
  );
});

describe('parseAddressBlock()', () => {
  const rows: Rows<string> = [
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['192.168.1.7', '192.168.1.7/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['fd00::/8', 'fd00::/8'],
    ['::1', '::1/128'],
    ['::ffff:10.0.0.1/104', '::ffff:10.0.0.1/104'],
    ['10.0.0.0/33', undefined],
    ['fd00::/129', undefined],
    ['10.0.0/8', undefined],
    ['010.0.0.1', undefined],
    ['10.0.0.0/', undefined],
    ['10.0.0.0/8/8', undefined],
    ['10.0.0.0/-1', undefined],
    ['10.0.0.0/ 8', undefined],
    ['example.com', undefined],
    ['[::1]/128', undefined],
    ['', undefined],
  ];
  test.each(rows)('%j', (text, block) => {
    expect(parseAddressBlock(text)).toBe(block as string);
  });
});

test('whatever block is accepted, the guard of addresses understands', () => {
  const text = fc.tuple(fc.oneof(fc.ipV4(), fc.ipV6()), fc.integer({ min: 0, max: 130 }));
  fc.assert(
    fc.property(text, ([address, bits]) => {
      for (const written of [address, `${address}/${bits}`]) {
        const block = parseAddressBlock(written);
        if (block !== undefined) createAddressGuard([block]);
      }
    }),
  );
});

describe('parseInstant()', () => {
  const rows: Rows<number> = [
    ['2026-01-01T00:00:00Z', Date.UTC(2026, 0, 1)],
    ['2026-01-01T08:00:00+08:00', Date.UTC(2026, 0, 1)],
    ['2026-01-01 00:00:00Z', Date.UTC(2026, 0, 1)],
    ['2026-01-01t00:00:00.250z', Date.UTC(2026, 0, 1) + 250],
    ['2026-01-01T00:00Z', Date.UTC(2026, 0, 1)],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
    ['2026-02-29T00:00:00Z', undefined],
    ['2026-13-01T00:00:00Z', undefined],
    ['2026-01-01T24:01:00Z', undefined],
    ['2026-01-01T00:00:00', undefined],
    ['2026-01-01', undefined],
    ['1767225600', undefined],
    ['yesterday', undefined],
  ];
  test.each(rows)('%j', (text, atMs) => {
    expect(parseInstant(text)).toBe(atMs as number);
  });
});

describe('parseDayTime()', () => {
  const rows: Rows<number> = [
    ['00:00', 0],
    ['04:00', 240],
    ['23:59', 1439],
    ['24:00', undefined],
    ['4:00', undefined],
    ['04:60', undefined],
    ['04:00:00', undefined],
  ];
  test.each(rows)('%j', (text, minutes) => {
    expect(parseDayTime(text)).toBe(minutes as number);
  });
});
