// This file answers single datagrams of the local network.
import { createSocket, type Socket } from 'node:dgram';
import { BlockList } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Clock } from '../base/clock.ts';
import { NetError } from './errors.ts';

export type UdpResponderOptions = {
  readonly port: number;
  readonly clock: Clock;
  /** The answers to what came; `ownAddress`: that of ours in the network of who asks. */
  readonly answer: (bytes: Uint8Array, ownAddress: string) => readonly Uint8Array[];
};

/** Nobody looks for devices more often; who makes others look more often is not helped. */
const ANSWERS_PER_S = 20;

/**
 * Rejects with NetError NET_RECEIVE. Only networks that this machine is in are answered: the sender of
 * a datagram can be made up, and an answer is longer than its question.
 */
export async function openUdpResponder(options: UdpResponderOptions): Promise<AsyncDisposable> {
  const { port, clock, answer } = options;
  // Other programs that look like devices may listen on the same machine
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  let secondMs = Number.NEGATIVE_INFINITY;
  let answered = 0;
  socket.on('message', (bytes, sender) => {
    const ownAddress = ownAddressFor(sender.address);
    if (ownAddress === undefined) return;
    const nowMs = clock.monotonicMs();
    if (nowMs - secondMs >= 1000) [secondMs, answered] = [nowMs, 0];
    for (const reply of answer(bytes, ownAddress)) {
      if (answered >= ANSWERS_PER_S) return;
      answered++;
      socket.send(reply, sender.port, sender.address, () => {});
    }
  });
  await bound(socket, port);
  return { [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(() => resolve())) };
}

function bound(socket: Socket, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? 'something else listens there' : error.code;
      const message = `Cannot answer at UDP port ${port}: ${reason}, wanted a free port`;
      reject(new NetError('NET_RECEIVE', message, { port }));
    });
    socket.bind({ port, address: '0.0.0.0' }, () => {
      socket.removeAllListeners('error');
      socket.on('error', () => {});
      resolve();
    });
  });
}

/** Our address in the network that `sender` is in; undefined where that is none of ours. */
function ownAddressFor(sender: string): string | undefined {
  for (const { address, cidr, family } of Object.values(networkInterfaces()).flatMap(
    (all) => all ?? [],
  )) {
    if (family !== 'IPv4' || cidr === null) continue;
    const [network = '', bits] = cidr.split('/');
    const block = new BlockList();
    block.addSubnet(network, Number(bits));
    if (block.check(sender)) return address;
  }
  return undefined;
}
