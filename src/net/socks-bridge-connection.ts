// This file serves one connection of fetch to the SOCKS bridge.
import type { Socket } from 'node:net';
import type { UpstreamProxy } from './upstream-proxy.ts';

/** Requests come from this process, whose URLs end at 16 KiB and headers far below the rest. */
const MAX_HEAD_CHARS = 1_048_576;

export type BridgeHooks = {
  readonly proxyOf: (authorization: string) => UpstreamProxy | undefined;
  readonly connect: (proxy: UpstreamProxy, host: string, port: number) => Promise<Socket>;
  /** Opens the value of the header that tells the bridge's own answers from an upstream's. */
  readonly failureMark: string;
};

export type BridgeRequest = {
  readonly isTunnel: boolean;
  readonly host: string;
  readonly port: number;
  readonly authorization: string;
  /** In origin form and without the proxy's headers; empty for a tunnel. */
  readonly head: string;
};

/**
 * Two shapes arrive: CONNECT for https, after which bytes pass both ways unread; and for http a
 * series of bodiless requests in absolute form, all for one upstream, since each session of the
 * client is for one. Their heads are rewritten to origin form.
 */
export function serveBridgeConnection(socket: Socket, hooks: BridgeHooks): void {
  const connection = new BridgeConnection(socket, hooks);
  socket.on('error', () => socket.destroy());
  socket.on('data', (bytes: Buffer) => connection.receive(bytes));
}

class BridgeConnection {
  readonly #socket: Socket;
  readonly #hooks: BridgeHooks;
  #pending = '';
  #tunnel = false;
  #peer = '';
  #upstream: Socket | undefined;

  constructor(socket: Socket, hooks: BridgeHooks) {
    this.#socket = socket;
    this.#hooks = hooks;
  }

  receive(bytes: Buffer): void {
    if (this.#tunnel) {
      this.#send(bytes);
      return;
    }
    this.#pending += bytes.toString('latin1');
    const end = this.#pending.indexOf('\r\n\r\n');
    if (end >= 0) this.#take(end);
    else if (this.#pending.length > MAX_HEAD_CHARS) this.#refuse('431', 'head too large');
  }

  #take(end: number): void {
    const request = parseBridgeRequest(this.#pending.slice(0, end));
    this.#pending = this.#pending.slice(end + 4);
    // Nothing more is read until this request has somewhere to go.
    this.#socket.pause();
    this.#serve(request).then(
      () => {
        this.#socket.resume();
        this.receive(Buffer.alloc(0));
      },
      (cause) => this.#refuse('502', cause instanceof Error ? cause.message : 'failed'),
    );
  }

  async #serve(request: BridgeRequest | undefined): Promise<void> {
    const proxy = request && this.#hooks.proxyOf(request.authorization);
    if (request === undefined || proxy === undefined) return this.#refuse('407', 'not ours');
    const peer = `${request.host}:${request.port}`;
    if (this.#upstream !== undefined && peer !== this.#peer) return this.#refuse('421', 'not here');
    this.#peer = peer;
    this.#upstream ??= this.#join(await this.#hooks.connect(proxy, request.host, request.port));
    if (request.isTunnel) {
      this.#tunnel = true;
      this.#socket.write('HTTP/1.1 200 Connected\r\n\r\n');
    }
    this.#send(Buffer.from(request.head + (this.#tunnel ? this.#pending : ''), 'latin1'));
  }

  /** Answers flow back by themselves; the end of either side is that of the other. */
  #join(upstream: Socket): Socket {
    if (this.#socket.destroyed) upstream.destroy();
    this.#socket.on('close', () => upstream.destroy());
    this.#socket.on('drain', () => upstream.resume());
    upstream.on('drain', () => this.#socket.resume());
    upstream.on('data', (bytes) => {
      if (!this.#socket.write(bytes)) upstream.pause();
    });
    upstream.on('error', () => this.#socket.destroy());
    upstream.on('close', () => this.#socket.end());
    upstream.resume();
    return upstream;
  }

  #send(bytes: Buffer): void {
    if (bytes.length > 0 && this.#upstream?.write(bytes) === false) this.#socket.pause();
  }

  #refuse(status: string, reason: string): void {
    const line = reason.replace(/[^\x20-\x7e]/g, ' ').slice(0, 120);
    this.#socket.end(
      `HTTP/1.1 ${status} Refused\r\nweir-bridge: ${this.#hooks.failureMark} ${line}\r\n` +
        'content-length: 0\r\nconnection: close\r\n\r\n',
    );
  }
}

const PROXY_HEADER = /^proxy-[a-z-]+:/i;

/** `undefined` for what fetch never sends. */
export function parseBridgeRequest(head: string): BridgeRequest | undefined {
  const [line = '', ...fields] = head.split('\r\n');
  const [method, target = '', version] = line.split(' ');
  if (version !== 'HTTP/1.1') return undefined;
  const isTunnel = method === 'CONNECT';
  const url = URL.parse(isTunnel ? `http://${target}` : target);
  if (url === null || url.protocol !== 'http:' || !(isTunnel || method === 'GET')) return undefined;
  // RFC 9112 §3.2.3: CONNECT names its port, though the URL parser drops 80.
  const port = url.port === '' ? 80 : Number(url.port);
  const authorization = fields.find((field) => /^proxy-authorization:/i.test(field)) ?? '';
  const kept = fields.filter((field) => !PROXY_HEADER.test(field));
  return {
    isTunnel,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port,
    authorization: authorization.slice(authorization.indexOf(':') + 1).trim(),
    // RFC 9112 §3.2.1: origin form.
    head: isTunnel
      ? ''
      : [`GET ${url.pathname}${url.search} HTTP/1.1`, ...kept, '', ''].join('\r\n'),
  };
}
