// This file checks that nobody but its own client gets through the bridge to a SOCKS proxy.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { connect } from 'node:net';
import { SocksBridge } from '../../src/net/socks-bridge.ts';
import { parseBridgeRequest } from '../../src/net/socks-bridge-connection.ts';
import { parseUpstreamProxy } from '../../src/net/upstream-proxy.ts';
import { answerBytes, RawServer } from '../support/raw-server.ts';
import { listenSocks, type SocksServer } from '../support/socks-server.ts';

let bridge: SocksBridge;
let socks: SocksServer;
let upstream: RawServer;
let port: number;
let authorization: string;

beforeAll(async () => {
  upstream = await RawServer.answering(answerBytes('upstream'));
  socks = await listenSocks();
  bridge = new SocksBridge();
  const option = await bridge.proxyFor(parseUpstreamProxy(`socks5://127.0.0.1:${socks.port}`));
  const { url, headers } = option as { url: string; headers: Record<string, string> };
  port = Number(new URL(url).port);
  authorization = `Proxy-Authorization: ${headers['proxy-authorization']}`;
});

afterAll(async () => {
  await bridge[Symbol.asyncDispose]();
  await socks[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

/** What the bridge says to raw bytes, until it closes or has said `last`. */
function say(bytes: string, last = 'upstream'): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (piece: Buffer) => {
      answer += piece.toString('latin1');
      if (answer.endsWith(last)) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
  });
}

function absolute(...fields: readonly string[]): string {
  return [
    `GET ${upstream.url('/x')} HTTP/1.1`,
    `Host: 127.0.0.1:${upstream.port}`,
    ...fields,
    '',
    '',
  ].join('\r\n');
}

describe('SocksBridge', () => {
  const STRANGERS: readonly (readonly [name: string, ...fields: string[]])[] = [
    ['no token'],
    ['no password', `Proxy-Authorization: Basic ${Buffer.from('x').toString('base64')}`],
    [
      'a wrong token',
      `Proxy-Authorization: Basic ${Buffer.from(`x:${'0'.repeat(48)}`).toString('base64')}`,
    ],
    ['not base64', 'Proxy-Authorization: Basic \u00ff\u00ff'],
  ];
  test.each([...STRANGERS])('refuses one with %s', async (_name, ...fields) => {
    const before = socks.targets.length;
    expect(await say(absolute(...fields))).toStartWith('HTTP/1.1 407 ');
    expect(
      await say(`CONNECT 127.0.0.1:${upstream.port} HTTP/1.1\r\n${fields.join('')}\r\n\r\n`),
    ).toStartWith('HTTP/1.1 407 ');
    expect(socks.targets.length).toBe(before);
  });

  test('passes its own client', async () => {
    expect(await say(absolute(authorization))).toEndWith('upstream');
    const tunnelled = await say(
      `CONNECT 127.0.0.1:${upstream.port} HTTP/1.1\r\n${authorization}\r\n\r\nGET /y HTTP/1.1\r\n\r\n`,
    );
    expect(tunnelled).toStartWith('HTTP/1.1 200 ');
    expect(tunnelled).toEndWith('upstream');
  });

  test('refuses a second upstream on one connection', async () => {
    const other = absolute(authorization).replaceAll(String(upstream.port), '9');
    const answer = await say(absolute(authorization) + other, 'never');
    expect(answer).toContain('HTTP/1.1 421 ');
    expect(socks.targets).not.toContain('127.0.0.1:9');
  });

  test.each([
    'POST http://a.test/ HTTP/1.1',
    'GET /x HTTP/1.1',
    'GET https://a.test/ HTTP/1.1',
    'x',
  ])('refuses %p', async (line) => {
    expect(await say(`${line}\r\n${authorization}\r\n\r\n`)).toStartWith('HTTP/1.1 407 ');
  });

  test('refuses a head without end', async () => {
    expect(await say('x'.repeat(1_100_000))).toStartWith('HTTP/1.1 431 ');
  });

  test('believes no upstream that claims to be the bridge', () => {
    const headers = { 'weir-bridge': `${'0'.repeat(32)} refused` };
    expect(bridge.failureOf(new Response('', { status: 502, headers }))).toBeUndefined();
  });
});

test('parseBridgeRequest() gives the origin form, without what was for the proxy', () => {
  const head =
    'GET http://[::1]:81/a?b HTTP/1.1\r\nHost: [::1]:81\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic x\r\nAccept: */*';
  expect(parseBridgeRequest(head)).toEqual({
    isTunnel: false,
    host: '::1',
    port: 81,
    authorization: 'Basic x',
    head: 'GET /a?b HTTP/1.1\r\nHost: [::1]:81\r\nAccept: */*\r\n\r\n',
  });
  expect(parseBridgeRequest('CONNECT a.test:80 HTTP/1.1')).toMatchObject({
    isTunnel: true,
    host: 'a.test',
    port: 80,
    head: '',
  });
});
