// This file reads a line-up into entries, by an operator's rules.
import { othersTurn } from '../base/turn.ts';
import type { LineUpSetting } from '../config/resolve-lineups.ts';
import { createM3uDecoder } from '../media/m3u/decode.ts';
import { createProblemLog, type Problem } from '../media/m3u/problems.ts';
import { createM3uReader } from '../media/m3u/reader.ts';
import type { Outbound } from '../net/outbound.ts';
import { LineUpError } from './errors.ts';
import { openList, type Validators } from './fetch-list.ts';
import { type EntryProblem, type ListEntry, readEntry } from './list-entry.ts';
import type { PatternWatch } from './pattern-watch.ts';
import { compileRules } from './rules.ts';

export type ReadList = {
  readonly entries: readonly ListEntry[];
  /** Usable entries of the list itself, whatever the rules take of them. */
  readonly listedCount: number;
  readonly problems: ListProblems;
  /** Rules that found nothing. */
  readonly unusedRules: readonly string[];
  readonly validators: Validators;
};

export type ListProblems = {
  readonly first: readonly Problem<string>[];
  readonly counts: Readonly<Record<string, number>>;
};

export type ReadDeps = {
  readonly outbound: Outbound;
  readonly watch: PatternWatch;
  readonly signal: AbortSignal;
  /** Calls the collector. */
  readonly collect: () => void;
};

/** Text is parsed in pieces of so much: some ten milliseconds of work. */
const STEP_BYTES = 64 * 1024;
/** Of text, which leaves some ten times as much behind. */
const COLLECT_BYTES = 4 * 1024 * 1024;
/** A refresh that has less than this share of what was there before is half an answer. */
const LEAST_SHARE = 0.5;

/** Throws AppError where it cannot be had or is no line-up; 'same' where it is what we have. */
export async function readList(
  setting: LineUpSetting,
  known: Validators,
  deps: ReadDeps,
): Promise<ReadList | 'same'> {
  const { place, headers } = setting;
  const opened = await openList({ place, headers, validators: known }, deps.outbound, deps.signal);
  if (opened === 'same') return 'same';
  const rules = compileRules(setting.rules, deps.watch);
  const problems = createProblemLog<EntryProblem>();
  const entries: ListEntry[] = [];
  const urls = new Set<string>();
  const reader = createM3uReader();
  const take = () => {
    for (const parsed of reader.take()) {
      const entry = readEntry(parsed, opened.baseUrl, problems.add);
      if (entry === undefined) continue;
      if (urls.has(entry.url)) {
        problems.add(parsed.line, 'duplicate-url', 'The URL of an entry before, which is kept');
        continue;
      }
      urls.add(entry.url);
      const wanted = rules.apply(entry);
      if (wanted !== undefined) entries.push(wanted);
    }
  };
  const decoder = createM3uDecoder();
  let uncollectedBytes = 0;
  for await (const piece of opened.pieces) {
    deps.signal.throwIfAborted();
    uncollectedBytes += piece.length;
    if (uncollectedBytes > COLLECT_BYTES) {
      deps.collect();
      uncollectedBytes = 0;
    }
    let isFull = false;
    for (let at = 0; at < piece.length && !isFull; at += STEP_BYTES) {
      const text = decoder.push(piece.subarray(at, at + STEP_BYTES));
      isFull = !reader.push(text);
      take();
      await othersTurn();
    }
    if (isFull) break;
  }
  reader.push(decoder.end());
  const { problems: ofText } = reader.end();
  take();
  const ofEntries = problems.all();
  return {
    entries,
    listedCount: urls.size,
    problems: {
      first: [...ofText.first, ...ofEntries.first],
      counts: Object.fromEntries([...ofText.counts, ...ofEntries.counts]),
    },
    unusedRules: rules.unused(),
    validators: opened.validators,
  };
}

/** Throws where a list is no successor of what was there before. */
export function guardAgainstShrinking(shown: string, listed: number, before: number): void {
  if (listed === 0) {
    const message = `Cannot take line-up from ${shown}: no entry in it can be used`;
    throw new LineUpError('LINEUP_EMPTY', message);
  }
  if (listed < before * LEAST_SHARE) {
    const message = `Cannot take line-up from ${shown}: ${listed} entries, wanted at least half of the ${before} it had`;
    throw new LineUpError('LINEUP_SHRUNK', message, { listed, before });
  }
}
