// This file is the table of address blocks that are not the public internet.
import { type Address, type Cidr, cidrHolds, parseCidr } from './address.ts';

export type AddressKind =
  | 'public'
  | 'unspecified'
  | 'loopback'
  | 'private'
  | 'link-local'
  | 'metadata'
  | 'shared'
  | 'multicast'
  | 'broadcast'
  | 'reserved'
  | 'embedded'
  | 'nat64';

/** Blocks that no `allow_private` entry opens: nothing that answers HTTP lives there. */
export const NEVER_ALLOWED: ReadonlySet<AddressKind> = new Set([
  'unspecified',
  'multicast',
  'broadcast',
]);

/** First match wins, so an exception stands above the block it is taken from. */
const RANGES: readonly (readonly [block: string, kind: AddressKind])[] = [
  // RFC 6890 §2.2.2 and the IANA special-purpose registry for IPv4
  ['0.0.0.0/8', 'unspecified'],
  ['10.0.0.0/8', 'private'],
  ['100.100.100.200/32', 'metadata'], // Alibaba Cloud
  ['100.64.0.0/10', 'shared'], // RFC 6598 §7: carrier-grade NAT
  ['127.0.0.0/8', 'loopback'],
  ['168.63.129.16/32', 'metadata'], // Azure's virtual host address, though it looks public
  ['169.254.169.254/32', 'metadata'], // AWS, GCP, Azure, OpenStack, …
  ['169.254.170.2/32', 'metadata'], // AWS containers
  ['169.254.170.23/32', 'metadata'], // AWS pods
  ['169.254.0.0/16', 'link-local'],
  ['172.16.0.0/12', 'private'],
  ['192.0.0.192/32', 'metadata'], // Oracle Cloud
  ['192.0.0.0/24', 'reserved'],
  ['192.0.2.0/24', 'reserved'], // documentation
  ['192.88.99.0/24', 'reserved'], // RFC 7526: the retired 6to4 relays
  ['192.168.0.0/16', 'private'],
  ['198.18.0.0/15', 'reserved'], // benchmarking
  ['198.51.100.0/24', 'reserved'], // documentation
  ['203.0.113.0/24', 'reserved'], // documentation
  ['224.0.0.0/4', 'multicast'],
  ['255.255.255.255/32', 'broadcast'],
  ['240.0.0.0/4', 'reserved'],
  ['0.0.0.0/0', 'public'],
  // RFC 6890 §2.2.3 and the IANA special-purpose registry for IPv6
  ['::/128', 'unspecified'],
  ['::1/128', 'loopback'],
  ['::ffff:0:0/96', 'embedded'], // RFC 4291 §2.5.5.2: IPv4-mapped
  ['::ffff:0:0:0/96', 'embedded'], // RFC 2765 §2.1: IPv4-translated
  ['::/96', 'embedded'], // RFC 4291 §2.5.5.1: IPv4-compatible
  ['64:ff9b::/96', 'nat64'], // RFC 6052 §2.1: the well-known prefix
  ['64:ff9b:1::/48', 'embedded'], // RFC 8215: NAT64 inside one network, IPv4 at an unknown place
  ['fd00:ec2::254/128', 'metadata'], // AWS
  ['fd20:ce::254/128', 'metadata'], // GCP
  ['fc00::/7', 'private'], // RFC 4193: unique local
  ['fe80::/10', 'link-local'],
  ['fec0::/10', 'private'], // RFC 3879: the retired site-local block
  ['ff00::/8', 'multicast'],
  ['2001::/32', 'embedded'], // RFC 4380: Teredo
  ['2001::/23', 'reserved'], // benchmarking, ORCHID, other protocol assignments
  ['2001:db8::/32', 'reserved'], // documentation
  ['2002::/16', 'embedded'], // RFC 3056: 6to4
  ['3fff::/20', 'reserved'], // documentation
  ['2000::/3', 'public'], // RFC 4291 §2.4: the only block handed out as global unicast
  ['::/0', 'reserved'],
];

const TABLE: readonly { readonly cidr: Cidr; readonly kind: AddressKind }[] = RANGES.map(
  ([block, kind]) => ({ cidr: parseCidr(block) as Cidr, kind }),
);

export function classifyAddress(address: Address): AddressKind {
  const row = TABLE.find(({ cidr }) => cidrHolds(cidr, address));
  return row === undefined ? 'reserved' : row.kind;
}
