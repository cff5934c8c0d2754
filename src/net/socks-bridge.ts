// This file lends the runtime's fetch, which speaks HTTP proxies only, a way through SOCKS5 proxies.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { SocksClient } from 'socks';
import { serveBridgeConnection } from './socks-bridge-connection.ts';
import type { UpstreamProxy } from './upstream-proxy.ts';

/** A SOCKS handshake that takes longer has been given up by the request's own deadline. */
const HANDSHAKE_MS = 20_000;

/**
 * An HTTP proxy on 127.0.0.1 that lives as long as the client and passes every connection on to a
 * SOCKS5 proxy. A random token, known to this process alone, keeps other local processes from
 * using it: without it a connection gets 407 and is closed.
 */
export class SocksBridge implements AsyncDisposable {
  readonly #token = randomBytes(24).toString('hex');
  /** Marks answers that come from the bridge, so that no upstream can pass for it. */
  readonly #failureMark = randomBytes(16).toString('hex');
  readonly #proxies = new Map<string, UpstreamProxy>();
  readonly #sockets = new Set<Socket>();
  #server: Promise<Server> | undefined;

  /** How fetch is told to go through `proxy`. Starts the bridge on first use. */
  async proxyFor(proxy: UpstreamProxy): Promise<Bun.FetchProxyOption> {
    this.#server ??= this.#listen();
    const server = await this.#server;
    const id = Bun.hash(proxy.url).toString(36);
    this.#proxies.set(id, proxy);
    const authorization = Buffer.from(`${id}:${this.#token}`).toString('base64');
    const address = server.address() as { port: number };
    return {
      url: `http://127.0.0.1:${address.port}`,
      headers: { 'proxy-authorization': `Basic ${authorization}` },
      respectNoProxy: false,
    };
  }

  /** Why the bridge could not pass a plain request on; `undefined` for an upstream's answer. */
  failureOf(response: Response): string | undefined {
    const mark = response.headers.get('weir-bridge');
    if (mark === null || !mark.startsWith(this.#failureMark)) return undefined;
    return mark.slice(this.#failureMark.length + 1);
  }

  #listen(): Promise<Server> {
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      serveBridgeConnection(socket, {
        proxyOf: (authorization) => this.#proxyOf(authorization),
        connect: connectThrough,
        failureMark: this.#failureMark,
      });
    });
    return new Promise((resolve, reject) => {
      server.on('error', reject);
      server.listen(0, '127.0.0.1', () => resolve(server));
    });
  }

  #proxyOf(authorization: string): UpstreamProxy | undefined {
    const decoded = Buffer.from(authorization.replace(/^Basic /i, ''), 'base64').toString('latin1');
    const [id = '', token = ''] = decoded.split(':', 2);
    const given = Buffer.from(token.padEnd(this.#token.length).slice(0, this.#token.length));
    const right = timingSafeEqual(given, Buffer.from(this.#token));
    return right ? this.#proxies.get(id) : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const server = await this.#server?.catch(() => undefined);
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    if (server === undefined) return;
    await new Promise<void>((closed) => server.close(() => closed()));
  }
}

async function connectThrough(proxy: UpstreamProxy, host: string, port: number): Promise<Socket> {
  const { socket } = await SocksClient.createConnection({
    command: 'connect',
    proxy: {
      host: proxy.host,
      port: proxy.port,
      type: 5,
      ...(proxy.username === '' ? {} : { userId: proxy.username, password: proxy.password }),
    },
    destination: { host, port },
    timeout: HANDSHAKE_MS,
    set_tcp_nodelay: true,
  });
  return socket;
}
