// This file says from which address a request comes, also where a proxy brought it.
import { type Cidr, cidrHolds, parseAddress, parseCidr } from '../net/address.ts';

/** A copy of ours stands for what the server was asked, which alone has a connection. */
const ASKED = new WeakMap<Request, Request>();

/** `copy`, of which the server can be asked as of `asked`. */
export function standingFor(copy: Request, asked: Request): Request {
  ASKED.set(copy, asAsked(asked));
  return copy;
}

/** The request that the server knows. */
export function asAsked(request: Request): Request {
  return ASKED.get(request) ?? request;
}

export type Trust = (address: string) => boolean;

/** `blocks` as a configuration has them; `mostBits` of one decide where less is known of an address. */
export function createTrust(blocks: readonly string[], mostBits = 128): Trust {
  const trusted = blocks.flatMap((text) => {
    const block = parseCidr(text);
    return block === undefined
      ? []
      : [{ ...block, prefixBits: Math.min(block.prefixBits, mostBits) }];
  });
  return (address) => trusted.length > 0 && holds(trusted, address);
}

/** The same of networks, as the guard of connections counts by them: of IPv6 a /64. */
export function createNetworkTrust(blocks: readonly string[]): Trust {
  const trust = createTrust(blocks, 64);
  return (network) => trust(network.replace(/\/64$/, ''));
}

function holds(trusted: readonly Cidr[], text: string): boolean {
  const address = parseAddress(text);
  return address !== undefined && trusted.some((block) => cidrHolds(block, address));
}

/** More proxies stand before nobody; each looks like an address. */
const HOPS_MAX = 16;

/**
 * Each proxy writes behind the others from whom it had the request, so what stands first anybody can
 * have made up: read from the end, it is the first address that is no proxy of ours.
 */
export function addressBehind(peer: string, forwardedFor: string | null, trust: Trust): string {
  let found = plain(peer);
  const hops = forwardedFor === null || !trust(found) ? [] : forwardedFor.split(',');
  for (const hop of hops.slice(-HOPS_MAX).reverse()) {
    const address = withoutPort(hop.trim());
    if (parseAddress(address) === undefined) return found;
    found = address;
    if (!trust(found)) return found;
  }
  return found;
}

/** IPv4 as such, where a socket of both families has it. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

/** Some write `192.0.2.1:4711` and `[2001:db8::1]:4711`. */
function withoutPort(text: string): string {
  const address = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? text.replace(/^([\d.]+):\d+$/, '$1');
  return plain(address);
}
