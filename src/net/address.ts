// This file reads IP addresses and CIDR blocks into numbers that can be compared.

export type Address = { readonly family: 4 | 6; readonly value: bigint };

/** All addresses whose first `prefixBits` bits are those of `value`. */
export type Cidr = Address & { readonly prefixBits: number };

/** The canonical text forms only: a host of a URL has been made canonical by the URL parser. */
export function parseAddress(text: string): Address | undefined {
  const value = text.includes(':') ? parseIpv6(text) : parseIpv4(text);
  if (value === undefined) return undefined;
  return { family: text.includes(':') ? 6 : 4, value };
}

/** `10.0.0.0/8`, `fd00::/8`, or an address alone, which is a block of one. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/');
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const widthBits = address.family === 4 ? 32 : 128;
  const prefix = slash < 0 ? String(widthBits) : text.slice(slash + 1);
  if (!/^(0|[1-9]\d{0,2})$/.test(prefix)) return undefined;
  const prefixBits = Number(prefix);
  return prefixBits > widthBits ? undefined : { ...address, prefixBits };
}

export function cidrHolds(cidr: Cidr, address: Address): boolean {
  if (cidr.family !== address.family) return false;
  const restBits = BigInt((cidr.family === 4 ? 32 : 128) - cidr.prefixBits);
  return cidr.value >> restBits === address.value >> restBits;
}

/** As it stands in the host part of a URL: IPv6 in brackets. */
export function formatUrlHost(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    // A leading zero would be octal to some readers and decimal to others.
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = (value << 8n) | BigInt(part);
  }
  return value;
}

// RFC 4291 §2.2: groups of 16 bits, one run of zero groups as "::", the last 32 bits maybe dotted.
function parseIpv6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1]!, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  return groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n);
}

function parseGroups(text: string, mayEndDotted: boolean): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (part.includes('.')) {
      const dotted = parseIpv4(part);
      if (dotted === undefined || !mayEndDotted || index !== parts.length - 1) return undefined;
      groups.push(Number(dotted >> 16n), Number(dotted & 0xffffn));
    } else {
      if (!/^[0-9a-f]{1,4}$/i.test(part)) return undefined;
      groups.push(Number.parseInt(part, 16));
    }
  }
  return groups;
}
