// This file stands before a server and does what networks do to connections, switchable while it runs.
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * `pass`: as if it were not there. `delay`: every byte comes so much later, in both directions.
 * `stall`: connections are taken, and nothing gets through, until another fault is set.
 * `reset`: what is open is reset, and so is who comes. `refuse`: nobody listens; what is open goes on.
 * `half-open`: what is open is dead, and neither end learns of it; new connections work.
 */
export type Fault =
  | { readonly kind: 'pass' | 'stall' | 'reset' | 'refuse' | 'half-open' }
  | { readonly kind: 'delay'; readonly delayMs: number };

type Pair = { readonly client: Socket; readonly server: Socket; isDead: boolean };

const HOST = '127.0.0.1';

/** Held with `await using`. */
export class FaultProxy implements AsyncDisposable {
  readonly port: number;
  /** Connections that were ever taken. */
  connections = 0;
  readonly #targetPort: number;
  readonly #pairs = new Set<Pair>();
  #server: Server;
  #fault: Fault = { kind: 'pass' };
  /** Whoever holds bytes back looks again when this is called. */
  #wake: (() => void)[] = [];

  private constructor(server: Server, port: number, targetPort: number) {
    this.#server = server;
    this.port = port;
    this.#targetPort = targetPort;
    this.#listenTo(server);
  }

  static async listen(targetPort: number): Promise<FaultProxy> {
    const server = await listening(0);
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    return new FaultProxy(server, port, targetPort);
  }

  /** Connections that are open on the side of the client. */
  get open(): number {
    return this.#pairs.size;
  }

  async set(fault: Fault): Promise<void> {
    const was = this.#fault.kind;
    this.#fault = fault;
    if (fault.kind === 'reset') for (const pair of this.#pairs) resetPair(pair);
    if (fault.kind === 'half-open') for (const pair of this.#pairs) pair.isDead = true;
    if (fault.kind === 'refuse' && was !== 'refuse') {
      this.#server.close();
    } else if (was === 'refuse' && fault.kind !== 'refuse') {
      this.#server = await listening(this.port);
      this.#listenTo(this.#server);
    }
    for (const wake of this.#wake.splice(0)) wake();
  }

  #listenTo(server: Server): void {
    server.on('connection', (client) => this.#take(client));
  }

  #take(client: Socket): void {
    this.connections += 1;
    client.on('error', () => {});
    if (this.#fault.kind === 'reset') {
      client.resetAndDestroy();
      return;
    }
    const server = connect(this.#targetPort, HOST);
    const pair: Pair = { client, server, isDead: false };
    this.#pairs.add(pair);
    server.on('error', () => {});
    client.on('close', () => {
      this.#pairs.delete(pair);
      server.destroy();
    });
    server.on('close', () => {
      if (!pair.isDead) client.destroy();
    });
    this.#carry(pair, client, server);
    this.#carry(pair, server, client);
  }

  /** In order, one chunk after the other, so that a delay never overtakes. */
  #carry(pair: Pair, from: Socket, to: Socket): void {
    let before: Promise<void> = Promise.resolve();
    from.on('data', (chunk: Buffer) => {
      from.pause();
      const cameMs = performance.now();
      before = before.then(async () => {
        await this.#hold(cameMs);
        from.resume();
        if (!pair.isDead && !to.destroyed) to.write(chunk);
      });
    });
  }

  async #hold(cameMs: number): Promise<void> {
    for (;;) {
      const fault = this.#fault;
      if (fault.kind === 'stall') {
        await new Promise<void>((done) => this.#wake.push(done));
      } else if (fault.kind === 'delay') {
        const leftMs = cameMs + fault.delayMs - performance.now();
        if (leftMs <= 0) return;
        await new Promise<void>((done) => {
          this.#wake.push(done);
          setTimeout(done, leftMs);
        });
      } else return;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#fault = { kind: 'pass' };
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server.destroy();
    }
    for (const wake of this.#wake.splice(0)) wake();
    await new Promise<void>((closed) => this.#server.close(() => closed()));
  }
}

function resetPair({ client, server }: Pair): void {
  client.resetAndDestroy();
  server.destroy();
}

function listening(port: number): Promise<Server> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, () => resolve(server));
  });
}
