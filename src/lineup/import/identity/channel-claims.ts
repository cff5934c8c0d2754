// This file says which channel has which id and number, where entries of several line-ups claim them.
import type { LineUpSetting } from '../../../config/resolve-lineups.ts';
import type { OwnChannel } from '../channel-row.ts';
import type { KnownEntry } from './known-entry.ts';

export type Member = {
  readonly entry: KnownEntry;
  readonly setting: LineUpSetting;
  /** The edition since which it has been there; infinite where its line-up is not read again yet. */
  readonly since: number;
};
export type Group = { readonly own?: OwnChannel; readonly members: Member[] };
export type Claimed = { readonly id: string; readonly number?: number };

/**
 * An id that several claim is that of the file, else of who has been there longest: players know the
 * channel that they see, not the one that went and comes again.
 */
export function claimsOf(groups: readonly Group[]): ReadonlyMap<Group, Claimed> {
  const claims = new Map<Group, Claimed>();
  const [ids, numbers] = [new Set<string>(), new Set<number>()];
  const give = (group: Group, id: string, number: number | undefined) => {
    const isFree = number !== undefined && (group.own !== undefined || !numbers.has(number));
    claims.set(group, isFree ? { id, number } : { id });
    ids.add(id);
    if (isFree) numbers.add(number);
  };
  for (const group of groups) if (group.own) give(group, group.own.id, group.own.number);
  const losers: [Group, KnownEntry][] = [];
  for (const { group, first } of byAge(groups)) {
    const { id, number } = first.as ?? first;
    if (ids.has(id)) losers.push([group, first]);
    else give(group, id, number);
  }
  for (const [group, first] of losers) give(group, freeId(first.id, ids), first.number);
  return claims;
}

type Claimant = {
  readonly group: Group;
  readonly first: KnownEntry;
  readonly since: number;
  readonly isBorrowed: boolean;
};

/** Of two that came at one time the id is that of the one whose own it is. */
function byAge(groups: readonly Group[]): readonly Claimant[] {
  const claimants = groups.flatMap((group): Claimant[] => {
    if (group.own !== undefined) return [];
    const { entry: first, since } = eldest(group.members);
    const wanted = first.as?.id;
    const isBorrowed =
      wanted !== undefined && !group.members.some(({ entry }) => entry.id === wanted);
    return [{ group, first, since, isBorrowed }];
  });
  return claimants.sort(
    (a, b) => compare(a.since, b.since) || Number(a.isBorrowed) - Number(b.isBorrowed),
  );
}

function eldest(members: readonly Member[]): Member {
  return members.reduce((a, b) => (b.since < a.since ? b : a));
}

/** Of what may be infinite. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a - b;
}

/** Somebody else has the id of an entry: the same every time, since it hangs on the id alone. */
function freeId(id: string, taken: ReadonlySet<string>): string {
  if (!taken.has(id)) return id;
  const hash = Bun.CryptoHasher.hash('sha256', id, 'hex');
  for (let chars = 8; ; chars += 8) {
    const other = `${id.slice(0, 63 - chars)}-${hash.slice(0, chars)}`;
    if (!taken.has(other) || chars > 40) return other;
  }
}
