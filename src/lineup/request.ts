// This file reads what the query of a line-up request asks for.
import type { ChannelMode } from '../config/config.ts';
import type { StreamForm } from '../media/m3u/entry.ts';
import { parseBaseUrl, type Scheme } from './base-url.ts';
import type { ChannelsWanted } from './groups.ts';

export type LineUpRequest = ChannelsWanted & {
  readonly kind: 'line-up';
  /** How all channels are to be reached; each channel's own way where absent. */
  readonly mode?: ChannelMode;
  /** A height in lines. */
  readonly quality?: number;
  /** For whom it is written; for everybody where absent. */
  readonly dialect?: Dialect;
  /** What URLs lead to; as suits each mode where absent. */
  readonly output?: StreamForm;
  /** What URLs begin with instead of our own address; never fetched, never part of a cache key. */
  readonly host?: string;
};

/** The ancestor's list, under the ancestor's names. */
export type ProgramRequest = {
  readonly kind: 'program';
  readonly name: ProgramName;
  readonly quality?: number;
  readonly host?: string;
};

export type BadParameter = {
  readonly kind: 'bad';
  readonly parameter: string;
  /** "Cannot write the line-up: …, wanted …" */
  readonly message: string;
};

export const DIALECTS = [
  'default',
  'kodi',
  'vlc',
  'enigma2',
  'enigma2-index',
  'enigma2-script',
] as const;
export type Dialect = (typeof DIALECTS)[number];

const OUTPUTS = ['hls', 'ts'] as const satisfies readonly StreamForm[];

const MODES: readonly ChannelMode[] = ['buffered', 'proxy', 'host', 'redirect'];

const PROGRAM_NAMES = ['online', 'channel', 'channel2', 'channel3'] as const;
export type ProgramName = (typeof PROGRAM_NAMES)[number];
/** As the ancestor chose where none is named. */
const DEFAULT_PROGRAM: ProgramName = 'channel2';

/** `?mode=&quality=&host=&dialect=&output=`, and which channels. `scheme` is the request's own. */
export function readLineUpRequest(
  query: URLSearchParams,
  scheme?: Scheme,
): LineUpRequest | BadParameter {
  const mode = oneOf(query.get('mode'), MODES);
  if (mode === 'bad') return bad('mode', MODES.join(', '));
  const dialect = oneOf(query.get('dialect'), DIALECTS);
  if (dialect === 'bad') return bad('dialect', DIALECTS.join(', '));
  const output = oneOf(query.get('output'), OUTPUTS);
  if (output === 'bad') return bad('output', OUTPUTS.join(', '));
  const common = readCommon(query, 'quality', scheme);
  if (common.kind === 'bad') return common;
  return {
    ...common,
    kind: 'line-up',
    ...(mode === undefined ? {} : { mode }),
    ...readChannelsWanted(query),
    ...(dialect === undefined ? {} : { dialect }),
    ...(output === undefined ? {} : { output }),
  };
}

/** As often as wanted `group=` and `id=` (or `ids=`, both with commas between). */
export function readChannelsWanted(query: URLSearchParams): ChannelsWanted {
  return { groups: [...new Set(query.getAll('group'))], ...idsIn(query) };
}

/** An id that no channel has any more is no mistake: players keep addresses for years. */
function idsIn(query: URLSearchParams): { readonly ids?: readonly string[] } {
  const written = [...query.getAll('id'), ...query.getAll('ids')].join(',');
  const ids = written.split(',').map((id) => id.trim());
  const named = new Set(ids.filter((id) => id !== ''));
  return named.size === 0 ? {} : { ids: [...named] };
}

/** The query that reads as `request` does. */
export function queryFor(request: LineUpRequest): string {
  const query = new URLSearchParams();
  const { dialect, output, mode, quality, host, ids } = request;
  const rest = { dialect, output, mode, quality, host, ids: ids?.join(',') };
  for (const [name, value] of Object.entries(rest)) {
    if (value !== undefined) query.set(name, String(value));
  }
  for (const group of request.groups) query.append('group', group);
  return query.toString();
}

/** `?name=&hd=&host=` */
export function readProgramRequest(
  query: URLSearchParams,
  scheme?: Scheme,
): ProgramRequest | BadParameter {
  const name = oneOf(query.get('name'), PROGRAM_NAMES);
  if (name === 'bad') return bad('name', PROGRAM_NAMES.join(', '));
  const common = readCommon(query, 'hd', scheme);
  if (common.kind === 'bad') return common;
  return { ...common, kind: 'program', name: name ?? DEFAULT_PROGRAM };
}

type Common = { readonly kind: 'common'; readonly quality?: number; readonly host?: string };

function readCommon(
  query: URLSearchParams,
  qualityName: 'quality' | 'hd',
  scheme: Scheme | undefined,
): Common | BadParameter {
  const quality = query.get(qualityName) || undefined;
  if (quality !== undefined && !/^[1-9]\d{0,4}p?$/.test(quality)) {
    return bad(qualityName, 'a height in lines such as 720');
  }
  const written = query.get('host') || undefined;
  const host = written === undefined ? undefined : parseBaseUrl(written, scheme);
  if (written !== undefined && host === undefined)
    return bad('host', '[scheme://]name[:port][/prefix]');
  return {
    kind: 'common',
    ...(quality === undefined ? {} : { quality: Number.parseInt(quality, 10) }),
    ...(host === undefined ? {} : { host }),
  };
}

function oneOf<T extends string>(
  text: string | null,
  allowed: readonly T[],
): T | undefined | 'bad' {
  if (text === null || text === '') return undefined;
  return allowed.find((value) => value === text) ?? 'bad';
}

/** The value itself is not repeated: it may be anything. */
function bad(parameter: string, wanted: string): BadParameter {
  const message = `Cannot write the line-up: ${parameter} is none, wanted ${wanted}`;
  return { kind: 'bad', parameter, message };
}
