// This file reads, line by line, the line-ups that operators bring, however they were written.
import type { AttributeOrder } from './attribute-order.ts';
import {
  addGroups,
  addOption,
  createDraft,
  type Draft,
  finishDraft,
  MAX_OPTIONS,
} from './draft.ts';
import { MAX_ATTRIBUTES, parseExtInf, parseHeaderAttributes } from './extinf.ts';
import { hlsKind, notM3u, rejectForeign } from './foreign.ts';
import { parseGroups } from './groups.ts';
import { createLineSplitter, MAX_LINE_CHARS } from './line-splitter.ts';
import type { M3uProblem, ParsedM3u, ParsedM3uEntry } from './list.ts';
import { parseLocation } from './location.ts';
import { createProblemLog } from './problems.ts';

export type M3uLimits = { readonly entries: number; readonly keptBytes: number };

/**
 * Entries: providers with all their films in the list come to some 60,000.
 * Memory: 2.6 KB for each of them, where a usual one takes 1.5 KB. Without this limit entries with
 * lines of 64 KiB each would hold 12 GB.
 */
export const M3U_LIMITS: M3uLimits = { entries: 100_000, keptBytes: 256 * 1024 * 1024 };

/** What an entry and an attribute take beside their text, about. */
const ENTRY_BYTES = 400;
const ATTRIBUTE_BYTES = 100;
/** Longest stream URL; tokens make some 2,000 characters long. */
export const MAX_LOCATION_CHARS = 8192;
/** How far to read something that shows no sign of being an M3U; the sign is due in line 1. */
const MAX_CHARS_WITHOUT_SIGN = 1024 * 1024;

export type M3uReader = {
  /** False once nothing more will be taken, so that the caller may stop reading. */
  readonly push: (chunk: string) => boolean;
  /** The entries read since they were last taken, which are then not among those of the end. */
  readonly take: () => readonly ParsedM3uEntry[];
  readonly end: () => ParsedM3u;
};

/** Both throw FormatError where this is no M3U, and nothing else ever. */
export function createM3uReader(limits = M3U_LIMITS): M3uReader {
  const state = createState(limits);
  const lines = createLineSplitter((line, number, isCut) => readLine(state, line, number, isCut));
  return {
    push(chunk) {
      lines.push(chunk);
      state.charCount += chunk.length;
      if (!state.hasSign && state.charCount > MAX_CHARS_WITHOUT_SIGN) {
        throw notM3u(state.line, 'text without #EXTM3U, #EXTINF or a URL in its first MiB');
      }
      return !state.full;
    },
    take: () => state.entries.splice(0),
    end() {
      lines.end();
      dropUnfinished(state);
      if (!state.hasSign) {
        throw notM3u(state.line, state.hasContent ? 'text without any entry' : 'empty');
      }
      const { header, entries, problems } = state;
      return { header, guideUrls: guideUrlsOf(header), entries, problems: problems.all() };
    },
  };
}

type State = {
  readonly limits: M3uLimits;
  readonly header: Map<string, string>;
  readonly entries: ParsedM3uEntry[];
  readonly problems: ReturnType<typeof createProblemLog<M3uProblem>>;
  draft: Draft;
  readonly order: AttributeOrder;
  /** The last #EXTGRP that stood outside an entry: it holds until the next. */
  section: readonly string[];
  line: number;
  charCount: number;
  entryCount: number;
  keptBytes: number;
  hasContent: boolean;
  /** #EXTM3U, #EXTINF or a URL was seen. */
  hasSign: boolean;
  /** Attributes were seen, which no HLS playlist has. */
  isLineUp: boolean;
  full: boolean;
};

function createState(limits: M3uLimits): State {
  return {
    limits,
    header: new Map(),
    entries: [],
    problems: createProblemLog<M3uProblem>(),
    draft: createDraft(),
    order: [],
    section: [],
    line: 0,
    charCount: 0,
    entryCount: 0,
    keptBytes: 0,
    hasContent: false,
    hasSign: false,
    isLineUp: false,
    full: false,
  };
}

function readLine(state: State, line: string, number: number, isCut: boolean): void {
  if (state.full) return;
  state.line = number;
  // trim() takes a BOM as well, wherever lists were joined
  const text = line.trim();
  if (text === '') return;
  if (!state.hasContent) rejectForeign(text, number);
  state.hasContent = true;
  if (isCut) {
    state.problems.add(number, 'line-too-long', `Line of over ${MAX_LINE_CHARS} characters`);
    state.draft = createDraft();
    state.draft.broken = /^#EXTINF/i.test(text);
  } else if (text.startsWith('#')) {
    readTag(state, text);
  } else {
    readLocation(state, text);
  }
}

const TAG = /^#(EXTM3U|EXTINF|EXTGRP|EXTVLCOPT|KODIPROP|EXT-X-)[: \t]*/i;

/** As nearly all tags are written: nothing is to be made of it, nor is there a blank to leave out. */
const USUAL_INFO = /^#EXTINF:[-\d]/;

function readTag(state: State, text: string): void {
  if (USUAL_INFO.test(text)) {
    readInfo(state, text.slice('#EXTINF:'.length));
    return;
  }
  const match = TAG.exec(text);
  if (match === null) return;
  const tag = (match[1] as string).toUpperCase();
  if (tag === 'EXT-X-') {
    const hls = hlsKind(text);
    if (hls !== undefined && !state.isLineUp) throw notM3u(state.line, hls);
    return;
  }
  const value = text.slice(match[0].length);
  if (tag === 'EXTM3U') readHeader(state, value);
  else if (tag === 'EXTINF') readInfo(state, value);
  else if (tag === 'EXTGRP') readGroup(state, value);
  else readOption(state, tag === 'KODIPROP' ? 'KODIPROP' : 'EXTVLCOPT', value);
}

function readHeader(state: State, value: string): void {
  state.hasSign = true;
  for (const [name, text] of parseHeaderAttributes(value)) {
    state.isLineUp = true;
    if (!state.header.has(name) && state.header.size < MAX_ATTRIBUTES) state.header.set(name, text);
  }
}

function readInfo(state: State, value: string): void {
  state.hasSign = true;
  dropUnfinished(state);
  // The URL of one that could not be used has not come: what comes now is another's
  if (state.draft.broken) state.draft = createDraft();
  const info = parseExtInf(value, state.order);
  if (info.attributes.size > 0) state.isLineUp = true;
  if (info.droppedCount > 0) {
    const message = `More than ${MAX_ATTRIBUTES} attributes, the rest is ignored`;
    state.problems.add(state.line, 'too-many-attributes', message);
  }
  state.draft.info = info;
  state.draft.infoLine = state.line;
  state.draft.charCount += value.length;
}

/** An #EXTINF that another follows before any URL takes what was hung on it with it. */
function dropUnfinished(state: State): void {
  if (state.draft.info === undefined) return;
  state.problems.add(state.draft.infoLine, 'no-url', '#EXTINF without a URL after it');
  state.draft = createDraft();
}

function readGroup(state: State, value: string): void {
  const groups = parseGroups(value);
  if (state.draft.info === undefined) state.section = groups;
  else addGroups(state.draft, groups);
  state.draft.charCount += value.length;
}

function readOption(state: State, tag: 'EXTVLCOPT' | 'KODIPROP', value: string): void {
  if (addOption(state.draft, tag, value)) {
    state.draft.charCount += value.length;
  } else {
    const message = `More than ${MAX_OPTIONS} options for one entry, the rest is ignored`;
    state.problems.add(state.line, 'too-many-options', message);
  }
}

/** A line that names a scheme is a stream even where no #EXTINF announced it. */
const WITH_SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

function readLocation(state: State, text: string): void {
  const { draft, problems, line } = state;
  if (draft.info === undefined && !draft.broken && !WITH_SCHEME.test(text)) {
    problems.add(line, 'stray-line', 'Neither a tag nor a URL');
    return;
  }
  state.draft = createDraft();
  state.hasSign = true;
  if (draft.broken) return;
  const location = parseLocation(text);
  if (location.url === '' || location.url.length > MAX_LOCATION_CHARS) {
    problems.add(line, 'bad-url', `URL empty or of over ${MAX_LOCATION_CHARS} characters`);
    return;
  }
  const attributeCount = draft.info?.attributes.size ?? 0;
  const bytes = 2 * (draft.charCount + text.length) + attributeCount * ATTRIBUTE_BYTES;
  if (!hasRoom(state, bytes + ENTRY_BYTES)) return;
  state.entryCount += 1;
  state.entries.push(finishDraft(draft, location, line, state.section));
}

/** Whether the entry is still within the limits of the list; from the first that is not, it ends. */
function hasRoom(state: State, bytes: number): boolean {
  const { limits, problems, line } = state;
  state.keptBytes += bytes;
  if (state.entryCount >= limits.entries) {
    const message = `More than ${limits.entries} entries, the rest is left out`;
    problems.add(line, 'too-many-entries', message);
    state.full = true;
  } else if (state.keptBytes > limits.keptBytes) {
    const message = `Entries of over ${limits.keptBytes} bytes together, the rest is left out`;
    problems.add(line, 'too-much-text', message);
    state.full = true;
  }
  return !state.full;
}

function guideUrlsOf(header: ReadonlyMap<string, string>): readonly string[] {
  const urls = ['x-tvg-url', 'url-tvg', 'tvg-url'].flatMap((name) =>
    (header.get(name) ?? '').split(','),
  );
  return [...new Set(urls.map((url) => url.trim()))].filter((url) => /^https?:\/\//i.test(url));
}
