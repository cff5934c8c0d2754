// This file cuts a guide into its channels and programmes while it comes, one element at a time.
import { notXmltv, rejectForeign } from './foreign.ts';

export type SliceKind = 'channel' | 'programme';

export type SlicerProblem = 'element-too-long' | 'element-without-end' | 'cut-off';

export type SlicerSink = {
  /** The text of an element, tags included, in the order in which they stand. */
  readonly take: (kind: SliceKind, text: string) => void;
  readonly problem: (kind: SlicerProblem) => void;
};

export type XmltvSlicer = {
  /** Throws FormatError where this is no guide. */
  readonly push: (chunk: string) => void;
  /** Throws FormatError where there was no sign of a guide. */
  readonly end: () => void;
};

/** The longest descriptions and casts that guides have come to some 30 KiB. */
export const MAX_ELEMENT_CHARS = 256 * 1024;
/** How far to look for `<tv` before it is something else. */
export const MAX_CHARS_WITHOUT_ROOT = 64 * 1024;
/** Less than this is not looked at yet: an element that comes byte by byte is not searched as often. */
const MIN_LOOK_CHARS = 16 * 1024;
/** What tells one tag from the next: `<!DOCTYPE` and `<programme` with the character after it. */
const MARK_CHARS = 12;

type State = {
  readonly sink: SlicerSink;
  /** What has come and is not done with. */
  held: string;
  /** Characters of `held` that are done with. */
  at: number;
  /** Length of `held` when it was last looked at. */
  lookedTo: number;
  begun: boolean;
  hasRoot: boolean;
  /** Its end tag is still to come. */
  isRootOpen: boolean;
  charCount: number;
  /** What has to come before anything else is looked at. */
  skipTo: '-->' | ']]>' | '?>' | 'doctype' | undefined;
  /** Open brackets of a document type's internal subset. */
  depth: number;
};

/**
 * ```
 *   outside ── <channel … or <programme … ──► an element ── its end tag ──► taken, outside
 *      └─ <!-- · <? · <![CDATA[ · <!DOCTYPE ──► skipping ──► outside
 * ```
 * Nothing is kept but the element that is being read, so that memory grows neither with the guide nor
 * with a line of it. A document type is skipped, never read: what it declares does not exist.
 */
export function createXmltvSlicer(sink: SlicerSink): XmltvSlicer {
  const state: State = {
    ...{ sink, held: '', at: 0, lookedTo: 0, begun: false, charCount: 0 },
    ...{ hasRoot: false, isRootOpen: false, skipTo: undefined, depth: 0 },
  };
  return {
    push(chunk) {
      state.held += chunk;
      state.charCount += chunk.length;
      if (state.held.length - state.lookedTo >= MIN_LOOK_CHARS) look(state, false);
      if (!state.hasRoot && state.charCount > MAX_CHARS_WITHOUT_ROOT) {
        throw notXmltv('text without <tv> in its first 64 KiB');
      }
    },
    end() {
      look(state, true);
      if (!state.hasRoot) throw notXmltv(state.begun ? 'text without <tv>' : 'empty');
      if (state.isRootOpen || kindAt(state.held, state.at) !== undefined) sink.problem('cut-off');
    },
  };
}

function look(state: State, isEnd: boolean): void {
  if (!state.begun) {
    state.held = state.held.replace(/^[\ufeff\s]+/, '');
    state.begun = state.held !== '';
    rejectForeign(state.held);
  }
  while (state.at < state.held.length && step(state, isEnd)) {}
  state.held = state.held.slice(state.at);
  state.at = 0;
  state.lookedTo = state.held.length;
}

/** Whether anything is done with: false where more has to come first. */
function step(state: State, isEnd: boolean): boolean {
  if (state.skipTo === 'doctype') return skipDoctype(state);
  if (state.skipTo !== undefined) return skipPast(state, state.skipTo);
  const next = state.held.indexOf('<', state.at);
  state.at = next < 0 ? state.held.length : next;
  if (next < 0) return false;
  if (!isEnd && state.held.length - state.at < MARK_CHARS) return false;
  return stepTag(state);
}

function stepTag(state: State): boolean {
  const { held, at } = state;
  const second = held[at + 1];
  if (second === '!' || second === '?') {
    state.skipTo = skippedAt(held, at);
    state.depth = 0;
    state.at += 2;
    return true;
  }
  const kind = kindAt(held, at);
  if (kind !== undefined) return stepElement(state, kind);
  if (second === 't' && /^<tv[\s/>]/.test(held.slice(at, at + 4))) {
    state.hasRoot = true;
    state.isRootOpen = held[at + 3] !== '/';
  } else if (second === '/' && held.startsWith('</tv', at)) state.isRootOpen = false;
  state.at += 1;
  return true;
}

function skippedAt(held: string, at: number): State['skipTo'] {
  if (held.startsWith('<!--', at)) return '-->';
  if (held.startsWith('<![CDATA[', at)) return ']]>';
  if (held.startsWith('<?', at)) return '?>';
  return /^<!doctype/i.test(held.slice(at, at + 9)) ? 'doctype' : undefined;
}

function skipPast(state: State, end: string): boolean {
  const found = state.held.indexOf(end, state.at);
  if (found < 0) {
    // Its last characters may be the first of the end
    state.at = Math.max(state.at, state.held.length - (end.length - 1));
    return false;
  }
  state.skipTo = undefined;
  state.at = found + end.length;
  return true;
}

function skipDoctype(state: State): boolean {
  for (; state.at < state.held.length; state.at++) {
    const char = state.held[state.at];
    if (char === '[') state.depth++;
    else if (char === ']') state.depth--;
    else if (char === '>' && state.depth <= 0) {
      state.at++;
      state.skipTo = undefined;
      return true;
    }
  }
  return false;
}

/** What begins here, if it is what is looked for. */
function kindAt(held: string, at: number): SliceKind | undefined {
  const kind = held.startsWith('<programme', at)
    ? 'programme'
    : held.startsWith('<channel', at)
      ? 'channel'
      : undefined;
  if (kind === undefined) return undefined;
  const after = held[at + 1 + kind.length];
  return after === undefined || /[\s/>]/.test(after) ? kind : undefined;
}

function stepElement(state: State, kind: SliceKind): boolean {
  const { at, sink } = state;
  state.hasRoot = true;
  // Another that begins before this one has ended: the first has no end, wherever that stands
  const next = nextElement(state.held, at + 1, at + MAX_ELEMENT_CHARS + 1);
  const text = state.held.slice(at, next ?? at + MAX_ELEMENT_CHARS + 1);
  const end = endOfElement(text, kind);
  if (end !== undefined && end <= MAX_ELEMENT_CHARS) {
    sink.take(kind, text.slice(0, end));
    state.at = at + end;
    return true;
  }
  const isTooLong = text.length > MAX_ELEMENT_CHARS;
  if (next === undefined && !isTooLong) return false;
  sink.problem(next === undefined ? 'element-too-long' : 'element-without-end');
  state.at = next ?? at + 1;
  return true;
}

/** Where the element that begins here ends, as far as that has come. */
function endOfElement(text: string, kind: SliceKind): number | undefined {
  const tagEnd = endOfTag(text);
  if (tagEnd === undefined || text[tagEnd - 2] === '/') return tagEnd;
  for (let from = tagEnd; ; ) {
    const end = text.indexOf(`</${kind}`, from);
    if (end < 0) return undefined;
    const resume = endOfQuoted(text, from, end);
    if (resume === undefined) {
      const close = text.indexOf('>', end);
      return close < 0 ? undefined : close + 1;
    }
    if (resume < 0) return undefined;
    from = resume;
  }
}

/** After the `>` of the first tag: one in an attribute's value is none. */
function endOfTag(text: string): number | undefined {
  const end = /^(?:[^"'>]|"[^"]*"|'[^']*')*>/.exec(text);
  return end === null ? undefined : end[0].length;
}

/** Where a comment or CDATA section that is open at `end` ends; -1: not yet; undefined: none is. */
function endOfQuoted(text: string, from: number, end: number): number | undefined {
  for (let at = from; ; ) {
    // Only that part is searched: what follows may be megabytes
    const opened = /<!--|<!\[CDATA\[/.exec(text.slice(at, end));
    if (opened === null) return undefined;
    const close = opened[0] === '<!--' ? '-->' : ']]>';
    const closed = text.indexOf(close, at + opened.index);
    if (closed < 0) return -1;
    at = closed + close.length;
    if (at > end) return at;
  }
}

function nextElement(held: string, from: number, to: number): number | undefined {
  // Searched where it stands: a part of it would be copied for each element
  NEXT_ELEMENT.lastIndex = from;
  const found = NEXT_ELEMENT.exec(held);
  return found === null || found.index + found[0].length >= to ? undefined : found.index;
}

const NEXT_ELEMENT = /<(?:programme|channel)(?=[\s/>])/g;
