// This file checks where redirects may lead.
import { describe, expect, test } from 'bun:test';
import { isRedirect, MAX_REDIRECTS, redirectTarget } from '../../src/net/redirect.ts';
import { parseTarget } from '../../src/net/target.ts';
import { requestFor } from '../support/outbound-request.ts';

const FROM = parseTarget('https://u:p@a.test/x/list.m3u8?t=1');

function follow(location: string | null, allowDowngrade = false, seen = [FROM.href]): string {
  const { policy } = requestFor(FROM.href, { policy: { allowDowngrade } });
  return redirectTarget(location, FROM, policy, seen).href;
}

test('isRedirect() is what RFC 9110 §15.4 says to follow', () => {
  const followed = [300, 301, 302, 303, 304, 305, 306, 307, 308].filter(isRedirect);
  expect(followed).toEqual([301, 302, 303, 307, 308]);
});

describe('redirectTarget()', () => {
  const FOLLOWED: readonly (readonly [location: string, href: string])[] = [
    ['/y', 'https://u:p@a.test/y'],
    ['y?z', 'https://u:p@a.test/x/y?z'],
    ['?t=2', 'https://u:p@a.test/x/list.m3u8?t=2'],
    ['//b.test/y', 'https://b.test/y'],
    ['https://b.test/y#frag', 'https://b.test/y'],
    ['https://a.test/y', 'https://u:p@a.test/y'],
    ['https://v:q@a.test/y', 'https://v:q@a.test/y'],
    ['HTTPS://B.TEST', 'https://b.test/'],
    [' /y ', 'https://u:p@a.test/y'],
  ];
  test.each([...FOLLOWED])('%p leads to %s', (location, href) => {
    expect(follow(location)).toBe(href);
  });

  const REFUSED: readonly (readonly [location: string | null, code: string])[] = [
    [null, 'NET_REDIRECT'],
    ['', 'NET_REDIRECT'],
    ['http://a.test/x', 'NET_REDIRECT'],
    ['list.m3u8?t=1', 'NET_REDIRECT'],
    ['#frag', 'NET_REDIRECT'],
    ['file:///etc/passwd', 'NET_URL'],
    ['ftp://a.test/', 'NET_URL'],
    ['data:,x', 'NET_URL'],
    ['https://', 'NET_URL'],
  ];
  test.each([...REFUSED])('%p fails with %s', (location, code) => {
    expect(() => follow(location)).toThrow(expect.objectContaining({ code }));
  });

  test('goes from https to http only where that is allowed', () => {
    expect(follow('http://b.test/', true)).toBe('http://b.test/');
  });

  test(`goes ${MAX_REDIRECTS} hops and not one more`, () => {
    const hops = Array.from({ length: MAX_REDIRECTS }, (_, hop) => `https://a.test/${hop}`);
    expect(follow('/last', false, hops)).toBe('https://u:p@a.test/last');
    expect(() => follow('/last', false, [...hops, FROM.href])).toThrow('5 hops');
  });
});
