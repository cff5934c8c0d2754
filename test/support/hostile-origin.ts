// This file is an origin of lists and guides that are meant to break whoever reads them.
import type { Socket } from 'node:net';
import type { HostileAnswer } from './hostile-answers.ts';
import { RawServer } from './raw-server.ts';

/** What of a body may be on its way, in the buffers of both sides, when the reader gives up. */
export const ON_ITS_WAY_BYTES = 16 * 1024 * 1024;

export class HostileOrigin implements AsyncDisposable {
  readonly #server: RawServer;
  readonly #answers: ReadonlyMap<string, HostileAnswer>;
  readonly #sent = new Map<string, number>();

  private constructor(server: RawServer, answers: ReadonlyMap<string, HostileAnswer>) {
    this.#server = server;
    this.#answers = answers;
  }

  static async start(answers: ReadonlyMap<string, HostileAnswer>): Promise<HostileOrigin> {
    let origin: HostileOrigin | undefined;
    const server = await RawServer.listen((socket, head) => void origin!.#answer(socket, head));
    origin = new HostileOrigin(server, answers);
    return origin;
  }

  url(name: string): string {
    return this.#server.url(`/${encodeURIComponent(name)}`);
  }

  /** Bytes of bodies under this name that were taken, the buffers of the kernel among them. */
  sentBytes(name: string): number {
    return this.#sent.get(name) ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }

  async #answer(socket: Socket, asked: string): Promise<void> {
    const path = asked.split(' ')[1] ?? '/';
    const name = decodeURIComponent(path.slice(1));
    const { head = ['HTTP/1.1 200 OK'], body = () => [] } = this.#answers.get(name) ?? GONE;
    socket.write(`${[...head, 'Connection: close'].join('\r\n')}\r\n\r\n`);
    for (const piece of body()) {
      if (socket.destroyed) return;
      const bytes = Buffer.from(piece as Uint8Array);
      this.#sent.set(name, this.sentBytes(name) + bytes.length);
      if (!socket.write(bytes)) await drained(socket);
    }
    socket.end();
  }
}

const GONE: HostileAnswer = { head: ['HTTP/1.1 404 Not Found', 'Content-Length: 0'] };

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
}
