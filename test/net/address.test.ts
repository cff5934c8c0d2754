// This file checks that addresses and CIDR blocks are read as their standards say.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { cidrHolds, formatUrlHost, parseAddress, parseCidr } from '../../src/net/address.ts';

const READ: readonly (readonly [text: string, family: 4 | 6, value: bigint])[] = [
  ['0.0.0.0', 4, 0n],
  ['127.0.0.1', 4, 0x7f000001n],
  ['255.255.255.255', 4, 0xffffffffn],
  ['::', 6, 0n],
  ['::1', 6, 1n],
  ['1::', 6, 1n << 112n],
  ['fe80::1:2', 6, (0xfe80n << 112n) | 0x10002n],
  ['1:2:3:4:5:6:7:8', 6, 0x00010002000300040005000600070008n],
  ['::ffff:127.0.0.1', 6, 0xffff7f000001n],
  ['1:2:3:4:5:6:1.2.3.4', 6, 0x00010002000300040005000601020304n],
  ['64:FF9B::7F00:1', 6, (0x64ff9bn << 96n) | 0x7f000001n],
];

const REFUSED = [
  '',
  'localhost',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.256',
  '01.2.3.4',
  '0x7f.0.0.1',
  '1.2.3.4 ',
  ':',
  ':::',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7:8::',
  '12345::',
  '::g',
  '::1.2.3.4:5',
  '1.2.3.4::',
  'fe80::1%eth0',
  '[::1]',
];

describe('parseAddress()', () => {
  test.each([...READ])('reads %s', (text, family, value) => {
    expect(parseAddress(text)).toEqual({ family, value });
  });

  test.each(REFUSED)('refuses %p', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  test('agrees with the URL parser on every IPv6 address that one takes', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const url = URL.parse(`http://[${text}]/`);
        // The runtime's parser refuses some that are right, such as ::0:0:0:0:0.0.0.0.
        if (url === null) return;
        expect(parseAddress(text)).toEqual(parseAddress(url.hostname.slice(1, -1))!);
      }),
    );
  });

  test('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseAddress(text)));
  });
});

describe('parseCidr()', () => {
  test.each(['10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/', '10.0.0.0/08', '::/129', 'x/8', '/8'])(
    'refuses %p',
    (text) => {
      expect(parseCidr(text)).toBeUndefined();
    },
  );

  const HOLDS: readonly (readonly [block: string, address: string, holds: boolean])[] = [
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.1.2.3/8', '10.9.9.9', true],
    ['0.0.0.0/0', '1.2.3.4', true],
    ['0.0.0.0/0', '::1', false],
    ['127.0.0.1', '127.0.0.1', true],
    ['127.0.0.1', '127.0.0.2', false],
    ['fc00::/7', 'fdff::1', true],
    ['fc00::/7', 'fe00::', false],
    ['::1', '::1', true],
  ];
  test.each([...HOLDS])('%s holds %s: %p', (block, address, holds) => {
    expect(cidrHolds(parseCidr(block)!, parseAddress(address)!)).toBe(holds);
  });
});

test('formatUrlHost() puts IPv6 in brackets', () => {
  expect([formatUrlHost('1.2.3.4'), formatUrlHost('::1')]).toEqual(['1.2.3.4', '[::1]']);
});
