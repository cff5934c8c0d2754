// This file reads a block of addresses, 10.0.0.0/8 or fd00::/8; an address alone is a block of one.
import { parseAddress, parseCidr } from '../net/address.ts';

/** The block as written, with its length; undefined where `text` is none. */
export function parseAddressBlock(text: string): string | undefined {
  if (text.includes('/')) return parseCidr(text) === undefined ? undefined : text;
  const address = parseAddress(text);
  if (address === undefined) return undefined;
  return `${text}/${address.family === 4 ? 32 : 128}`;
}
