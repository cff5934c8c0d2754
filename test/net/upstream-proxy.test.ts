// This file checks how the URL of a proxy is read.
import { expect, test } from 'bun:test';
import { parseUpstreamProxy } from '../../src/net/upstream-proxy.ts';

const READ: readonly (readonly [url: string, ...parts: unknown[]])[] = [
  ['http://p.test', 'http', 'p.test', 80, '', '', 'there'],
  ['http://p.test:3128', 'http', 'p.test', 3128, '', '', 'there'],
  ['https://u:p@p.test', 'https', 'p.test', 443, 'u', 'p', 'there'],
  ['socks5://p.test', 'socks5', 'p.test', 1080, '', '', 'here'],
  ['socks5h://u%40x:p%3Aq@[::1]:9050', 'socks5', '::1', 9050, 'u@x', 'p:q', 'there'],
];

test.each([...READ])('parseUpstreamProxy() reads %s', (url, ...expected) => {
  const { kind, host, port, username, password, resolves } = parseUpstreamProxy(url as string);
  expect([kind, host, port, username, password, resolves]).toEqual(expected as never);
});

test.each(['', 'p.test:3128', 'socks4://p.test', 'ftp://p.test', 'socks5://', 'http://'])(
  'parseUpstreamProxy() refuses %p',
  (url) => {
    expect(() => parseUpstreamProxy(url)).toThrow(expect.objectContaining({ code: 'NET_PROXY' }));
  },
);

test('parseUpstreamProxy() names no credential in an error', () => {
  expect(() => parseUpstreamProxy('socks4://SECRET:SECRET@p.test')).toThrow(/^(?!.*SECRET)/);
});
