// This file finds out whether an address can be connected to at all.
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

export type ProbeTarget = {
  readonly address: string;
  readonly port: number;
  /** For https: connected means that the handshake is done. `name` is absent for addresses. */
  readonly tls?: { readonly name?: string };
};

/**
 * Opens a connection beside a request that is late, and says whether it came about: the runtime's
 * fetch does not tell "not connected" from "connected, no answer yet". Disposing it gives up.
 */
export type Probe = (target: ProbeTarget, settled: (reachable: boolean) => void) => Disposable;

export const socketProbe: Probe = ({ address, port, tls }, settled) => {
  const host = { host: address, port };
  const socket =
    tls === undefined
      ? connect(host)
      : connectTls({
          ...host,
          ...(tls.name === undefined ? {} : { servername: tls.name }),
          // Nothing is sent over it; the request's own connection judges the certificate.
          rejectUnauthorized: false,
        });
  let reached = false;
  let over = false;
  const end = (reachable: boolean) => {
    if (over) return;
    over = true;
    socket.destroy();
    settled(reachable);
  };
  socket.on('connect', () => {
    reached = true;
  });
  socket.on(tls === undefined ? 'connect' : 'secureConnect', () => end(true));
  // A handshake that fails is an answer too: the request will say what is wrong with it.
  socket.on('error', () => end(reached));
  socket.on('close', () => end(reached));
  return {
    [Symbol.dispose]: () => {
      over = true;
      socket.destroy();
    },
  };
};
