// This file gathers what stands above a URL until the URL makes an entry of it.
import type { ExtInf } from './extinf.ts';
import { MAX_GROUPS, parseGroups } from './groups.ts';
import type { ParsedM3uEntry } from './list.ts';
import { headerName, type Location, parseHeaderOptions } from './location.ts';

/** Most #EXTVLCOPT and #KODIPROP lines kept of one entry; players know about ten of each. */
export const MAX_OPTIONS = 32;

export type Draft = {
  info: ExtInf | undefined;
  infoLine: number;
  /** The #EXTINF line could not be used, so the URL that follows must not stand alone. */
  broken: boolean;
  readonly groups: string[];
  headers: Map<string, string>;
  properties: Map<string, string>;
  options: Map<string, string>;
  optionCount: number;
  /** Of all its lines, for the budget of the list. */
  charCount: number;
};

/** Of nearly all, one for all; nothing is ever put into it. */
const NONE = new Map<string, string>();

export function createDraft(): Draft {
  return {
    info: undefined,
    infoLine: 0,
    broken: false,
    groups: [],
    headers: NONE,
    properties: NONE,
    options: NONE,
    optionCount: 0,
    charCount: 0,
  };
}

export function addGroups(draft: Draft, groups: readonly string[]): void {
  draft.groups.push(...groups.slice(0, MAX_GROUPS - draft.groups.length));
}

/** Of VLC's options the request headers mean something to us; the others are kept. */
const VLC_HEADER = /^http-(?:user-agent|referrer|referer|origin)$/;
const KODI_HEADERS = /^inputstream\.adaptive\.(?:stream|manifest|common)_headers$/;

/** `text` is what follows #EXTVLCOPT: or #KODIPROP:; false where it is one too many. */
export function addOption(draft: Draft, tag: 'EXTVLCOPT' | 'KODIPROP', text: string): boolean {
  const equals = text.indexOf('=');
  if (equals <= 0) return true;
  if (draft.optionCount === MAX_OPTIONS) return false;
  if (draft.optionCount === 0) {
    draft.headers = new Map();
    draft.properties = new Map();
    draft.options = new Map();
  }
  draft.optionCount += 1;
  const key = text.slice(0, equals).trim().toLowerCase();
  const value = text.slice(equals + 1).trim();
  if (tag === 'KODIPROP') {
    draft.properties.set(key, value);
    if (KODI_HEADERS.test(key)) setMissing(draft.headers, parseHeaderOptions(value));
  } else if (VLC_HEADER.test(key)) {
    setMissing(draft.headers, new Map([[headerName(key), value]]));
  } else {
    draft.options.set(key, value);
  }
  return true;
}

/** `section` are the groups of entries that name none of their own. */
export function finishDraft(
  draft: Draft,
  location: Location,
  line: number,
  section: readonly string[],
): ParsedM3uEntry {
  const attributes: ReadonlyMap<string, string> = draft.info?.attributes ?? NONE;
  return {
    line,
    name: draft.info?.title || attributes.get('tvg-name') || nameOf(location.url),
    url: location.url,
    duration: draft.info?.duration,
    attributes,
    groups: groupsOf(draft, attributes.get('group-title') ?? '', section),
    headers: withMissing(location.headers, draft.headers),
    properties: draft.properties,
    options: draft.options,
  };
}

function groupsOf(draft: Draft, title: string, section: readonly string[]): readonly string[] {
  const own = parseGroups(title);
  if (own.length === 1 && draft.groups.length === 0) return own;
  const groups = new Set([...own, ...draft.groups]);
  return groups.size > 0 ? [...groups] : section;
}

function withMissing(
  first: ReadonlyMap<string, string>,
  then: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  if (then.size === 0) return first;
  const all = new Map(first);
  setMissing(all, then);
  return all;
}

function setMissing(into: Map<string, string>, from: ReadonlyMap<string, string>): void {
  for (const [name, value] of from) if (!into.has(name)) into.set(name, value);
}

/** The last part of the path, as one would name the file. */
function nameOf(url: string): string {
  const path = url.replace(/[?#].*$/s, '').replace(/\/+$/, '');
  return path.slice(path.lastIndexOf('/') + 1) || url;
}
