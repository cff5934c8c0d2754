// This file receives datagrams: of a multicast group, or those sent to a port of this machine.
import { createSocket, type Socket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import type { Datagrams, DatagramTarget, OpenDatagrams } from './datagram-target.ts';
import { isMulticast } from './datagram-target.ts';
import { NetError } from './errors.ts';

/**
 * A second of a fast channel: threads may be busy for as long. The kernel gives what its own limit
 * allows (net.core.rmem_max); `weir doctor` says where that is little.
 */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

/** Rejects with NetError NET_RECEIVE. */
export const openDatagrams: OpenDatagrams = async (target, onDatagram) => {
  const isGroup = isMulticast(target.address);
  const type = target.address.includes(':') ? 'udp6' : 'udp4';
  const nic = interfaceAddress(target, type);
  // Several channels and processes may listen to one group; nobody else takes our own port
  const socket = createSocket({
    type,
    reuseAddr: isGroup,
    recvBufferSize: RECEIVE_BUFFER_BYTES,
  });
  const { from } = target;
  socket.on('message', (bytes, sender) => {
    // Who else on this machine joined the group for all sources must not decide what we hear
    if (from !== undefined && sender.address !== from) return;
    onDatagram(bytes, `${sender.address} ${sender.port}`);
  });
  try {
    await bound(socket, target, isGroup);
    if (isGroup) join(socket, target, nic);
  } catch (error) {
    await closed(socket);
    throw receiveError(target, reasonOf(error));
  }
  return { [Symbol.asyncDispose]: () => closed(socket) } satisfies Datagrams;
};

function bound(socket: Socket, target: DatagramTarget, isGroup: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ port: target.port, address: bindAddress(target, isGroup) }, () => {
      socket.off('error', reject);
      // What happens to a socket that is open shows as silence
      socket.on('error', () => {});
      resolve();
    });
  });
}

/** A socket bound to its group hears no other group of the same port; only Linux and macOS can. */
function bindAddress({ address }: DatagramTarget, isGroup: boolean): string {
  if (!isGroup) return address;
  if (address.includes(':')) return '::';
  return process.platform === 'win32' ? '0.0.0.0' : address;
}

function join(socket: Socket, { address, from }: DatagramTarget, nic: string | undefined): void {
  // RFC 4607: source-specific
  if (from === undefined) socket.addMembership(address, nic);
  else socket.addSourceSpecificMembership(from, address, nic);
}

/** The address of a network interface that was given by its name. */
function interfaceAddress(target: DatagramTarget, type: 'udp4' | 'udp6'): string | undefined {
  const { interface: nic } = target;
  if (nic === undefined) return undefined;
  const named = networkInterfaces()[nic];
  if (named === undefined) {
    const isAddress = /^[\d.]+$/.test(nic) || nic.includes(':');
    if (isAddress) return nic;
    throw receiveError(target, `there is no network interface "${nic}"`);
  }
  if (type === 'udp6') return `::%${nic}`;
  const address = named.find(({ family }) => family === 'IPv4')?.address;
  if (address !== undefined) return address;
  throw receiveError(target, `the network interface "${nic}" has no IPv4 address`);
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    try {
      socket.close(() => resolve());
    } catch {
      resolve(); // it was never open
    }
  });
}

function reasonOf(error: unknown): string {
  if (error instanceof NetError) return error.message;
  const { code } = error as { readonly code?: unknown };
  const states: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another program has the port',
    EADDRNOTAVAIL: 'the address is none of this machine',
    ENODEV: 'no network interface leads there',
    EACCES: 'the port may not be taken',
  };
  const text = error instanceof Error ? error.message : String(error);
  const known = /\b(E[A-Z]{3,})\b/.exec(String(code ?? text))?.[1] ?? '';
  return states[known] ?? (known === '' ? text : known);
}

function receiveError({ address, port }: DatagramTarget, state: string): NetError {
  const message = `Cannot receive from ${address} port ${port}: ${state}`;
  return new NetError('NET_RECEIVE', message, { address, port });
}
