// This file holds what a part asks of the receiver of datagrams, and how it is written in a URL.
import { parseAddress } from './address.ts';

/** A multicast group to join, or an address of this machine to listen at. */
export type DatagramTarget = {
  readonly address: string;
  readonly port: number;
  /** Only what this host sends is received. */
  readonly from?: string;
  /** Name or address of the network interface the group is joined at; the system's choice if absent. */
  readonly interface?: string;
};

/** Open until it is disposed. */
export type Datagrams = AsyncDisposable;

/** `sender` tells one from another; the bytes are never changed. Rejects with NetError. */
export type OpenDatagrams = (
  target: DatagramTarget,
  onDatagram: (bytes: Uint8Array, sender: string) => void,
) => Promise<Datagrams>;

export type DatagramUrl = {
  /** RTP is recognised within `udp` too; `rtp` takes nothing but it and bare packets. */
  readonly scheme: 'udp' | 'rtp';
  readonly target: DatagramTarget;
};

const ANY = '0.0.0.0';

/**
 * `udp://GROUP:PORT`, with `@` before the group as players write it, `udp://SOURCE@GROUP:PORT` for
 * one sender only, `udp://ADDRESS:PORT` and `udp://:PORT` for what is sent to this machine. Hosts are
 * addresses: a name could lead anywhere. Undefined where it is none.
 */
export function parseDatagramUrl(text: string): DatagramUrl | undefined {
  const match = /^(udp|rtp):\/\/(?:([^@/?#]*)@)?(\[[^\]]*\]|[^:/?#[\]]*):(\d{1,5})\/?$/i.exec(text);
  if (match === null) return undefined;
  const [, scheme = '', source = '', host = '', portText] = match;
  const port = Number(portText);
  const address = host === '' ? ANY : unbracketed(host);
  const from = unbracketed(source);
  if (port === 0 || port > 65_535 || parseAddress(address) === undefined) return undefined;
  if (from !== '' && (!isMulticast(address) || !isUnicastBeside(address, from))) return undefined;
  const target = { address, port, ...(from === '' ? {} : { from }) };
  return { scheme: scheme.toLowerCase() as DatagramUrl['scheme'], target };
}

/** RFC 1112 §4: 224.0.0.0/4; RFC 4291 §2.7: ff00::/8 */
export function isMulticast(address: string): boolean {
  const parsed = parseAddress(address);
  if (parsed === undefined) return false;
  return parsed.family === 4 ? parsed.value >> 28n === 0xen : parsed.value >> 120n === 0xffn;
}

function isUnicastBeside(group: string, source: string): boolean {
  const family = parseAddress(source)?.family;
  return family !== undefined && family === parseAddress(group)?.family && !isMulticast(source);
}

function unbracketed(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}
