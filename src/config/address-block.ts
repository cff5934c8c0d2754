// This file reads a block of addresses, 10.0.0.0/8 or fd00::/8; an address alone is a block of one.
import { isIpv4 } from './listen.ts';

/** The block as written, with its length; undefined where `text` is none. */
export function parseAddressBlock(text: string): string | undefined {
  const [address, length, ...rest] = text.split('/') as [string, string | undefined];
  if (rest.length > 0) return undefined;
  const bits = addressBits(address);
  if (bits === undefined) return undefined;
  if (length === undefined) return `${address}/${bits}`;
  return /^\d{1,3}$/.test(length) && Number(length) <= bits ? text : undefined;
}

function addressBits(address: string): 32 | 128 | undefined {
  if (isIpv4(address)) return 32;
  const looksIpv6 = /^[0-9a-f:.]{2,45}$/i.test(address) && address.includes(':');
  return looksIpv6 && URL.canParse(`http://[${address}]/`) ? 128 : undefined;
}
