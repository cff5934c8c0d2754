// This file checks what is sent with a request, and to whom.
import { describe, expect, test } from 'bun:test';
import {
  checkPolicyHeaders,
  isCredentialHeader,
  requestHeaders,
} from '../../src/net/request-headers.ts';
import { parseTarget } from '../../src/net/target.ts';
import { type RequestParts, requestFor } from '../support/outbound-request.ts';

const HOME = 'https://a.test';

function sent(url: string, headers: Record<string, string>, parts: RequestParts = {}) {
  const request = requestFor(`${HOME}/x`, { ...parts, policy: { headers } });
  return requestHeaders(request, parseTarget(url), HOME, 'weir/1');
}

describe('checkPolicyHeaders()', () => {
  const REFUSED: readonly (readonly [name: string, value: string])[] = [
    ['x-a', 'a\r\nx-b: c'],
    ['x-a', 'a\nb'],
    ['x-a', 'a\rb'],
    ['x-a', 'a\0b'],
    ['x-a', 'a\u007fb'],
    ['x-a', 'a\u010a\u560a'],
    ['x-a', 'a\u2028b'],
    ['x-a', 'é'],
    ['x-a', 'a'.repeat(8_193)],
    ['', 'a'],
    ['x a', 'a'],
    ['x:a', 'a'],
    ['x-a\r\n', 'a'],
    ['X-A', 'a'],
    ['é', 'a'],
    ['host', 'b.test'],
    ['connection', 'close'],
    ['transfer-encoding', 'chunked'],
    ['content-length', '5'],
    ['upgrade', 'h2c'],
    ['te', 'trailers'],
    ['expect', '100-continue'],
    ['proxy-authorization', 'Basic x'],
    ['range', 'bytes=0-'],
    ['accept-encoding', 'br'],
  ];
  test.each([...REFUSED])('refuses %p: %p', (name, value) => {
    const check = () => checkPolicyHeaders({ [name]: value });
    expect(check).toThrow(expect.objectContaining({ code: 'NET_HEADER' }));
  });

  test('does not repeat a value that may be a secret', () => {
    expect(() => checkPolicyHeaders({ cookie: 'SECRET\n' })).toThrow(/^(?!.*SECRET).*cookie/);
  });

  test('refuses more headers than any player sends', () => {
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, nth) => [`x-${nth}`, 'a']));
    expect(() => checkPolicyHeaders(many)).toThrow('65');
  });

  test('takes what players send', () => {
    checkPolicyHeaders({
      'user-agent': 'VLC/3.0.20 LibVLC/3.0.20',
      referer: 'https://a.test/',
      cookie: 'a=b; c=d',
      'x-forwarded-for': '1.2.3.4',
      origin: 'null',
      empty: '',
    });
  });
});

describe('isCredentialHeader()', () => {
  test.each([
    'authorization',
    'cookie',
    'x-auth-token',
    'x-api-key',
    'apikey',
    'x-amz-security-token',
    'x-access-token',
    'session-id',
    'x-session',
    'x-client-secret',
    'password',
  ])('%s is one', (name) => {
    expect(isCredentialHeader(name)).toBe(true);
  });
  test.each([
    'user-agent',
    'referer',
    'origin',
    'accept-language',
    'x-forwarded-for',
    'x-requested-with',
  ])('%s is none', (name) => {
    expect(isCredentialHeader(name)).toBe(false);
  });
});

describe('requestHeaders()', () => {
  test('are these without a policy', () => {
    expect(sent('https://a.test:444/x', {})).toEqual({
      host: 'a.test:444',
      'user-agent': 'weir/1',
      accept: '*/*',
      'accept-encoding': 'identity',
    });
  });

  test('offer only what can be undone, and only where it is wanted', () => {
    expect(sent(HOME, {}, { compressed: true })['accept-encoding']).toBe('gzip, deflate');
  });

  test('ask for a range', () => {
    // RFC 9110 §14.1.2
    expect(sent(HOME, {}, { range: { first: 0, last: 99 } })['range']).toBe('bytes=0-99');
    expect(sent(HOME, {}, { range: { first: 7 } })['range']).toBe('bytes=7-');
  });

  test('let the policy name the user agent', () => {
    expect(sent(HOME, { 'user-agent': 'VLC' })['user-agent']).toBe('VLC');
  });

  test('keep credentials to their origin: scheme, host and port', () => {
    const headers = { cookie: 'a=b', authorization: 'Bearer x', 'x-auth-token': 't', origin: 'o' };
    for (const url of ['https://b.test/', 'https://a.test:444/', 'http://a.test/']) {
      expect(sent(url, headers)).toEqual({ ...sent(url, {}), origin: 'o' });
    }
    expect(sent(`${HOME}/other`, headers)).toMatchObject(headers);
  });

  test('take userinfo for the origin of its URL, and the policy over it', () => {
    expect(sent('https://u:p@b.test/', {})['authorization']).toBe('Basic dTpw');
    expect(sent('https://u:p@a.test/', { authorization: 'Bearer x' })['authorization']).toBe(
      'Bearer x',
    );
    expect(sent('https://u:p@b.test/', { authorization: 'Bearer x' })['authorization']).toBe(
      'Basic dTpw',
    );
  });

  const REFERERS: readonly (readonly [referer: string, to: string, sent: string | undefined])[] = [
    ['https://page.test/a?b', 'https://b.test/', 'https://page.test/a?b'],
    ['https://page.test', 'https://b.test/', 'https://page.test'],
    ['https://u:p@page.test/a#frag', 'https://b.test/', 'https://page.test/a'],
    ['not a URL', 'https://b.test/', 'not a URL'],
    ['https://page.test/', 'http://b.test/', undefined],
    ['http://page.test/', 'http://b.test/', 'http://page.test/'],
  ];
  test.each([...REFERERS])('referer %s to %s', (referer, to, expected) => {
    expect(sent(to, { referer })['referer']).toBe(expected!);
  });

  test('send an https referer to an http source that was asked for as such', () => {
    const request = requestFor('http://b.test/', {
      policy: { headers: { referer: 'https://p.test/' } },
    });
    const headers = requestHeaders(request, parseTarget('http://b.test/'), 'http://b.test', 'w');
    expect(headers['referer']).toBe('https://p.test/');
  });
});
