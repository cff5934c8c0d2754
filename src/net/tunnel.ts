// This file passes connections to a Unix socket on to wherever another connection leads.
import { createServer, type Server, type Socket } from 'node:net';
import type { ProxySocket } from './proxy-socket.ts';

/** Before the far side is there, fetch sends one request or one TLS hello. */
const MAX_HELD_BYTES = 131_072;

export class Tunnel implements AsyncDisposable {
  readonly path: string;
  readonly #connect: () => ProxySocket;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #failure: string | undefined;

  private constructor(path: string, connect: () => ProxySocket) {
    this.path = path;
    this.#connect = connect;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  /** Rejects with the system's error if `path` cannot be listened on. */
  static async listen(path: string, connect: () => ProxySocket): Promise<Tunnel> {
    const tunnel = new Tunnel(path, connect);
    await new Promise<void>((listening, reject) => {
      tunnel.#server.on('error', reject);
      tunnel.#server.listen(path, () => listening());
    });
    return tunnel;
  }

  /** Why the last connection came to nothing; `undefined` if it did not. */
  get failure(): string | undefined {
    return this.#failure;
  }

  #serve(near: Socket): void {
    const { socket: far, ready } = this.#connect();
    const held = holdBytes(near);
    this.#sockets.add(near);
    near.on('error', () => near.destroy());
    far.on('error', () => far.destroy());
    // Whoever is gone needs no more bytes; whoever is left may still be reading what came.
    near.on('close', () => {
      this.#sockets.delete(near);
      far.destroy();
    });
    far.on('close', () => near.destroySoon());
    ready.then(
      () => {
        this.#failure = undefined;
        for (const bytes of held()) far.write(bytes);
        join(near, far);
        join(far, near);
      },
      (cause) => {
        this.#failure = cause instanceof Error ? cause.message.slice(0, 120) : 'failed';
        far.destroy();
        near.destroy();
      },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((closed) => this.#server.close(() => closed()));
  }
}

/**
 * Reads on before the bytes can be passed on, since a socket that is not read does not notice that
 * the other end has gone. The returned function stops it and gives what came.
 */
function holdBytes(socket: Socket): () => readonly Buffer[] {
  const held: Buffer[] = [];
  let heldBytes = 0;
  const onData = (bytes: Buffer) => {
    held.push(bytes);
    heldBytes += bytes.length;
    if (heldBytes > MAX_HELD_BYTES) socket.pause();
  };
  socket.on('data', onData);
  return () => {
    socket.off('data', onData);
    return held;
  };
}

/** At the pace of the slower side: what cannot be written is not read. */
function join(from: Socket, to: Socket): void {
  from.on('data', (bytes: Buffer) => {
    if (!to.write(bytes)) from.pause();
  });
  to.on('drain', () => from.resume());
  from.resume();
}
