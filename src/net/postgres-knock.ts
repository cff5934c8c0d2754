// This file asks whether a Postgres answers, and encrypts, before its client is sent there.
import { type Clock, within } from '../base/clock.ts';

/*
 * The client dials again and again, thousands of times in a second and as long as it is let, where
 * something takes the connection and closes it: a load balancer whose servers are gone.
 */

// PostgreSQL manual, "Message Formats": SSLRequest, which is answered by one byte, S where it will
const SSL_REQUEST = new Uint8Array([0, 0, 0, 8, 4, 210, 22, 47]);
const WILL_ENCRYPT = 'S'.charCodeAt(0);

export type Knocked = { readonly isEncrypting: boolean };

/** Throws where nothing answers within `waitMs`. */
export async function knock(
  hostname: string,
  port: number,
  clock: Clock,
  waitMs: number,
): Promise<Knocked> {
  const answered = Promise.withResolvers<Knocked | undefined>();
  const dialled = Bun.connect({
    hostname,
    port,
    socket: {
      open: (socket) => {
        socket.write(SSL_REQUEST);
      },
      data: (_, bytes) => answered.resolve({ isEncrypting: bytes[0] === WILL_ENCRYPT }),
      close: () => answered.resolve(undefined),
      error: () => answered.resolve(undefined),
      connectError: () => answered.resolve(undefined),
    },
  });
  dialled.catch(() => answered.resolve(undefined));
  const knocked = await within(clock, answered.promise, waitMs);
  dialled.then((socket) => socket.terminate()).catch(() => {});
  if (knocked === undefined) throw new Error('nothing answers');
  return knocked;
}
