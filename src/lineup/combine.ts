// This file makes one list of channels of the file's own and of those of all line-ups.
import type { LineUpSetting } from '../config/resolve-lineups.ts';
import { sourceOf } from './catalogue-row.ts';
import type { ChannelRow, OwnChannel } from './channel-row.ts';
import { fingerprint } from './fingerprint.ts';
import type { KnownEntry, LineUpEntries } from './known-entry.ts';
import { ChannelPacker, type PackedChannels } from './packed-channels.ts';
import { vlcOptionsOf } from './player-options.ts';
import { KnownChannels } from './same-channel.ts';

export type CombinedChannels = {
  /** What line-ups put to channels of the file, then their own channels. */
  readonly rows: readonly ChannelRow[];
  /** By the id of an entry: the channel it is shown in, where that has another id. */
  readonly shownAs: ReadonlyMap<string, { readonly id: string; readonly number?: number }>;
  /** Ids of the entries that became another source of a channel. */
  readonly joined: ReadonlySet<string>;
};

type Member = { readonly entry: KnownEntry; readonly setting: LineUpSetting };
type Group = { readonly own?: OwnChannel; readonly members: Member[] };

/** As for channels in the configuration file. */
const MAX_SOURCES = 16;

/** The file's own channels in their order, then those of each line-up in its own. */
export function combine(
  own: readonly OwnChannel[],
  lineUps: readonly LineUpEntries[],
): CombinedChannels {
  const groups: Group[] = own.map((channel) => ({ own: channel, members: [] }));
  const isMerging = lineUps.some(({ setting }) => setting.merge);
  const known = isMerging ? new KnownChannels<Group>() : undefined;
  for (const group of groups) known?.add(group, group.own as OwnChannel, '');
  for (const { setting, rows } of lineUps) {
    const present = [...rows].filter(isShown);
    const left = setting.merge && known !== undefined ? join(present, setting, known) : present;
    const fresh = sorted(left, setting.rules.sort).map(
      (entry): Group => ({ members: [{ entry, setting }] }),
    );
    for (const group of fresh) known?.add(group, (group.members[0] as Member).entry, setting.key);
    groups.push(...fresh);
  }
  return written(groups, numbersOf(own));
}

/**
 * What `combine` gives where each entry is a channel of its own under its own id, in a fraction of the
 * memory. Undefined where something is joined, or somebody else has an id.
 */
export function aloneRows(
  own: readonly OwnChannel[],
  lineUps: readonly LineUpEntries[],
): PackedChannels | undefined {
  if (lineUps.some(({ setting }) => setting.merge)) return undefined;
  const isAlone = createAloneCheck(own);
  const ownNumbers = numbersOf(own);
  const packer = new ChannelPacker();
  for (const { setting, rows } of lineUps) {
    const { sort } = setting.rules;
    for (const entry of sort === 'list' ? rows : sorted([...rows], sort)) {
      if (!isAlone(entry)) return undefined;
      if (!isShown(entry)) continue;
      const members = [{ entry, setting }];
      packer.add(toRow({ members }, entry.id, numberOf(members, ownNumbers)));
    }
  }
  return packer.end();
}

/** Asked about one after another. */
function createAloneCheck(own: readonly OwnChannel[]): (entry: KnownEntry) => boolean {
  // Two ids with one fingerprint cost no more than time
  const taken = new Set(own.map(({ id }) => fingerprint(id)));
  return (entry) => {
    if (entry.as !== undefined) return false;
    if (!isShown(entry)) return true;
    const id = fingerprint(entry.id);
    if (taken.has(id)) return false;
    taken.add(id);
    return true;
  };
}

function isShown({ goneMs, kind }: KnownEntry): boolean {
  return goneMs === undefined && kind === undefined;
}

function numbersOf(own: readonly OwnChannel[]): ReadonlySet<number> {
  return new Set(own.flatMap(({ number }) => number ?? []));
}

/** Puts to the channels there are what is one of them; returns what is none. */
function join(
  entries: readonly KnownEntry[],
  setting: LineUpSetting,
  known: KnownChannels<Group>,
): readonly KnownEntry[] {
  // Of a line-up a channel has one source: its other qualities are channels of their own
  const joined = new Set<Group>();
  const isOpen = (group: Group) => !joined.has(group) && group.members.length < MAX_SOURCES;
  let left = entries;
  for (const quality of ['same', 'any'] as const) {
    left = left.filter((entry) => {
      const group = known.find(entry, isOpen, quality);
      if (group === undefined) return true;
      joined.add(group);
      group.members.push({ entry, setting });
      return false;
    });
  }
  return left;
}

function written(groups: readonly Group[], ownNumbers: ReadonlySet<number>): CombinedChannels {
  const ids = idsOf(groups);
  const shownAs = new Map<string, { id: string; number?: number }>();
  const rows: ChannelRow[] = [];
  const joined = new Set<string>();
  for (const group of groups) {
    const { own, members } = group;
    if (members.length === 0) continue;
    for (const { entry } of own === undefined ? members.slice(1) : members) joined.add(entry.id);
    const id = ids.get(group) as string;
    const number = own === undefined ? numberOf(members, ownNumbers) : own.number;
    rows.push(toRow(group, id, number));
    for (const { entry } of members) {
      if (entry.id === id) continue;
      shownAs.set(entry.id, { id, ...(number === undefined ? {} : { number }) });
    }
  }
  return { rows, shownAs, joined };
}

/** Who was there first gives a channel its id and its number, whoever stands first in it now. */
function eldest(members: readonly Member[]): KnownEntry {
  const entries = members.map(({ entry }) => entry);
  return entries.reduce((a, b) => (b.born < a.born ? b : a));
}

/** An id that several claim is that of the file, else of the entry whose own it is. */
function idsOf(groups: readonly Group[]): ReadonlyMap<Group, string> {
  const ids = new Map<Group, string>();
  const taken = new Set<string>();
  const give = (group: Group, id: string) => {
    ids.set(group, id);
    taken.add(id);
  };
  const later: Group[] = [];
  for (const group of groups) {
    if (group.own !== undefined) give(group, group.own.id);
  }
  for (const group of groups) {
    if (group.own !== undefined) continue;
    const first = eldest(group.members);
    const wanted = first.as?.id ?? first.id;
    const isOwn = group.members.some(({ entry }) => entry.id === wanted);
    if (isOwn && !taken.has(wanted)) give(group, wanted);
    else later.push(group);
  }
  for (const group of later) {
    const first = eldest(group.members);
    const wanted = first.as?.id ?? first.id;
    give(group, taken.has(wanted) ? freeId(first.id, taken) : wanted);
  }
  return ids;
}

/** The file took the id of an entry: the same every time, since it hangs on the id alone. */
function freeId(id: string, taken: ReadonlySet<string>): string {
  if (!taken.has(id)) return id;
  const hash = Bun.CryptoHasher.hash('sha256', id, 'hex');
  for (let chars = 8; ; chars += 8) {
    const other = `${id.slice(0, 63 - chars)}-${hash.slice(0, chars)}`;
    if (!taken.has(other) || chars > 40) return other;
  }
}

/** Numbers of the file are the file's. */
function numberOf(members: readonly Member[], ownNumbers: ReadonlySet<number>): number | undefined {
  const { as, number } = eldest(members);
  const wanted = as?.number ?? number;
  return wanted === undefined || ownNumbers.has(wanted) ? undefined : wanted;
}

/** What the first says goes; what it leaves out, the next may say. */
function toRow({ own, members }: Group, id: string, number: number | undefined): ChannelRow {
  const entries = members.map(({ entry }) => entry);
  const [first] = entries as [KnownEntry];
  const logo = entries.find((entry) => entry.logo !== undefined)?.logo;
  const guide = entries.find((entry) => entry.guide !== undefined)?.guide;
  const vlcOptions = own === undefined ? vlcOptionsOf(first) : undefined;
  return {
    id,
    ...(own === undefined ? {} : { isOwn: true }),
    name: own?.name ?? (first.name || id),
    ...(number === undefined ? {} : { number }),
    ...(first.group === undefined ? {} : { group: first.group }),
    ...(logo === undefined ? {} : { logo }),
    ...(guide === undefined ? {} : { guide }),
    ...(vlcOptions === undefined ? {} : { vlcOptions }),
    sources: members.map(({ entry, setting }) => sourceOf(entry, setting)),
  };
}

function sorted(
  rows: readonly KnownEntry[],
  by: LineUpSetting['rules']['sort'],
): readonly KnownEntry[] {
  if (by === 'list') return rows;
  const last = Number.MAX_VALUE;
  if (by === 'number') return rows.toSorted((a, b) => (a.number ?? last) - (b.number ?? last));
  const { compare } = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });
  const text = by === 'name' ? (row: KnownEntry) => row.name : (row: KnownEntry) => row.group ?? '';
  return rows.toSorted((a, b) => compare(text(a), text(b)));
}
