// This file tests what is read of the addresses that Xtream clients write.
import { describe, expect, test } from 'bun:test';
import {
  actionOf,
  fileNameIn,
  numberIn,
  spanIn,
  streamNameIn,
} from '../../../src/lineup/xtream/request.ts';

test('actionOf() knows those of panels, and takes all others for none', () => {
  expect(actionOf('get_short_epg')).toBe('get_short_epg');
  for (const none of [null, '', 'login', 'GET_LIVE_STREAMS', 'toString', '__proto__']) {
    expect(actionOf(none)).toBe('login');
  }
});

test('numberIn() takes digits alone', () => {
  expect([numberIn('0'), numberIn('2147483647')]).toEqual([0, 2 ** 31 - 1]);
  for (const none of [null, '', '-1', '1e3', ' 1', '1.0', '12345678901', '٣']) {
    expect(numberIn(none)).toBeUndefined();
  }
});

describe('streamNameIn()', () => {
  test.each([
    ['101', { number: 101, form: 'ts' }],
    ['101.ts', { number: 101, form: 'ts' }],
    ['101.m3u8', { number: 101, form: 'm3u8' }],
    // Names of our own segments, keys and lists
    ['101-abc.ts', undefined],
    ['init-1.mp4', undefined],
    ['key-101.key', undefined],
    ['index.m3u8', undefined],
    ['101.mp4', undefined],
    ['101.TS', undefined],
    ['101.', undefined],
    ['.ts', undefined],
    ['', undefined],
  ] as const)('%s', (name, found) => {
    expect(streamNameIn(name)).toEqual(found as ReturnType<typeof streamNameIn>);
  });
});

test('fileNameIn() takes whatever a client calls the container', () => {
  expect(fileNameIn('9.MKV')).toEqual({ number: 9, extension: 'mkv' });
  expect(fileNameIn('9')).toEqual({ number: 9, extension: '' });
  for (const none of ['', 'x.mkv', '9.', '9.a/b', '9.tar.gz', '9.mk%76']) {
    expect(fileNameIn(none)).toBeUndefined();
  }
});

describe('spanIn()', () => {
  const AT = Date.UTC(2026, 0, 1, 20, 30);
  test.each([
    '2026-01-01:20-30',
    '2026-01-01:20-30-00',
    '2026-01-01_20-30',
    '2026-01-01 20:30:00',
    '2026-01-01T20:30:00Z',
    String(AT / 1000),
  ])('%s', (start) => {
    expect(spanIn('90', start)).toEqual({ fromMs: AT, toMs: AT + 90 * 60_000 });
  });

  test('is a day at most', () => {
    expect(spanIn('9999', '2026-01-01:20-30')?.toMs).toBe(AT + 86_400_000);
  });

  test.each([
    ['0', '2026-01-01:20-30'],
    ['', '2026-01-01:20-30'],
    ['-5', '2026-01-01:20-30'],
    ['1.5', '2026-01-01:20-30'],
    ['60', ''],
    ['60', '2026-02-30:20-30'],
    ['60', '2026-01-01:24-00'],
    ['60', '2026-13-01:20-30'],
    ['60', '2026-01-01'],
    ['60', 'now'],
  ])('%s from %s is none', (minutes, start) => {
    expect(spanIn(minutes, start)).toBeUndefined();
  });
});
