// This file reads a line-up into entries, by an operator's rules.
import { othersTurn } from '../../base/turn.ts';
import type { AccountSetting, LineUpSetting } from '../../config/resolve-lineups.ts';
import { createM3uDecoder } from '../../media/m3u/decode.ts';
import type { ParsedM3uEntry } from '../../media/m3u/list.ts';
import { createProblemLog, type Problem, type Problems } from '../../media/m3u/problems.ts';
import { createM3uReader, type M3uReader } from '../../media/m3u/reader.ts';
import type { Outbound } from '../../net/outbound.ts';
import { openList, type Validators } from './fetch-list.ts';
import { fingerprint } from './identity/fingerprint.ts';
import { kindOf } from './kind.ts';
import { EntryPacker, type ListEntries } from './list-entries.ts';
import { type EntryKind, type EntryProblem, readEntry } from './list-entry.ts';
import type { PatternWatch } from './pattern-watch.ts';
import { readAccount } from './read-account.ts';
import { type AppliedRules, compileRules } from './rules.ts';

export type ReadList = {
  readonly entries: ListEntries;
  /** Usable entries of the list itself, whatever the rules take of them. */
  readonly listedCount: number;
  /** Of those, the live channels. */
  readonly liveCount: number;
  readonly problems: ListProblems;
  /** Rules that found nothing. */
  readonly unusedRules: readonly string[];
  readonly validators: Validators;
  /** Streams at once that an account allows. */
  readonly maxConnections?: number;
};

export type ListProblems = {
  readonly first: readonly Problem<string>[];
  readonly counts: Readonly<Record<string, number>>;
};

export type ReadDeps = {
  readonly outbound: Outbound;
  readonly watch: PatternWatch;
  /** Entries that it had before. */
  readonly knownCount: number;
  readonly signal: AbortSignal;
};

/** Text is parsed in pieces of so much: some ten milliseconds of work. */
const STEP_BYTES = 64 * 1024;

/** Throws AppError where it cannot be had or is no line-up; 'same' where it is what we have. */
export async function readList(
  setting: LineUpSetting,
  known: Validators,
  deps: ReadDeps,
): Promise<ReadList | 'same'> {
  if (setting.account !== undefined) return await readPanel(setting, setting.account, deps);
  const { place, headers } = setting;
  const opened = await openList({ place, headers, validators: known }, deps.outbound, deps.signal);
  if (opened === 'same') return 'same';
  const taking = new Taking(setting, deps, opened.baseUrl);
  const reader = createM3uReader();
  await readPieces(opened.pieces, reader, taking, deps);
  const { problems } = reader.end();
  for (const entry of reader.take()) taking.take(entry);
  return taking.read(problems, opened.validators);
}

async function readPanel(
  setting: LineUpSetting,
  account: AccountSetting,
  deps: ReadDeps,
): Promise<ReadList> {
  const { entries, problems, maxConnections } = await readAccount(account, setting.userAgent, deps);
  const taking = new Taking(setting, deps, undefined);
  for (const { entry, kind } of entries) taking.take(entry, kind ?? 'live');
  const read = taking.read(problems, {});
  return maxConnections === undefined ? read : { ...read, maxConnections };
}

async function readPieces(
  pieces: AsyncIterable<Uint8Array>,
  reader: M3uReader,
  taking: Taking,
  { signal }: ReadDeps,
): Promise<void> {
  const decoder = createM3uDecoder();
  for await (const piece of pieces) {
    signal.throwIfAborted();
    for (let at = 0; at < piece.length; at += STEP_BYTES) {
      const isOpen = reader.push(decoder.push(piece.subarray(at, at + STEP_BYTES)));
      for (const entry of reader.take()) taking.take(entry);
      if (!isOpen) return;
      await othersTurn();
    }
  }
  reader.push(decoder.end());
}

/** What is taken of a list while it comes. */
class Taking {
  readonly #rules: AppliedRules;
  readonly #baseUrl: string | undefined;
  readonly #problems = createProblemLog<EntryProblem>();
  readonly #entries: EntryPacker;
  /** Fingerprints. */
  readonly #urls = new Set<number>();
  #liveCount = 0;

  constructor(
    { rules }: LineUpSetting,
    { watch, knownCount }: ReadDeps,
    baseUrl: string | undefined,
  ) {
    this.#entries = new EntryPacker(knownCount);
    this.#rules = compileRules(rules, watch);
    this.#baseUrl = baseUrl;
  }

  /** `said`: what it is, where whoever has it says so. */
  take(parsed: ParsedM3uEntry, said?: EntryKind | 'live'): void {
    const entry = readEntry(parsed, this.#baseUrl, this.#problems.add);
    if (entry === undefined) return;
    const url = fingerprint(entry.url);
    if (this.#urls.has(url)) {
      const message = 'The URL of an entry before, which is kept';
      this.#problems.add(parsed.line, 'duplicate-url', message);
      return;
    }
    this.#urls.add(url);
    const kind = said === undefined ? kindOf(entry) : said === 'live' ? undefined : said;
    if (kind === undefined) this.#liveCount++;
    const wanted = this.#rules.apply(kind === undefined ? entry : { ...entry, kind });
    if (wanted !== undefined) this.#entries.add(wanted);
  }

  read(ofText: Problems<string>, validators: Validators): ReadList {
    const ofEntries = this.#problems.all();
    return {
      entries: this.#entries.end(),
      listedCount: this.#urls.size,
      liveCount: this.#liveCount,
      problems: {
        first: [...ofText.first, ...ofEntries.first],
        counts: Object.fromEntries([...ofText.counts, ...ofEntries.counts]),
      },
      unusedRules: this.#rules.unused(),
      validators,
    };
  }
}
