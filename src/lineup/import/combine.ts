// This file makes one list of channels of the file's own and of those of all line-ups.
import type { LineUpSetting } from '../../config/resolve-lineups.ts';
import { type ChannelRow, type OwnChannel, rowOf } from './channel-row.ts';
import { type Claimed, claimsOf, type Group, type Member } from './identity/channel-claims.ts';
import { fingerprint } from './identity/fingerprint.ts';
import type { Given, KnownEntry, LineUpEntries } from './identity/known-entry.ts';
import { KnownChannels } from './identity/same-channel.ts';
import { guideShiftMsOf, isAdult } from './kept-facts.ts';
import { ChannelPacker, type ChannelPiece } from './packed-channels.ts';
import { type EntryPiece, entriesIn, givenOf, type KnownRows } from './packed-entries.ts';
import { type SourceSetting, sourceOf, sourceSettingOf } from './row-source.ts';

export type CombinedChannels = {
  /** What line-ups put to channels of the file, then their own channels. */
  readonly rows: readonly ChannelRow[];
  /** By the id of an entry: the channel it is shown in, where that has another id. */
  readonly shownAs: ReadonlyMap<string, { readonly id: string; readonly number?: number }>;
  /** Ids of the entries that became another source of a channel. */
  readonly joined: ReadonlySet<string>;
};

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
  for (const { setting, rows, isBack } of lineUps) {
    const present = [...rows].filter(isShown);
    const memberOf = (entry: KnownEntry): Member => {
      return { entry, setting, since: isBack === true ? Number.POSITIVE_INFINITY : entry.born };
    };
    const isJoining = setting.merge && known !== undefined;
    const left = isJoining ? join(present, memberOf, known) : present;
    const fresh = sorted(left, setting.rules.sort).map(
      (entry): Group => ({ members: [memberOf(entry)] }),
    );
    for (const group of fresh) known?.add(group, (group.members[0] as Member).entry, setting.key);
    groups.push(...fresh);
  }
  return written(groups);
}

export type PackedLineUp = Omit<LineUpEntries, 'rows'> & { readonly rows: KnownRows };

/**
 * What `combine` gives where each entry is a channel of its own under its own id: nearly all of it goes
 * on as it is kept. Undefined where something is joined, or somebody else has an id.
 */
export function aloneChannels(
  own: readonly OwnChannel[],
  lineUps: readonly PackedLineUp[],
): readonly ChannelPiece[] | undefined {
  if (lineUps.some(({ setting }) => setting.merge)) return undefined;
  const isAlone = createAloneCheck(own);
  const ownNumbers = new Set<number | undefined>(own.flatMap(({ number }) => number ?? []));
  const isWhole = ({ goneMs, number }: Given) => goneMs === undefined && !ownNumbers.has(number);
  const packer = new ChannelPacker();
  for (const { setting, rows } of lineUps) {
    const source = sourceSettingOf(setting);
    for (const { piece, entries } of partsOf(rows, setting.rules.sort, isWhole)) {
      if (!entries.every(isAlone)) return undefined;
      if (piece !== undefined) packer.addWhole(piece, source);
      else for (const row of shownRows(entries, source, ownNumbers)) packer.add(row);
    }
  }
  return packer.end();
}

type Part =
  | { readonly piece: EntryPiece; readonly entries: readonly Given[] }
  | { readonly piece?: undefined; readonly entries: readonly KnownEntry[] };

/** In the order in which they are shown; with its piece where all of that are shown as they are. */
function* partsOf(
  rows: KnownRows,
  sort: LineUpSetting['rules']['sort'],
  isWhole: (given: Given) => boolean,
): Generator<Part, void> {
  if (sort !== 'list') {
    yield { entries: sorted([...rows], sort) };
    return;
  }
  for (const piece of rows.pieces) {
    const given = piece.isLive === true ? givenOf(piece) : [];
    const isPiece = piece.isLive === true && given.every(isWhole);
    yield isPiece ? { piece, entries: given } : { entries: entriesIn(piece) };
  }
}

function* shownRows(
  entries: readonly KnownEntry[],
  source: SourceSetting,
  ownNumbers: ReadonlySet<number | undefined>,
): Generator<ChannelRow, void> {
  for (const entry of entries) {
    if (!isShown(entry)) continue;
    const { number, ...rest } = entry;
    yield rowOf(ownNumbers.has(number) ? rest : entry, source);
  }
}

/** Asked about one after another. */
function createAloneCheck(own: readonly OwnChannel[]) {
  // Two ids with one fingerprint cost no more than time
  const taken = new Set(own.map(({ id }) => fingerprint(id)));
  return (entry: Given & Pick<KnownEntry, 'kind'>) => {
    if (entry.as !== undefined) return false;
    if (!isShown(entry)) return true;
    const id = fingerprint(entry.id);
    if (taken.has(id)) return false;
    taken.add(id);
    return true;
  };
}

function isShown({ goneMs, kind }: Pick<KnownEntry, 'goneMs' | 'kind'>): boolean {
  return goneMs === undefined && kind === undefined;
}

/** Puts to the channels there are what is one of them; returns what is none. */
function join(
  entries: readonly KnownEntry[],
  memberOf: (entry: KnownEntry) => Member,
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
      group.members.push(memberOf(entry));
      return false;
    });
  }
  return left;
}

function written(groups: readonly Group[]): CombinedChannels {
  const claims = claimsOf(groups);
  const shownAs = new Map<string, { id: string; number?: number }>();
  const rows: ChannelRow[] = [];
  const joined = new Set<string>();
  for (const group of groups) {
    const { own, members } = group;
    if (members.length === 0) continue;
    for (const { entry } of own === undefined ? members.slice(1) : members) joined.add(entry.id);
    const claimed = claims.get(group) as Claimed;
    rows.push(toRow(group, claimed.id, claimed.number));
    for (const { entry } of members) {
      if (entry.id !== claimed.id) shownAs.set(entry.id, claimed);
    }
  }
  return { rows, shownAs, joined };
}

/** What the first says goes; what it leaves out, the next may say. */
function toRow({ own, members }: Group, id: string, number: number | undefined): ChannelRow {
  const entries = members.map(({ entry }) => entry);
  const { number: _, ...first } = entries[0] as KnownEntry;
  const logo = entries.find((entry) => entry.logo !== undefined)?.logo;
  const guided = entries.find((entry) => entry.guide !== undefined) ?? first;
  const guideShiftMs = guideShiftMsOf(guided);
  const { vlcOptions, guideShiftMs: __, ...row } = rowOf({ ...first, id }, {});
  return {
    ...row,
    ...(own === undefined ? {} : { isOwn: true, name: own.name }),
    ...(number === undefined ? {} : { number }),
    ...(logo === undefined ? {} : { logo }),
    ...(guided.guide === undefined ? {} : { guide: guided.guide }),
    ...(guideShiftMs === undefined ? {} : { guideShiftMs }),
    ...(own !== undefined || vlcOptions === undefined ? {} : { vlcOptions }),
    ...(entries.some(isAdult) ? { isAdult: true } : {}),
    sources: members.map(({ entry, setting }) => sourceOf(entry, sourceSettingOf(setting))),
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
