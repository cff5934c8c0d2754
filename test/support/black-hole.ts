// This file is an address that swallows connection attempts, as a firewall that drops packets does.
import { connect, type Socket } from 'node:net';

/**
 * Listens and then stops for ever, so that nothing is accepted. The kernel queues so many
 * connections and, once the queue is full, lets further attempts time out.
 */
const CHILD = `
const server = require('node:net').createServer();
server.listen({ port: Number(process.argv[1]), host: process.argv[2], backlog: 8 }, () => {
  process.stdout.write(String(server.address().port) + '\\n', () =>
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
});`;

/** More than any backlog the runtime asks for. */
const FILLERS = 1_200;

export type BlackHole = AsyncDisposable & { readonly port: number };

/** Held with `await using`; port 0 takes a free one. */
export async function openBlackHole(host: string, port: number): Promise<BlackHole> {
  const child = Bun.spawn([process.execPath, '-e', CHILD, String(port), host], { stdout: 'pipe' });
  const { value } = await child.stdout.getReader().read();
  const taken = Number(new TextDecoder().decode(value));
  const fillers: Socket[] = [];
  for (let full = false; !full && fillers.length < FILLERS; ) {
    const socket = connect(taken, host);
    fillers.push(socket);
    socket.on('error', () => {});
    const connected = new Promise<boolean>((done) => socket.on('connect', () => done(true)));
    full = !(await Promise.race([connected, Bun.sleep(300).then(() => false)]));
  }
  return {
    port: taken,
    [Symbol.asyncDispose]: async () => {
      for (const socket of fillers) socket.destroy();
      child.kill('SIGKILL');
      await child.exited;
    },
  };
}
