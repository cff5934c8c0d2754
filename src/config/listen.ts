// This file reads and writes the address that weir listens on.
import { parseAddress } from '../net/address.ts';

export type ListenAddress = {
  /** A name or an address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
};

/** Where no host is written: every IPv4 address of the machine. */
const ANY_HOST = '0.0.0.0';

/** `HOST:PORT`, `[::]:8080`, `:8080` or `8080`; port 0 lets the system choose. */
export function parseListen(text: string): ListenAddress | undefined {
  const match = /^(?:(?:(\[[0-9a-f:.]+\])|([a-z0-9.-]{1,253}|\*)?):)?(\d{1,5})$/i.exec(text);
  if (match === null) return undefined;
  const [, bracketed, plain, digits] = match;
  const port = Number(digits);
  if (port > 65535) return undefined;
  if (bracketed !== undefined) {
    const host = bracketed.slice(1, -1);
    return parseAddress(host)?.family === 6 ? { host, port } : undefined;
  }
  if (plain === undefined || plain === '*') return { host: ANY_HOST, port };
  return isHost(plain) ? { host: plain, port } : undefined;
}

export function formatListen(listen: ListenAddress): string {
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  return `${host}:${listen.port}`;
}

function isHost(host: string): boolean {
  // 127.1 and 0x7f.1 are addresses to a URL parser and names to others: only four octets are one.
  if (/^[\d.]+$/.test(host)) return parseAddress(host)?.family === 4;
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\.?$/i.test(
    host,
  );
}
