// This file asks whether a Postgres answers, before its client is sent there.
import { type Clock, within } from '../../base/clock.ts';

/*
 * The client dials again and again, thousands of times in a second and as long as it is let, where
 * something takes the connection and closes it: a load balancer whose servers are gone.
 */

// PostgreSQL manual, "Message Formats": SSLRequest, which is answered by one byte
const SSL_REQUEST = new Uint8Array([0, 0, 0, 8, 4, 210, 22, 47]);

/** Throws where nothing answers within `waitMs`. */
export async function knock(
  hostname: string,
  port: number,
  clock: Clock,
  waitMs: number,
): Promise<void> {
  const answered = Promise.withResolvers<boolean>();
  const dialled = Bun.connect({
    hostname,
    port,
    socket: {
      open: (socket) => {
        socket.write(SSL_REQUEST);
      },
      data: () => answered.resolve(true),
      close: () => answered.resolve(false),
      error: () => answered.resolve(false),
      connectError: () => answered.resolve(false),
    },
  });
  dialled.catch(() => answered.resolve(false));
  const isThere = await within(clock, answered.promise, waitMs);
  dialled.then((socket) => socket.terminate()).catch(() => {});
  if (isThere !== true) throw new Error('nothing answers');
}
