// This file is a server whose answers never end, and that counts what it got rid of.
import type { Socket } from 'node:net';
import { RawServer, type RawServerOptions } from './raw-server.ts';

const BLOCK = new Uint8Array(65_536).fill(120);

/** Sends `block` without end as fast as it is let, in either framing, and counts. */
export async function listenEndless(
  framing: 'length' | 'chunked',
  options: RawServerOptions & { readonly block?: Uint8Array } = {},
) {
  const { block = BLOCK } = options;
  const counter = { sentBytes: 0 };
  const piece =
    framing === 'length'
      ? block
      : Buffer.concat([
          Buffer.from(`${block.length.toString(16)}\r\n`),
          block,
          Buffer.from('\r\n'),
        ]);
  const field = framing === 'length' ? 'Content-Length: 4000000000' : 'Transfer-Encoding: chunked';
  const server = await RawServer.listen((socket: Socket) => {
    socket.write(`HTTP/1.1 200 OK\r\n${field}\r\n\r\n`);
    const pump = () => {
      while (!socket.destroyed) {
        counter.sentBytes += block.length;
        if (!socket.write(piece)) return;
      }
    };
    socket.on('drain', pump);
    pump();
  }, options);
  return Object.assign(server, { counter });
}

/** Waits until nothing more has been sent for a while. */
export async function restOf(counter: { sentBytes: number }): Promise<number> {
  for (let before = -1; before !== counter.sentBytes; ) {
    before = counter.sentBytes;
    await Bun.sleep(100);
  }
  return counter.sentBytes;
}
