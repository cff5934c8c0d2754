// This file decides what is dialled to reach a target: checked addresses, or a proxy.
import type { AddressGuard } from './address-guard.ts';
import { NetError } from './errors.ts';
import type { OutboundPolicy } from './outbound.ts';
import type { ResolverCache } from './resolver.ts';
import type { Target } from './target.ts';
import { parseUpstreamProxy, type UpstreamProxy } from './upstream-proxy.ts';

export type Route = {
  /** Addresses, or the one name that a proxy resolves; never empty. */
  readonly hosts: readonly string[];
  readonly proxy: UpstreamProxy | undefined;
};

export type RouteFinder = (target: Target, policy: OutboundPolicy) => Promise<Route>;

/** Rejects with NET_ADDRESS_BLOCKED, NET_DNS or NET_PROXY. */
export function createRouteFinder(guard: AddressGuard, resolver: ResolverCache): RouteFinder {
  return async (target, policy) => {
    const proxy = policy.proxy === undefined ? undefined : parseUpstreamProxy(policy.proxy);
    if (target.isAddress) {
      checkAddresses(guard, target, [target.host]);
      return { hosts: [target.host], proxy };
    }
    if (proxy?.resolves === 'there') {
      // A name that is private here is refused; one that only the proxy knows is not.
      const seen = await resolver.knownAddressesOf(target.host);
      if (seen !== undefined) checkAddresses(guard, target, seen);
      return { hosts: [target.host], proxy };
    }
    const addresses = await resolver.addressesOf(target.host);
    checkAddresses(guard, target, addresses);
    return { hosts: proxy === undefined ? addresses : ipv4First(addresses), proxy };
  };
}

/** One forbidden address condemns the name: which one is dialled must not be a matter of luck. */
function checkAddresses(guard: AddressGuard, target: Target, addresses: readonly string[]): void {
  for (const address of addresses) {
    const kind = guard(address);
    if (kind === undefined) continue;
    const what = target.isAddress ? 'address' : `address ${address} of the name`;
    throw new NetError(
      'NET_ADDRESS_BLOCKED',
      `Cannot fetch from ${target.origin}: ${what} is ${kind}, wanted a public or allowed one`,
      { origin: target.origin, address, kind },
    );
  }
}

/** Through a proxy we cannot tell whether IPv6 works behind it. */
function ipv4First(addresses: readonly string[]): readonly string[] {
  return addresses.toSorted((a, b) => Number(a.includes(':')) - Number(b.includes(':')));
}
