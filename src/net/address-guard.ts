// This file decides which addresses may be dialled.
import { assert } from '../base/assert.ts';
import { type Address, cidrHolds, parseAddress, parseCidr } from './address.ts';
import { type AddressKind, classifyAddress, NEVER_ALLOWED } from './address-ranges.ts';

/** What stands against dialling the address, or `undefined` if nothing does. */
export type AddressGuard = (address: string) => AddressKind | undefined;

/**
 * Public addresses pass; others only where a block of `allowPrivate` holds them. An address that
 * carries an IPv4 address inside (mapped, 6to4, …) is refused even where that one is public: no
 * resolver hands such a name out, only somebody who wants to slip past a check. NAT64 is the
 * exception, since DNS64 answers with it wherever IPv6 is all there is: it counts as what it
 * carries.
 */
export function createAddressGuard(allowPrivate: readonly string[]): AddressGuard {
  const allowed = allowPrivate.map((text) => {
    const cidr = parseCidr(text);
    assert(cidr !== undefined, `allow_private holds ${text}, which is not a CIDR block`);
    return cidr;
  });
  const blocks = (address: Address): AddressKind | undefined => {
    const kind = classifyAddress(address);
    if (kind === 'public') return undefined;
    if (kind === 'nat64') return blocks({ family: 4, value: address.value & 0xffffffffn });
    if (NEVER_ALLOWED.has(kind)) return kind;
    if (!allowed.some((cidr) => cidrHolds(cidr, address))) return kind;
    const inside = embeddedIpv4(address);
    return inside === undefined ? undefined : blocks(inside);
  };
  return (text) => {
    const address = parseAddress(text);
    // What cannot be read (a zone index, say) cannot be judged.
    return address === undefined ? 'reserved' : blocks(address);
  };
}

/** The IPv4 address a packet to this IPv6 address ends up at, where its place is known. */
function embeddedIpv4({ family, value }: Address): Address | undefined {
  if (family === 4) return undefined;
  const ipv4 = (bits: bigint): Address => ({ family: 4, value: bits & 0xffffffffn });
  const high32 = value >> 96n;
  // RFC 4291 §2.5.5: mapped, compatible; RFC 2765 §2.1: translated
  if (high32 === 0n && value >> 48n === 0n && value > 1n) return ipv4(value);
  if (value >> 32n === 0xffff0000n) return ipv4(value);
  // RFC 3056 §2: 6to4 carries it right after the prefix
  if (value >> 112n === 0x2002n) return ipv4(value >> 80n);
  // RFC 4380 §4: Teredo carries the client's address with every bit turned over
  if (high32 === 0x20010000n) return ipv4(~value);
  return undefined;
}
