// This file keeps in the shared store what is known of all line-ups, one edition after another.
import { type Clock, sleep } from '../../base/clock.ts';
import { LOCAL_KIND, type SharedStore } from '../../channel/shared-store.ts';
import { countsOf, earlierRows } from './earlier-rows.ts';
import type { Validators } from './fetch-list.ts';
import type { EntryCounts } from './identity/known-entry.ts';
import { type EntryPiece, type KnownRows, knownRows } from './packed-entries.ts';
import type { ListProblems } from './read-list.ts';

/*
 *   head          { edition, lineUps: key → what is known of it, and where its entries are }
 *   <tag>/<n>     some hundred entries of one line-up, packed
 *   edition/<n>   who writes that edition: the first to claim it
 *
 * Entries are written before the head that names them, so that whoever reads finds an edition whole
 * or not at all; and small transactions leave others their turn.
 */
export const LINE_UP_KIND = 'line-up';
/** The same, on this machine alone, of what the store has not taken yet. */
export const WAITING_KIND = `${LOCAL_KIND}line-up`;
const HEAD = 'head';
/** Documents written at once: some hundred kilobytes. */
const BATCH_DOCUMENTS = 32;
/** Who has claimed an edition for longer, and has not written it, is gone. */
const CLAIM_MS = 60_000;
const CLAIM_LOOK_MS = 250;

export type LineUpRecord = {
  readonly fetchedMs: number;
  readonly counts: EntryCounts;
  /** Usable entries the list had, before any rule. */
  readonly listedCount: number;
  /** Of those, the live channels; absent in what earlier versions wrote. */
  readonly liveCount?: number;
  readonly problems: ListProblems;
  readonly unusedRules: readonly string[];
  readonly validators: Validators;
  /** Streams at once that the account allows. */
  readonly maxConnections?: number;
  /** Of the settings by which it was read: others want it read again. */
  readonly readAs: string;
  /** When it was named by no configuration any more. */
  readonly absentMs?: number;
};

/** Who changes a configuration tries this and that: for so long what is left out is not away. */
const AWAY_MS = 3_600_000;

export function wasAway({ absentMs }: LineUpRecord, nowMs: number): boolean {
  return absentMs !== undefined && nowMs - absentMs >= AWAY_MS;
}

type Stored = Omit<LineUpRecord, 'counts'> & {
  /** Absent in what earlier versions wrote. */
  readonly counts?: EntryCounts;
  readonly tag: string;
  readonly chunks: number;
};
type Head = {
  readonly edition: number;
  readonly lineUps: Readonly<Record<string, Stored>>;
  readonly held?: Held;
};

/** Of an edition that the store has not taken yet. */
export type Held = {
  /** The store's edition that it was worked out from. */
  readonly follows: number;
  /** Line-ups of it that the store does not have so. */
  readonly waiting: readonly string[];
};

export type KnownLineUp = {
  readonly record: LineUpRecord;
  /** In the order of the list, those that have gone among them. */
  readonly rows: KnownRows;
};

export type Edition = {
  /** 0: nothing was ever written. */
  readonly number: number;
  readonly lineUps: ReadonlyMap<string, KnownLineUp>;
};

export type EditionDeps = {
  readonly store: SharedStore;
  readonly clock: Clock;
  /** Differs between all who may write. */
  readonly writer: string;
};

export async function editionNumber(store: SharedStore, kind = LINE_UP_KIND): Promise<number> {
  return headOf(await store.get(kind, HEAD)).edition;
}

/** Of what this machine keeps by itself: undefined where nothing waits. */
export async function loadHeld(store: SharedStore): Promise<Held | undefined> {
  return headOf(await store.get(WAITING_KIND, HEAD)).held;
}

export async function loadEdition(store: SharedStore, kind = LINE_UP_KIND): Promise<Edition> {
  const documents = await store.load(kind);
  const head = headOf(documents.get(HEAD));
  const lineUps = new Map<string, KnownLineUp>();
  for (const [key, { tag, chunks, ...record }] of Object.entries(head.lineUps)) {
    const pieces = Array.from({ length: chunks }, (_, n) => documents.get(`${tag}/${n}`));
    const rows = earlierRows(pieces) ?? knownRows(pieces.filter(isPiece));
    lineUps.set(key, { record: { ...record, counts: record.counts ?? countsOf(rows) }, rows });
  }
  return { number: head.edition, lineUps };
}

/**
 * The right to write what follows `edition`; undefined where another has it, or wrote meanwhile: then
 * what was worked out is worked out anew from what that one wrote.
 */
export async function claimEdition(
  edition: number,
  { store, clock, writer }: EditionDeps,
): Promise<number | undefined> {
  for (let number = edition + 1; ; ) {
    const mine = { writer, atMs: clock.nowMs() };
    const id = `edition/${number}`;
    const standing = (await store.claim(LINE_UP_KIND, new Map([[id, mine]]))).get(id);
    const { writer: owner, atMs = 0 } = (standing ?? {}) as { writer?: string; atMs?: number };
    if ((await editionNumber(store)) !== edition) return undefined;
    if (owner === writer) return number;
    if (clock.nowMs() - atMs > CLAIM_MS) number += 1;
    else await sleep(clock, CLAIM_LOOK_MS);
  }
}

/** `changed` are the line-ups whose entries differ from what is stored. */
export async function saveEdition(
  number: number,
  lineUps: ReadonlyMap<string, KnownLineUp>,
  changed: ReadonlySet<string>,
  { store }: Pick<EditionDeps, 'store'>,
  { kind, held }: { readonly kind: string; readonly held?: Held } = { kind: LINE_UP_KIND },
): Promise<void> {
  const before = headOf(await store.get(kind, HEAD));
  const stored: Record<string, Stored> = {};
  const obsolete: string[] = [];
  let place = 0;
  for (const [key, { record, rows }] of lineUps) {
    const old = before.lineUps[key];
    if (old !== undefined && !changed.has(key)) {
      stored[key] = { ...record, tag: old.tag, chunks: old.chunks };
      continue;
    }
    if (old !== undefined) obsolete.push(...chunksOf(old));
    const tag = `${number}.${place++}`;
    const chunks = await writeRows(store, kind, tag, rows);
    stored[key] = { ...record, tag, chunks };
  }
  for (const [key, old] of Object.entries(before.lineUps)) {
    if (!lineUps.has(key)) obsolete.push(...chunksOf(old));
  }
  const head = { edition: number, lineUps: stored, ...(held === undefined ? {} : { held }) };
  await store.save(kind, new Map([[HEAD, head]]));
  for (let old = before.edition; old <= number; old++) obsolete.push(`edition/${old}`);
  for (let at = 0; at < obsolete.length; at += BATCH_DOCUMENTS) {
    const batch = obsolete.slice(at, at + BATCH_DOCUMENTS);
    await store.save(kind, new Map(batch.map((id) => [id, null])));
  }
}

async function writeRows(
  store: SharedStore,
  kind: string,
  tag: string,
  { pieces }: KnownRows,
): Promise<number> {
  const documents = pieces.map((piece, n) => [`${tag}/${n}`, piece] as const);
  for (let from = 0; from < documents.length; from += BATCH_DOCUMENTS) {
    await store.save(kind, new Map(documents.slice(from, from + BATCH_DOCUMENTS)));
  }
  return documents.length;
}

function chunksOf({ tag, chunks }: Stored): string[] {
  return Array.from({ length: chunks }, (_, n) => `${tag}/${n}`);
}

function headOf(document: unknown): Head {
  const head = document as Head | undefined;
  return typeof head?.edition === 'number' && typeof head.lineUps === 'object'
    ? head
    : { edition: 0, lineUps: {} };
}

/** What another version wrote in another form is left out rather than trusted. */
function isPiece(value: unknown): value is EntryPiece {
  const { rows, ...texts } = (value ?? {}) as Partial<EntryPiece>;
  const isText = (name: 'said' | 'urls' | 'given') => typeof texts[name] === 'string';
  return typeof rows === 'number' && isText('said') && isText('urls') && isText('given');
}
