// This file tests that places are shown without what is secret in them.
import { describe, expect, test } from 'bun:test';
import { showPlace } from '../../src/base/place.ts';

describe('showPlace()', () => {
  test.each([
    ['./list.m3u', './list.m3u'],
    ['/srv/abcdef0123456789abcdef/list.m3u', '/srv/abcdef0123456789abcdef/list.m3u'],
    ['http://h.example', 'http://h.example'],
    ['http://u:p@h.example/a.m3u?t=1#x', 'http://***@h.example/a.m3u?t=***'],
    ['https://h.example:8080/lists/uk-2024.m3u', 'https://h.example:8080/lists/uk-2024.m3u'],
    [
      'https://h.example/guides/international.xml.gz',
      'https://h.example/guides/international.xml.gz',
    ],
    ['http://h.example/playlist/me/s3cret/m3u_plus', 'http://h.example/playlist/***/***/m3u_plus'],
    [
      'http://h.example/x/playlist/me/s3cret?output=ts',
      'http://h.example/x/playlist/***/***?output=***',
    ],
    ['http://h.example/live/me/s3cret/1.ts', 'http://h.example/live/***/***/1.ts'],
    ['http://h.example/f3a9b0c2d4e5f607/l.m3u', 'http://h.example/***/l.m3u'],
    ['http://h.example/8c5f0c02-1111-4444-aaaa.m3u', 'http://h.example/***.m3u'],
  ])('%s is shown as %s', (place, shown) => {
    expect(showPlace(place)).toBe(shown);
  });
});
