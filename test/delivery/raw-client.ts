// This file is an HTTP client of single bytes: it can be as slow, silent or stalled as a test wants.
import { connect, type Socket } from 'node:net';

export class RawClient implements Disposable {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  isClosed = false;
  receivedBytes = 0;

  private constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.closed = new Promise((resolve) => this.socket.once('close', () => resolve()));
    this.socket.on('error', () => {});
    this.socket.on('data', (chunk) => {
      this.receivedBytes += chunk.length;
    });
    this.closed.then(() => {
      this.isClosed = true;
    });
  }

  static async open(port: number): Promise<RawClient> {
    const client = new RawClient(port);
    await new Promise<void>((resolve) => client.socket.once('connect', () => resolve()));
    return client;
  }

  send(text: string): void {
    if (!this.isClosed) this.socket.write(text);
  }

  get(path: string): void {
    this.send(`GET ${path} HTTP/1.1\r\nHost: test\r\n\r\n`);
  }

  /** Resolves once that many bytes have come in all, or no more will. */
  async received(bytes: number): Promise<void> {
    while (this.receivedBytes < bytes && !this.isClosed) await Bun.sleep(1);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** Sends these very bytes; the answer as it came, once the server has closed the connection. */
export function exchange(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      answer += chunk;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
    socket.write(bytes);
  });
}
