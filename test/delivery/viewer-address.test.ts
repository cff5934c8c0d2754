// This file tests that a request has the address of who sent it, whatever it says of itself.
import { describe, expect, test } from 'bun:test';
import { silentLog } from '../../src/base/log.ts';
import { createDoor } from '../../src/delivery/door.ts';
import {
  addressBehind,
  asAsked,
  createNetworkTrust,
  createTrust,
} from '../../src/delivery/viewer-address.ts';
import { exchange } from './raw-client.ts';

describe('addressBehind()', () => {
  const trust = createTrust(['127.0.0.1/32', '10.0.0.0/8', 'fd00::/8']);
  const rows: readonly (readonly [string, string, string | null, string])[] = [
    ['nobody we trust says nothing', '203.0.113.9', '198.51.100.1', '203.0.113.9'],
    ['a proxy says nothing', '127.0.0.1', null, '127.0.0.1'],
    ['a proxy', '127.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['a proxy over a socket of both families', '::ffff:127.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['what its viewer made up before', '127.0.0.1', '1.1.1.1, 198.51.100.1', '198.51.100.1'],
    ['a proxy of ours before it', '10.0.0.1', '198.51.100.1, 10.2.3.4', '198.51.100.1'],
    ['proxies of ours alone', '10.0.0.1', '10.9.9.9, 10.2.3.4', '10.9.9.9'],
    ['no address', '127.0.0.1', 'unknown', '127.0.0.1'],
    ['no address behind one', '127.0.0.1', '198.51.100.1, x', '127.0.0.1'],
    ['nothing', '127.0.0.1', '', '127.0.0.1'],
    ['with a port', '127.0.0.1', '198.51.100.1:4711', '198.51.100.1'],
    ['IPv6', 'fd00::1', '2001:db8::1', '2001:db8::1'],
    ['IPv6 with a port', 'fd00::1', '[2001:db8::1]:4711', '2001:db8::1'],
    ['IPv4 written as IPv6', '127.0.0.1', '::ffff:198.51.100.1', '198.51.100.1'],
    ['a blank in it', '127.0.0.1', '198.51.100.1 x', '127.0.0.1'],
  ];
  test.each(rows)('%s', (_, peer, forwarded, wanted) => {
    expect(addressBehind(peer, forwarded, trust)).toBe(wanted);
  });

  test('a proxy is known by its network, too', () => {
    const isProxy = createNetworkTrust(['10.0.0.7/32', 'fd00:1:2:3::9/128']);
    const networks = ['10.0.0.7', '10.0.0.8', 'fd00:1:2:3::/64', 'fd00:1:2:4::/64', ''];
    expect(networks.filter(isProxy)).toEqual(['10.0.0.7', 'fd00:1:2:3::/64']);
  });

  test('believes nobody where none is named', () => {
    expect(addressBehind('127.0.0.1', '198.51.100.1', createTrust([]))).toBe('127.0.0.1');
  });
});

test('a HEAD and a request without a name of ours have the address of their connection', async () => {
  const asked: (string | undefined)[] = [];
  const route = (request: Request): Response => {
    asked.push(server.requestIP(asAsked(request))?.address);
    return new Response('ok');
  };
  const fetch = createDoor(route, silentLog);
  await using server = Bun.serve({ hostname: '127.0.0.1', port: 0, development: false, fetch });
  for (const head of [
    'GET / HTTP/1.1\r\nHost: a',
    'HEAD / HTTP/1.1\r\nHost: a',
    'GET / HTTP/1.0',
  ]) {
    await exchange(server.port as number, `${head}\r\nConnection: close\r\n\r\n`);
  }
  await exchange(server.port as number, 'HEAD / HTTP/1.0\r\n\r\n');
  expect(asked).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.1', '127.0.0.1']);
});
