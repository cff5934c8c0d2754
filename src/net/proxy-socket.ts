// This file opens a connection to a target through a proxy.
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { parseAddress } from './address.ts';
import { connectThroughHttp } from './http-connect.ts';
import type { UpstreamProxy } from './upstream-proxy.ts';

/** How a proxy that is itself spoken to by TLS is checked. */
export type ProxySecurity = {
  readonly verifyTls: boolean;
  readonly trustedCa: string | undefined;
};

/** One that takes longer has been given up by the deadline of its request. */
const HANDSHAKE_MS = 20_000;

export type ProxySocket = {
  /** There at once, so that it can be closed at any time. */
  readonly socket: Socket;
  /** Resolves once bytes go to and from the target; rejects with an Error that says why not. */
  readonly ready: Promise<void>;
};

export function openProxySocket(
  proxy: UpstreamProxy,
  host: string,
  port: number,
  security: ProxySecurity,
): ProxySocket {
  const socket = proxy.kind === 'https' ? dialTls(proxy, security) : dial(proxy);
  const ready = connected(socket, proxy.kind === 'https' ? 'secureConnect' : 'connect').then(() =>
    proxy.kind === 'socks5'
      ? connectThroughSocks(socket, proxy, host, port)
      : connectThroughHttp(socket, proxy, host, port),
  );
  return { socket, ready };
}

function dial({ host, port }: UpstreamProxy): Socket {
  return connect({ host, port, noDelay: true });
}

function dialTls({ host, port }: UpstreamProxy, { verifyTls, trustedCa }: ProxySecurity): Socket {
  return connectTls({
    host,
    port,
    rejectUnauthorized: verifyTls,
    // RFC 6066 §3: a server name is never an address.
    ...(parseAddress(host) === undefined ? { servername: host } : {}),
    ...(trustedCa === undefined ? {} : { ca: trustedCa }),
  });
}

function connected(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, resolve);
    socket.on('error', (error) => reject(new Error(reasonOf(error))));
    socket.on('close', () => reject(new Error('it closed the connection')));
  });
}

async function connectThroughSocks(
  socket: Socket,
  { host: proxyHost, port: proxyPort, username, password }: UpstreamProxy,
  host: string,
  port: number,
): Promise<void> {
  // Loaded where it is needed: it costs every other start 30 ms
  const { SocksClient } = await import('socks');
  await SocksClient.createConnection({
    command: 'connect',
    existing_socket: socket,
    proxy: {
      host: proxyHost,
      port: proxyPort,
      type: 5,
      ...(username === '' && password === '' ? {} : { userId: username, password }),
    },
    destination: { host, port },
    timeout: HANDSHAKE_MS,
  });
}

/** The runtime's code only: its messages may name what is not for a log. */
function reasonOf(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  return /^\w{2,64}$/.test(code) ? code : 'it could not be reached';
}
