// This file is a TCP server that answers HTTP requests with exactly the bytes a test gives it.
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';

/** Takes the head of one request; `nth` counts the requests on this connection from 0. */
export type RawHandler = (socket: Socket, head: string, nth: number) => void;

export type RawServerOptions = {
  readonly host?: string;
  readonly port?: number;
  readonly tls?: TlsOptions;
};

export class RawServer implements AsyncDisposable {
  /** Heads as they came. */
  readonly requests: string[] = [];
  readonly open = new Set<Socket>();
  connections = 0;
  /** Names that TLS clients asked for. */
  readonly serverNames: string[] = [];
  readonly #server: Server;

  private constructor(handler: RawHandler, { tls }: RawServerOptions) {
    const serve = (socket: Socket) => this.#serve(socket, handler);
    this.#server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
    this.#server.on('tlsClientError', () => {});
  }

  static async listen(handler: RawHandler, options: RawServerOptions = {}): Promise<RawServer> {
    const server = new RawServer(handler, options);
    await new Promise<void>((listening, reject) => {
      server.#server.on('error', reject);
      server.#server.listen(options.port ?? 0, options.host ?? '127.0.0.1', () => listening());
    });
    return server;
  }

  /** A server whose every answer is `bytes`, after which the connection stays open. */
  static answering(bytes: string | Uint8Array, options?: RawServerOptions): Promise<RawServer> {
    return RawServer.listen((socket) => {
      socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    }, options);
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  url(path = '/', host = '127.0.0.1'): string {
    return `http://${host}:${this.port}${path}`;
  }

  #serve(socket: Socket, handler: RawHandler): void {
    this.connections += 1;
    this.open.add(socket);
    const name = (socket as TLSSocket).servername;
    if (typeof name === 'string') this.serverNames.push(name);
    let pending = '';
    let nth = 0;
    socket.on('error', () => {});
    socket.on('close', () => this.open.delete(socket));
    socket.on('data', (bytes: Buffer) => {
      pending += bytes.toString('latin1');
      for (let end = pending.indexOf('\r\n\r\n'); end >= 0; end = pending.indexOf('\r\n\r\n')) {
        const head = pending.slice(0, end);
        pending = pending.slice(end + 4);
        this.requests.push(head);
        handler(socket, head, nth);
        nth += 1;
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.open) socket.destroy();
    await new Promise<void>((closed) => this.#server.close(() => closed()));
  }
}

/** A whole answer with its length. */
export function answerBytes(
  body: string,
  headers: readonly string[] = [],
  status = '200 OK',
): string {
  const lines = [`HTTP/1.1 ${status}`, ...headers, `Content-Length: ${Buffer.byteLength(body)}`];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** The value of a header of a head, by its lower-case name. */
export function headerOf(head: string, name: string): string | undefined {
  const line = head.split('\r\n').find((field) => field.toLowerCase().startsWith(`${name}:`));
  return line?.slice(name.length + 1).trim();
}
