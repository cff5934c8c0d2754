// This file checks which addresses may be dialled.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { createAddressGuard } from '../../src/net/address-guard.ts';

const guard = createAddressGuard([]);

const PUBLIC = [
  '1.1.1.1',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.0',
  '169.253.255.255',
  '169.255.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '192.0.1.0',
  '192.167.255.255',
  '192.169.0.0',
  '198.17.255.255',
  '198.20.0.0',
  '223.255.255.255',
  '2000::1',
  '2606:4700::1111',
  '2001:4860:4860::8888',
  '2001:200::1',
  '2003::1',
  '3ffe::1',
  '64:ff9b::1.1.1.1',
];

const BLOCKED: readonly (readonly [address: string, kind: string])[] = [
  ['0.0.0.0', 'unspecified'],
  ['0.1.2.3', 'unspecified'],
  ['10.0.0.0', 'private'],
  ['10.255.255.255', 'private'],
  ['100.64.0.0', 'shared'],
  ['100.127.255.255', 'shared'],
  ['100.100.100.200', 'metadata'],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.255', 'loopback'],
  ['168.63.129.16', 'metadata'],
  ['169.254.0.1', 'link-local'],
  ['169.254.169.254', 'metadata'],
  ['169.254.170.2', 'metadata'],
  ['172.16.0.0', 'private'],
  ['172.31.255.255', 'private'],
  ['192.0.0.192', 'metadata'],
  ['192.0.0.8', 'reserved'],
  ['192.0.2.1', 'reserved'],
  ['192.88.99.1', 'reserved'],
  ['192.168.255.255', 'private'],
  ['198.18.0.1', 'reserved'],
  ['198.19.255.255', 'reserved'],
  ['198.51.100.1', 'reserved'],
  ['203.0.113.1', 'reserved'],
  ['224.0.0.1', 'multicast'],
  ['239.255.255.255', 'multicast'],
  ['240.0.0.1', 'reserved'],
  ['255.255.255.255', 'broadcast'],
  ['::', 'unspecified'],
  ['::1', 'loopback'],
  ['::2', 'embedded'],
  ['::127.0.0.1', 'embedded'],
  ['::ffff:127.0.0.1', 'embedded'],
  ['::ffff:7f00:1', 'embedded'],
  ['::ffff:8.8.8.8', 'embedded'],
  ['::ffff:0:127.0.0.1', 'embedded'],
  ['64:ff9b::7f00:1', 'loopback'],
  ['64:ff9b::169.254.169.254', 'metadata'],
  ['64:ff9b::0.0.0.0', 'unspecified'],
  ['64:ff9b:1::8.8.8.8', 'embedded'],
  ['100::1', 'reserved'],
  ['2001::1', 'embedded'],
  ['2001:2::1', 'reserved'],
  ['2001:10::1', 'reserved'],
  ['2001:20::1', 'reserved'],
  ['2001:db8::1', 'reserved'],
  ['2002:7f00:1::', 'embedded'],
  ['2002:808:808::', 'embedded'],
  ['3fff::1', 'reserved'],
  ['4000::1', 'reserved'],
  ['5f00::1', 'reserved'],
  ['fc00::1', 'private'],
  ['fd00:ec2::254', 'metadata'],
  ['fdff::1', 'private'],
  ['fe80::1', 'link-local'],
  ['febf::1', 'link-local'],
  ['fec0::1', 'private'],
  ['ff02::1', 'multicast'],
  ['fe80::1%eth0', 'reserved'],
  ['localhost', 'reserved'],
  ['', 'reserved'],
];

describe('createAddressGuard() without allowPrivate', () => {
  test.each(PUBLIC)('lets %s pass', (address) => {
    expect(guard(address)).toBeUndefined();
  });

  test.each([...BLOCKED])('blocks %p as %s', (address, kind) => {
    expect(guard(address)).toBe(kind as never);
  });

  test('no form of IPv4 inside IPv6 opens what the IPv4 address is refused', () => {
    fc.assert(
      fc.property(fc.ipV4(), (ipv4) => {
        const [a, b, c, d] = ipv4.split('.').map(Number) as [number, number, number, number];
        const hex = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
        expect(guard(`64:ff9b::${ipv4}`)).toBe(guard(ipv4));
        expect(guard(`::ffff:${ipv4}`)).toBeDefined();
        expect(guard(`::${ipv4}`)).toBeDefined();
        expect(guard(`2002:${hex}::`)).toBeDefined();
        expect(guard(`2001:0:${hex}::${hex}`)).toBeDefined();
      }),
    );
  });
});

describe('createAddressGuard() with allowPrivate', () => {
  const ALLOWED: readonly (readonly [allow: string, address: string, kind: string | undefined])[] =
    [
      ['10.0.0.0/8', '10.1.2.3', undefined],
      ['10.0.0.0/8', '192.168.0.1', 'private'],
      ['127.0.0.1', '127.0.0.1', undefined],
      ['127.0.0.1', '127.0.0.2', 'loopback'],
      ['169.254.169.254/32', '169.254.169.254', undefined],
      ['10.0.0.0/8', '64:ff9b::10.0.0.1', undefined],
      ['10.0.0.0/8', '::ffff:10.0.0.1', 'embedded'],
      ['::ffff:0:0/96', '::ffff:10.0.0.1', 'private'],
      ['::ffff:0:0/96', '::ffff:8.8.8.8', undefined],
      ['2002::/16', '2002:7f00:1::', 'loopback'],
      ['2001::/32', '2001:0:808:808::80ff:fffe', 'loopback'],
      ['fd00::/8', 'fd12::1', undefined],
      ['0.0.0.0/0', '0.0.0.0', 'unspecified'],
      ['0.0.0.0/0', '224.0.0.1', 'multicast'],
      ['0.0.0.0/0', '255.255.255.255', 'broadcast'],
      ['0.0.0.0/0', '127.0.0.1', undefined],
      ['::/0', '::', 'unspecified'],
      ['::/0', 'ff02::1', 'multicast'],
      ['::/0', '::1', undefined],
      ['::/0', '127.0.0.1', 'loopback'],
      ['::/0', '::127.0.0.1', 'loopback'],
    ];
  test.each([...ALLOWED])('%s, then %s is %p', (allow, address, kind) => {
    expect(createAddressGuard([allow])(address)).toBe(kind as never);
  });

  test('a block that cannot be read is a fault of the program: the configuration checks it', () => {
    expect(() => createAddressGuard(['10.0.0.0/99'])).toThrow('10.0.0.0/99');
  });
});
