// This file reads the socket addresses that the kernel writes.

export type SocketAddress = {
  readonly port: number;
  /** Dotted for IPv4, mapped or not; the /64 for IPv6, since one subscriber holds all of it. */
  readonly network: string;
};

/** Enough for sockaddr_in6, the longest that is read. */
export const SOCKET_ADDRESS_BYTES = 28;

const AF_INET = 2;
const AF_INET6 = 10;

/** undefined for any other family, such as a Unix socket. */
export function parseSocketAddress(view: DataView): SocketAddress | undefined {
  // struct sockaddr_in, sockaddr_in6: the family in the order of the machine, the port in network order
  const family = view.getUint16(0, true);
  if (family !== AF_INET && family !== AF_INET6) return undefined;
  const port = view.getUint16(2);
  if (family === AF_INET) return { port, network: dotted(view, 4) };
  const isMapped =
    view.getUint32(8) === 0 && view.getUint32(12) === 0 && view.getUint32(16) === 0xffff;
  return { port, network: isMapped ? dotted(view, 20) : `${groups(view, 8, 4)}::/64` };
}

export function isLoopback(network: string): boolean {
  return network.startsWith('127.') || network === '0:0:0:0::/64';
}

function dotted(view: DataView, at: number): string {
  return [0, 1, 2, 3].map((index) => view.getUint8(at + index)).join('.');
}

function groups(view: DataView, at: number, count: number): string {
  const parts = Array.from({ length: count }, (_, index) => view.getUint16(at + 2 * index));
  return parts.map((part) => part.toString(16)).join(':');
}
