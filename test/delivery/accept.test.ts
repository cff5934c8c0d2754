// This file tests how it is read what a client takes.
import { describe, expect, test } from 'bun:test';
import { prefersGzip, prefersJson } from '../../src/delivery/accept.ts';

describe('prefersGzip()', () => {
  const ROWS: readonly (readonly [header: string, wanted: boolean])[] = [
    ['gzip', true],
    ['GZip', true],
    ['x-gzip', true],
    ['gzip, deflate, br', true],
    ['br;q=1.0, gzip;q=0.8, *;q=0.1', true],
    ['deflate ,\tgzip', true],
    ['*', true],
    ['gzip;q=0.001', true],
    ['', false],
    ['br', false],
    ['identity', false],
    ['notgzip', false],
    ['gzip-x', false],
    ['gzip;q=0', false],
    ['gzip; q=0.000', false],
    ['GZIP;Q=0', false],
    ['gzip;q=0, *', false],
    ['*;q=0', false],
    ['gzip;q=0.5, identity', false],
    ['gzip;q=2', false],
    ['gzip;q=x', false],
    [`${'a,'.repeat(100)}gzip`, false],
  ];
  test.each(ROWS)('%p: %p', (header, wanted) => {
    expect(prefersGzip(header)).toBe(wanted);
  });
});

describe('prefersJson()', () => {
  const ROWS: readonly (readonly [header: string, wanted: boolean])[] = [
    ['application/json', true],
    ['Application/JSON; charset=utf-8', true],
    ['application/problem+json', true],
    ['application/json, text/plain, */*', true],
    ['application/*', true],
    ['text/html;q=0.5, application/json', true],
    ['text/plain;q=0.2, application/json;q=0.3', true],
    ['', false],
    ['*/*', false],
    ['text/plain', false],
    ['text/json-ish', false],
    ['application/jsonp', false],
    ['application/json;q=0', false],
    ['application/json;q=0.1, text/plain', false],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', false],
  ];
  test.each(ROWS)('%p: %p', (header, wanted) => {
    expect(prefersJson(header)).toBe(wanted);
  });
});
