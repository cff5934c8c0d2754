// This file checks the sockets through which proxies are used: who may enter, and what is left of them.
import { describe, expect, test } from 'bun:test';
import { existsSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { Tunnels } from '../../src/net/tunnels.ts';
import { parseUpstreamProxy } from '../../src/net/upstream-proxy.ts';
import { until } from '../support/outbound-request.ts';
import { answerBytes, headerOf, RawServer } from '../support/raw-server.ts';
import { listenSocks } from '../support/socks-server.ts';

const SECURITY = { verifyTls: true, trustedCa: undefined };

/** What comes back over a Unix socket, until it closes or `last` has come. */
function say(path: string, bytes: string, last: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(path, () => socket.write(bytes));
    socket.on('data', (piece: Buffer) => {
      answer += piece.toString('latin1');
      if (answer.endsWith(last)) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
  });
}

describe('Tunnels', () => {
  test('lie where only our user may go, and are gone once closed', async () => {
    await using socks = await listenSocks();
    const proxy = parseUpstreamProxy(`socks5://127.0.0.1:${socks.port}`);
    const tunnels = new Tunnels();
    const { path } = await tunnels.open(proxy, '127.0.0.1', 9, SECURITY);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    await tunnels[Symbol.asyncDispose]();
    expect(existsSync(dirname(path))).toBe(false);
  });

  test('are one for each target, proxy and strictness', async () => {
    await using socks = await listenSocks();
    await using tunnels = new Tunnels();
    const proxy = parseUpstreamProxy(`socks5://127.0.0.1:${socks.port}`);
    const other = parseUpstreamProxy(`socks5://u:p@127.0.0.1:${socks.port}`);
    const paths = await Promise.all([
      tunnels.open(proxy, '127.0.0.1', 9, SECURITY),
      tunnels.open(proxy, '127.0.0.1', 9, SECURITY),
      tunnels.open(proxy, '127.0.0.2', 9, SECURITY),
      tunnels.open(proxy, '127.0.0.1', 8, SECURITY),
      tunnels.open(other, '127.0.0.1', 9, SECURITY),
      tunnels.open(proxy, '127.0.0.1', 9, { ...SECURITY, verifyTls: false }),
    ]);
    expect(new Set(paths.map(({ path }) => path)).size).toBe(5);
  });

  test('beyond the limit close the one unused for longest', async () => {
    await using socks = await listenSocks();
    await using tunnels = new Tunnels();
    const proxy = parseUpstreamProxy(`socks5://127.0.0.1:${socks.port}`);
    const paths: string[] = [];
    for (let port = 1; port <= 257; port += 1) {
      paths.push((await tunnels.open(proxy, '127.0.0.1', port, SECURITY)).path);
    }
    expect(await until(() => !existsSync(paths[0]!))).toBe(true);
    expect(existsSync(paths[1]!)).toBe(true);
    expect((await tunnels.open(proxy, '127.0.0.1', 1, SECURITY)).path).not.toBe(paths[0]!);
  });

  test('pass bytes both ways, those sent too early too', async () => {
    await using upstream = await RawServer.answering(answerBytes('end'));
    await using socks = await listenSocks();
    await using tunnels = new Tunnels();
    const proxy = parseUpstreamProxy(`socks5://127.0.0.1:${socks.port}`);
    const { path } = await tunnels.open(proxy, '127.0.0.1', upstream.port, SECURITY);
    expect(await say(path, 'GET /x HTTP/1.1\r\n\r\n', 'end')).toEndWith('end');
    expect(socks.targets).toEqual([`127.0.0.1:${upstream.port}`]);
    expect(await until(() => socks.open.size === 0)).toBe(true);
  });

  test('say why the last connection failed, until one succeeds', async () => {
    const answers = ['HTTP/1.1 403 No\r\n\r\n', 'HTTP/1.1 200 OK\r\n\r\nhello'];
    await using server = await RawServer.listen((socket) => socket.write(answers.shift()!));
    await using tunnels = new Tunnels();
    const proxy = parseUpstreamProxy(`http://u:p@127.0.0.1:${server.port}`);
    const tunnel = await tunnels.open(proxy, '::1', 9, SECURITY);
    expect(tunnel.failure).toBeUndefined();
    expect(await say(tunnel.path, 'x', 'never')).toBe('');
    expect(tunnel.failure).toBe('it answered 403');
    expect(server.requests[0]).toStartWith('CONNECT [::1]:9 HTTP/1.1\r\nHost: [::1]:9\r\n');
    expect(headerOf(server.requests[0]!, 'proxy-authorization')).toBe('Basic dTpw');
    // What comes in one piece with the proxy's answer is the target's.
    expect(await say(tunnel.path, 'x', 'hello')).toBe('hello');
    expect(tunnel.failure).toBeUndefined();
  });

  test.each([
    ['SSH-2.0\r\n\r\n', 'it does not speak HTTP'],
    ['HTTP/1.1 407 No\r\n\r\n', 'it answered 407'],
    ['x'.repeat(20_000), 'it does not speak HTTP'],
  ])('refuse a proxy that says %.20p', async (bytes, reason) => {
    await using server = await RawServer.answering(bytes);
    await using tunnels = new Tunnels();
    const proxy = parseUpstreamProxy(server.url());
    const tunnel = await tunnels.open(proxy, 'a.test', 9, SECURITY);
    expect(await say(tunnel.path, 'x', 'never')).toBe('');
    expect(tunnel.failure).toBe(reason);
    expect(await until(() => server.open.size === 0)).toBe(true);
  });
});
