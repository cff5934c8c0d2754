// This file tests the reading of socket addresses.
import { describe, expect, test } from 'bun:test';
import {
  isLoopback,
  parseSocketAddress,
  SOCKET_ADDRESS_BYTES,
} from '../../src/delivery/socket-address.ts';

/** Hexadecimal, filled with zeros to the length the kernel may write. */
function bytes(hex: string): DataView {
  const buffer = new Uint8Array(SOCKET_ADDRESS_BYTES);
  buffer.set(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  return new DataView(buffer.buffer);
}

const V6 = '0a00 1f90 00000000';

const VECTORS: readonly { name: string; hex: string; port?: number; network?: string }[] = [
  { name: 'IPv4', hex: '0200 1f90 c0000201', port: 8080, network: '192.0.2.1' },
  { name: 'IPv4 loopback', hex: '0200 0050 7f000001', port: 80, network: '127.0.0.1' },
  {
    name: 'IPv4 mapped',
    hex: `${V6} 00000000000000000000ffff c0000201`,
    port: 8080,
    network: '192.0.2.1',
  },
  {
    name: 'IPv6, by its network',
    hex: `${V6} 20010db8000000ff 0123456789abcdef`,
    port: 8080,
    network: '2001:db8:0:ff::/64',
  },
  { name: 'IPv6 loopback', hex: `${V6} ${'00'.repeat(15)}01`, port: 8080, network: '0:0:0:0::/64' },
  { name: 'a Unix socket', hex: '0100 2f746d70' },
];

describe('parseSocketAddress()', () => {
  for (const { name, hex, port, network } of VECTORS) {
    test(name, () => {
      const parsed = parseSocketAddress(bytes(hex));
      if (port === undefined || network === undefined) expect(parsed).toBeUndefined();
      else expect(parsed).toEqual({ port, network });
    });
  }
});

test('isLoopback() knows both families', () => {
  const networks = ['127.0.0.1', '127.9.9.9', '0:0:0:0::/64', '192.0.2.1', '2001:db8:0:0::/64'];
  expect(networks.map(isLoopback)).toEqual([true, true, true, false, false]);
});
