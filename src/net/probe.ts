// This file finds out whether an address can be connected to at all.
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

export type ProbeTarget = {
  readonly address: string;
  readonly port: number;
  /** For https: connected means that the handshake is done. `name` is absent for addresses. */
  readonly tls?: { readonly name?: string };
};

export type ProbeEvents = {
  /** The address answers; over TLS the handshake is still to come. Called before `settled`. */
  readonly answered: () => void;
  readonly settled: (isReachable: boolean) => void;
};

/**
 * Opens a connection beside a request that is late, and says whether it came about: the runtime's
 * fetch does not tell "not connected" from "connected, no answer yet". Disposing it gives up.
 */
export type Probe = (target: ProbeTarget, events: ProbeEvents) => Disposable;

export const socketProbe: Probe = ({ address, port, tls }, events) => {
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
  let hasAnswered = false;
  let over = false;
  const end = (isReachable: boolean) => {
    if (over) return;
    over = true;
    socket.destroy();
    events.settled(isReachable);
  };
  socket.on('connect', () => {
    hasAnswered = true;
    if (!over) events.answered();
  });
  socket.on(tls === undefined ? 'connect' : 'secureConnect', () => end(true));
  // A handshake that fails is an answer too: the request will say what is wrong with it.
  socket.on('error', () => end(hasAnswered));
  socket.on('close', () => end(hasAnswered));
  return {
    [Symbol.dispose]: () => {
      over = true;
      socket.destroy();
    },
  };
};
