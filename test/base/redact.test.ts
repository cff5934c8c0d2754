// This file tests that what is written about a value does not carry its secrets.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { redactText, redactUrl, redactValue } from '../../src/base/redact.ts';

describe('redactUrl()', () => {
  const rows: readonly [string, string, string][] = [
    ['nothing to hide', 'https://h.example/a/b.m3u8', 'https://h.example/a/b.m3u8'],
    ['userinfo', 'https://user:pa55@h.example/a', 'https://***@h.example/a'],
    ['user alone', 'https://user@h.example/a', 'https://***@h.example/a'],
    ['a raw @ in the password', 'https://u:p@ss@h.example/a', 'https://***@h.example/a'],
    ['a raw / in the password', 'https://u:pa/ss@h.example/a', 'https://***'],
    ['a raw # in the password', 'https://u:pa#ss@h.example/a', 'https://***'],
    ['a port', 'https://h.example:8443/a', 'https://h.example:8443/a'],
    ['IPv6', 'http://[2001:db8::1]:80/a', 'http://[2001:db8::1]:80/a'],
    ['query values', 'https://h/a?token=abc&x=1', 'https://h/a?token=***&x=***'],
    ['a query without names', 'https://h/a?s3cr3t', 'https://h/a?***'],
    ['a padded token', 'https://h/a?czNjcjN0Cg==', 'https://h/a?***'],
    ['an empty query', 'https://h/a?', 'https://h/a?'],
    ['a fragment', 'https://h/a#s3cr3t', 'https://h/a'],
    ['a path parameter', 'https://h/a;jsessionid=s3cr3t/b', 'https://h/a;jsessionid=***/b'],
    ['an @ in the path', 'https://h/@user/a', 'https://h/@user/a'],
    ['no scheme', 'user:pa55@h:3128', '***@h:3128'],
    ['a database', 'postgres://weir:pa55@db/weir', 'postgres://***@db/weir'],
    ['nothing at all', '', ''],
  ];
  test.each(rows)('%s', (_, url, expected) => {
    expect(redactUrl(url)).toBe(expected);
  });
});

describe('redactText()', () => {
  const rows: readonly [string, string, string][] = [
    ['a URL in a sentence', 'GET http://u:p@h/a?t=1 failed', 'GET http://***@h/a?t=*** failed'],
    ['a colon after an origin', 'from http://h:81: cut off', 'from http://h:81: cut off'],
    ['a colon after a secret', 'from http://u:p@h:81: no', 'from http://***@h:81: no'],
    ['a path with a query', 'GET /live/a.ts?token=1&b=2', 'GET /live/a.ts?token=***&b=***'],
    ['a header line', 'Cookie: sid=1; b=2', 'Cookie: ***'],
    ['a header in JSON', '{"Authorization":"Basic dTpw"}', '{"Authorization":***'],
    ['a bearer token', 'sent Bearer abc.def', 'sent Bearer ***'],
    ['basic credentials', 'sent Basic dXNlcjpwYXNz0=', 'sent Basic ***'],
    ['ordinary words', 'a basic digest, why?no', 'a basic digest, why?no'],
  ];
  test.each(rows)('%s', (_, text, expected) => {
    expect(redactText(text)).toBe(expected);
  });

  test('a text without end is cut', () => {
    expect(redactText('a'.repeat(1e6)).length).toBeLessThan(5000);
  });
});

const CANARY = 'c4n4ry';

describe('redactValue()', () => {
  test('no planted secret survives, wherever it stands', () => {
    const cyclic: Record<string, unknown> = { password: CANARY };
    cyclic['self'] = cyclic;
    const planted = {
      url: `https://user:${CANARY}@h.example/a?token=${CANARY}#${CANARY}`,
      relative: `/a?sig=${CANARY}`,
      list: [
        `http://h/?${CANARY}=${CANARY}`.replace(`${CANARY}=`, 'k='),
        new URL(`http://${CANARY}@h/`),
      ],
      headers: { authorization: `Bearer ${CANARY}`, Cookie: `a=${CANARY}`, 'X-Api-Key': CANARY },
      fetchHeaders: new Headers({ 'proxy-authorization': CANARY, 'set-cookie': `s=${CANARY}` }),
      map: new Map([['api_key', CANARY]]),
      error: Object.assign(new Error(`no http://h/?t=${CANARY}`, { cause: { token: CANARY } }), {
        code: 'NET_URL',
        detail: { url: `http://${CANARY}@h/` },
      }),
      stream_secret: CANARY,
      userPassword: CANARY,
      auth: { any: CANARY },
      bytes: new TextEncoder().encode(CANARY),
      cyclic,
    };
    const written = JSON.stringify(redactValue(planted));
    expect(written).not.toContain(CANARY);
    expect(written).toContain('NET_URL');
    expect(written).toContain('h.example/a?token=***');
  });

  test('plain values stay what they are', () => {
    const plain = { number: 1, flag: true, nothing: null, text: 'a', key: 'prefetch.ahead' };
    expect(redactValue(plain)).toEqual(plain);
  });

  test('what cannot be read is said to be so', () => {
    const thrower = {
      get boom(): string {
        throw new Error('no');
      },
    };
    expect(redactValue({ thrower, big: 1n, call: () => 1 })).toEqual({
      thrower: '[unreadable]',
      big: '1',
      call: '[function]',
    });
  });

  test('any value at all can be written', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true }), (value) => {
        JSON.stringify(redactValue(value));
      }),
    );
  });
});
