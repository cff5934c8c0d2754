// This file tests how the parameters of viewers' requests are read.
import { describe, expect, test } from 'bun:test';
import { parseHostParameter } from '../../src/delivery/host-parameter.ts';
import { parseHeight, queryOf } from '../../src/delivery/query.ts';

describe('queryOf()', () => {
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['http://h/a', undefined],
    ['http://h/a?', ''],
    ['http://h/a?x=1&y=2', 'x=1&y=2'],
    ['http://h/a?x=1?y', 'x=1%3Fy'],
  ];
  for (const [url, wanted] of rows) {
    test(url, () => expect(queryOf(url)?.toString()).toBe(wanted));
  }
});

describe('parseHeight()', () => {
  const rows: readonly (readonly [string, number | undefined | 'invalid'])[] = [
    ['', undefined],
    ['quality=', undefined],
    ['quality=720', 720],
    ['quality=720p', 720],
    ['hd=480', 480],
    ['quality=720&hd=480', 720],
    ['quality=0', 'invalid'],
    ['quality=00720', 'invalid'],
    ['quality=720P', 'invalid'],
    ['quality=high', 'invalid'],
    ['quality=-720', 'invalid'],
    ['quality=7.2', 'invalid'],
    ['quality=720%0A', 'invalid'],
    ['quality=123456', 'invalid'],
  ];
  for (const [text, wanted] of rows) {
    test(`?${text}`, () => expect(parseHeight(new URLSearchParams(text))).toBe(wanted));
  }
  test('no query', () => expect(parseHeight(undefined)).toBeUndefined());
});

describe('parseHostParameter()', () => {
  const rows: readonly (readonly [string | null, string | undefined])[] = [
    [null, undefined],
    ['', undefined],
    ['cdn.example', 'http://cdn.example'],
    ['cdn.example:8080', 'http://cdn.example:8080'],
    ['https://cdn.example', 'https://cdn.example'],
    ['https://cdn.example/tv/', 'https://cdn.example/tv'],
    ['10.0.0.1:80', 'http://10.0.0.1'],
    ['[2001:db8::1]:81', 'http://[2001:db8::1]:81'],
    ['cdn example', 'invalid'],
    ['cdn.example:0', 'invalid'],
    ['cdn.example:99999', 'invalid'],
    ['user@cdn.example', 'invalid'],
    ['javascript:alert(1)', 'invalid'],
    ['ftp://cdn.example', 'invalid'],
    ['cdn.example/../x', 'invalid'],
    ['cdn.example?x', 'invalid'],
    ['cdn.example\n#EXTM3U', 'invalid'],
    ['cdn.example"', 'invalid'],
    ['a'.repeat(600), 'invalid'],
  ];
  for (const [value, wanted] of rows) {
    test(JSON.stringify(value?.slice(0, 40) ?? null), () => {
      expect(parseHostParameter(value)).toBe(wanted);
    });
  }
});
