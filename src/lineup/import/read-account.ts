// This file reads the line-up of an account at a panel that speaks the Xtream API.
import { othersTurn } from '../../base/turn.ts';
import type { AccountSetting } from '../../config/resolve-lineups.ts';
import type { ParsedM3uEntry } from '../../media/m3u/list.ts';
import { createProblemLog, type Problems } from '../../media/m3u/problems.ts';
import type { Outbound, OutboundLimits } from '../../net/outbound.ts';
import { LineUpError } from '../errors.ts';
import { type EntryKind, type ListEntry, readLogo } from './list-entry.ts';
import { idIn, numberIn, type PanelRow, rowOf, rowsOf, textIn, textsOf } from './panel-value.ts';

export type AccountList = {
  /** As a list would have them, each with what it is. */
  readonly entries: readonly {
    readonly kind: EntryKind | undefined;
    readonly entry: ParsedM3uEntry;
  }[];
  /** Streams at once; absent: as many as wanted. */
  readonly maxConnections?: number;
  /** Rows that could not be used, each by its place in its list, from 1. */
  readonly problems: Problems<'bad-row'>;
};

export type AccountDeps = { readonly outbound: Outbound; readonly signal: AbortSignal };

const LIMITS = {
  connectMs: 5_000,
  firstByteMs: 60_000, // panels make their lists when they are asked
  betweenBytesMs: 15_000,
  totalMs: 180_000,
  /** 100,000 films with their descriptions have some 60 MB. */
  maxBytes: 128 * 1024 * 1024,
};
/** Rows of one list; as for lists in M3U. */
const MAX_ROWS = 100_000;

type Panel = {
  readonly account: AccountSetting;
  readonly userAgent: string | undefined;
} & AccountDeps;

/** Throws AppError where the account cannot be used. */
export async function readAccount(
  account: AccountSetting,
  userAgent: string | undefined,
  deps: AccountDeps,
): Promise<AccountList> {
  const panel = { account, userAgent, ...deps };
  const login = await logIn(panel);
  const entries: AccountList['entries'][number][] = [];
  const problems = createProblemLog<'bad-row'>();
  for (const { lists, kind, entryOf } of LISTS) {
    const groups = new Map<string, string>();
    for (const row of rowsOf(await askIfThere(panel, lists.categories))) {
      groups.set(textIn(row, 'category_id'), textIn(row, 'category_name'));
    }
    const asked = kind === undefined ? ask(panel, lists.rows) : askIfThere(panel, lists.rows);
    for (const [at, row] of rowsOf(await asked)
      .slice(0, MAX_ROWS)
      .entries()) {
      const group = groups.get(textIn(row, 'category_id') || firstOf(row['category_ids'])) ?? '';
      const entry = entryOf(row, group, panel.account, login.extension, entries.length + 1);
      if (entry !== undefined) entries.push({ kind, entry });
      else problems.add(at + 1, 'bad-row', `Row of ${lists.rows} without a usable ${lists.number}`);
    }
    await othersTurn();
  }
  const { maxConnections } = login;
  return {
    entries,
    problems: problems.all(),
    ...(maxConnections === undefined ? {} : { maxConnections }),
  };
}

/** The episodes of a series, as the panel tells them. */
export async function readEpisodes(
  account: AccountSetting,
  userAgent: string | undefined,
  seriesNumber: string,
  deps: AccountDeps,
): Promise<readonly AccountEpisode[]> {
  const panel = { account, userAgent, ...deps };
  const action = `get_series_info&series_id=${encodeURIComponent(seriesNumber)}`;
  const seasons = rowOf(rowOf(await ask(panel, action))['episodes']);
  return Object.entries(seasons).flatMap(([season, value]) =>
    rowsOf(value).flatMap((row) => episodeOf(row, Number(season), account) ?? []),
  );
}

export type AccountEpisode = {
  readonly number: number;
  readonly season: number;
  readonly name: string;
  readonly streamId: number;
  readonly extension: string;
  readonly url: string;
  readonly plot: string;
  readonly durationS?: number;
};

function episodeOf(
  row: PanelRow,
  season: number,
  account: AccountSetting,
): AccountEpisode | undefined {
  const streamId = idIn(row, 'id');
  const number = numberIn(row, 'episode_num');
  if (streamId === undefined || number === undefined) return undefined;
  const info = rowOf(row['info']);
  const durationS = numberIn(info, 'duration_secs');
  const extension = extensionIn(row);
  return {
    number,
    season: numberIn(row, 'season') ?? (Number.isInteger(season) ? season : 0),
    name: textIn(row, 'title') || `Episode ${number}`,
    streamId,
    extension,
    url: urlOf(account, 'series', streamId, extension),
    plot: textIn(info, 'plot'),
    ...(durationS === undefined ? {} : { durationS }),
  };
}

/** Somebody waits for it, and it is a page of text. */
const FILM_LIMITS = {
  connectMs: 5_000,
  firstByteMs: 10_000,
  betweenBytesMs: 5_000,
  totalMs: 15_000,
  maxBytes: 1024 * 1024,
};
/** Longer than any plot that somebody reads on a television. */
const MAX_WORDS_CHARS = 8192;

/** What the panel says of a film when it is asked for that one, as what is kept of an entry. */
export async function readFilm(
  account: AccountSetting,
  userAgent: string | undefined,
  number: string,
  deps: AccountDeps,
): Promise<Pick<ListEntry, 'logo' | 'kept'>> {
  const panel = { account, userAgent, ...deps };
  const action = `get_vod_info&vod_id=${encodeURIComponent(number)}`;
  const info = rowOf(rowOf(await ask(panel, action, FILM_LIMITS))['info']);
  const kept = Object.fromEntries(
    Object.entries(FILM_NAMES).flatMap(([name, names]) => {
      const text = textIn(info, ...names).slice(0, MAX_WORDS_CHARS);
      return text === '' ? [] : [[name, text] as const];
    }),
  );
  const logo = readLogo(textIn(info, 'movie_image', 'cover_big'));
  return { kept, ...(logo === undefined ? {} : { logo }) };
}

/** What panels call each. */
const FILM_NAMES: Readonly<Record<string, readonly string[]>> = {
  plot: ['plot', 'description'],
  cast: ['cast', 'actors'],
  director: ['director'],
  genre: ['genre'],
  rating: ['rating'],
  released: ['releasedate', 'release_date', 'releaseDate'],
  duration: ['duration_secs'],
  tmdb: ['tmdb_id', 'tmdb'],
};

/** The number that an account has for the film at this address, where it is one of its films. */
export function filmNumberIn(account: AccountSetting, url: string): string | undefined {
  const place = URL.parse(urlOf(account, 'movie', 0, undefined))?.href.slice(0, -1);
  if (place === undefined || !url.startsWith(place)) return undefined;
  return /^(\d{1,15})(?:\.\w{1,5})?$/.exec(url.slice(place.length))?.[1];
}

type Login = { readonly extension: string; readonly maxConnections?: number };

async function logIn(panel: Panel): Promise<Login> {
  const user = rowOf(rowOf(await ask(panel, undefined))['user_info']);
  const shown = panel.account.shown;
  const refuse = (why: string) => {
    throw new LineUpError('LINEUP_ACCOUNT', `Cannot use account ${shown}: ${why}`);
  };
  if (numberIn(user, 'auth') !== 1 && user['auth'] !== true) refuse('user or password is wrong');
  const status = textIn(user, 'status');
  if (status !== '' && status.toLowerCase() !== 'active') {
    refuse(`it is ${status.replace(/[^a-z ]/gi, '').toLowerCase()}`);
  }
  const formats = textsOf(user['allowed_output_formats']);
  const limit = numberIn(user, 'max_connections') ?? 0;
  return {
    extension: formats.length > 0 && !formats.includes('ts') ? 'm3u8' : 'ts',
    ...(limit >= 1 ? { maxConnections: limit } : {}),
  };
}

/** Not in JSON, or not with 200: of what a panel has beside channels, that it has nothing. */
class NoAnswer extends LineUpError {}

async function ask(
  panel: Panel,
  action: string | undefined,
  limits: OutboundLimits = LIMITS,
): Promise<unknown> {
  const { account, userAgent, outbound, signal } = panel;
  const query = new URLSearchParams({ username: account.username, password: account.password });
  const url = `${account.url}/player_api.php?${query}${action === undefined ? '' : `&action=${action}`}`;
  const headers = userAgent === undefined ? {} : { 'user-agent': userAgent };
  const policy = { headers, verifyTls: true, allowDowngrade: false };
  const response = await outbound({ url, policy, limits, compressed: true, signal });
  if (response.status !== 200) {
    response.cancel();
    const message = `Cannot read account ${account.shown}: status ${response.status}, wanted 200`;
    throw new NoAnswer('LINEUP_STATUS', message, { status: response.status });
  }
  const text = new TextDecoder().decode(await response.bytes());
  if (text.trim() === '') return [];
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const message = `Cannot read account ${account.shown}: the answer is no JSON`;
    throw new NoAnswer('LINEUP_ACCOUNT', message, {}, error);
  }
}

/**
 * Some panels refuse to speak of films at all, in all the ways there are. One that had them and is
 * only overloaded has shrunk then, and nothing is taken.
 */
async function askIfThere(panel: Panel, action: string): Promise<unknown> {
  try {
    return await ask(panel, action);
  } catch (error) {
    if (error instanceof NoAnswer) return [];
    throw error;
  }
}

type List = {
  readonly kind: EntryKind | undefined;
  readonly lists: {
    readonly categories: string;
    readonly rows: string;
    /** What a row has that says which it is. */
    readonly number: string;
  };
  readonly entryOf: (
    row: PanelRow,
    group: string,
    account: AccountSetting,
    extension: string,
    line: number,
  ) => ParsedM3uEntry | undefined;
};

const LISTS: readonly List[] = [
  {
    kind: undefined,
    lists: { categories: 'get_live_categories', rows: 'get_live_streams', number: 'stream_id' },
    entryOf: (row, group, account, extension, line) => {
      const id = idIn(row, 'stream_id');
      if (id === undefined) return undefined;
      const attributes = new Map([
        ['tvg-id', textIn(row, 'epg_channel_id')],
        ['tvg-chno', textIn(row, 'num')],
        ['tvg-logo', textIn(row, 'stream_icon')],
        ['adult', numberIn(row, 'is_adult') === 1 ? '1' : ''],
      ]);
      return made(row, id, group, attributes, urlOf(account, 'live', id, extension), line);
    },
  },
  {
    kind: 'film',
    lists: { categories: 'get_vod_categories', rows: 'get_vod_streams', number: 'stream_id' },
    entryOf: (row, group, account, _, line) => {
      const id = idIn(row, 'stream_id');
      if (id === undefined) return undefined;
      const attributes = particularsOf(row, 'stream_icon');
      return made(row, id, group, attributes, urlOf(account, 'movie', id, extensionIn(row)), line);
    },
  },
  {
    kind: 'series',
    lists: { categories: 'get_series_categories', rows: 'get_series', number: 'series_id' },
    entryOf: (row, group, account, _, line) => {
      const id = idIn(row, 'series_id');
      if (id === undefined) return undefined;
      const attributes = particularsOf(row, 'cover');
      return made(row, id, group, attributes, urlOf(account, 'series', id, undefined), line);
    },
  },
];

function made(
  row: PanelRow,
  id: number,
  group: string,
  attributes: ReadonlyMap<string, string>,
  url: string,
  line: number,
): ParsedM3uEntry {
  const none = new Map<string, string>();
  // As an entry of a list without one is called by the end of its address
  const name = textIn(row, 'name', 'title') || String(id);
  const groups = group === '' ? [] : [group];
  return { line, name, url, attributes, groups, headers: none, properties: none, options: none };
}

function particularsOf(row: PanelRow, picture: string): ReadonlyMap<string, string> {
  const secondsText = textIn(row, 'added', 'last_modified');
  const minutes = numberIn(row, 'episode_run_time') ?? 0;
  return new Map([
    ...(minutes > 0 ? [['duration', String(minutes * 60)] as const] : []),
    ['tvg-logo', textIn(row, picture)],
    ['plot', textIn(row, 'plot')],
    ['cast', textIn(row, 'cast')],
    ['director', textIn(row, 'director')],
    ['genre', textIn(row, 'genre')],
    ['rating', textIn(row, 'rating')],
    ['released', textIn(row, 'releaseDate', 'release_date', 'year')],
    ['added', secondsText],
    ['tmdb', textIn(row, 'tmdb', 'tmdb_id')],
    ['adult', numberIn(row, 'is_adult') === 1 ? '1' : ''],
  ]);
}

function urlOf(
  { url, username, password }: AccountSetting,
  what: 'live' | 'movie' | 'series',
  id: number,
  extension: string | undefined,
): string {
  const user = `${encodeURIComponent(username)}/${encodeURIComponent(password)}`;
  return `${url}/${what}/${user}/${id}${extension === undefined ? '' : `.${extension}`}`;
}

function extensionIn(row: PanelRow): string {
  const text = textIn(row, 'container_extension').toLowerCase();
  return /^[a-z0-9]{1,5}$/.test(text) ? text : 'mp4';
}

function firstOf(value: unknown): string {
  return Array.isArray(value) ? String(value[0] ?? '') : '';
}
