// This file makes films and series of what line-ups hold beside live channels.
import type { LineUpSetting } from '../../config/resolve-lineups.ts';
import { idFromName } from '../channel-id.ts';
import type { Film, Particulars, Series } from '../films.ts';
import type { KnownEntry, LineUpEntries } from './identity/known-entry.ts';
import { isAdult } from './kept-facts.ts';
import { episodeName, extensionOf, seriesNumberOf } from './kind.ts';
import type { AccountEpisode } from './read-account.ts';
import { type RowSource, sourceOf } from './row-source.ts';

/** On their way to the serving thread: plain data. */
export type FilmRow = Omit<Film, 'source'> & { readonly source: RowSource };
export type EpisodeRow = FilmRow & { readonly season: number; readonly number: number };
export type SeriesRow = Omit<Series, 'episodes'> & {
  /** Those that the line-up names one by one. */
  readonly episodes?: readonly EpisodeRow[];
  /** Or whom to ask for them. */
  readonly account?: { readonly key: string; readonly number: string };
};

export type CatalogueRows = {
  readonly films: readonly FilmRow[];
  readonly series: readonly SeriesRow[];
};

/** In the order of the line-ups. */
export function catalogueOf(lineUps: readonly LineUpEntries[]): CatalogueRows {
  const films: FilmRow[] = [];
  const series = new Map<string, SeriesRow>();
  const episodes = new Map<string, EpisodeRow[]>();
  for (const { setting, rows } of lineUps) {
    for (const entry of rows) {
      if (entry.goneMs !== undefined || entry.kind === undefined) continue;
      if (entry.kind === 'film') films.push(filmOf(entry, setting));
      else if (entry.kind === 'series') series.set(entry.id, seriesOf(entry, setting));
      else addEpisode(series, episodes, entry, setting);
    }
  }
  return { films, series: [...series.values()] };
}

/** Lists name a series by its episodes alone: its name makes its id, the same every time. */
function addEpisode(
  series: Map<string, SeriesRow>,
  episodes: Map<string, EpisodeRow[]>,
  entry: KnownEntry,
  setting: LineUpSetting,
): void {
  const named = episodeName(entry.listed?.[0] ?? entry.name);
  if (named === undefined) return;
  const episode = { ...filmOf(entry, setting), season: named.season, number: named.number };
  const id = idFromName(named.series);
  const known = episodes.get(id);
  if (known !== undefined) {
    known.push(episode);
    return;
  }
  // An account has one of that name, which knows its episodes itself
  if (series.has(id)) return;
  const { group, poster } = episode;
  const all = [episode];
  episodes.set(id, all);
  series.set(id, {
    id,
    name: named.series,
    ...(group === undefined ? {} : { group }),
    ...(poster === undefined ? {} : { poster }),
    episodes: all,
  });
}

function filmOf(entry: KnownEntry, setting: LineUpSetting): FilmRow {
  return {
    ...particularsOf(entry),
    id: entry.id,
    name: entry.name || entry.id,
    source: sourceOf(entry, setting),
    extension: extensionOf(entry.url),
  };
}

function seriesOf(entry: KnownEntry, { key }: LineUpSetting): SeriesRow {
  const account = { key, number: seriesNumberOf(entry.url) };
  return { ...particularsOf(entry), id: entry.id, name: entry.name || entry.id, account };
}

/** What a panel says of the episodes of one of its series. */
export function episodeRowsOf(
  seriesId: string,
  episodes: readonly AccountEpisode[],
  setting: LineUpSetting,
): readonly EpisodeRow[] {
  return episodes.map(({ streamId, name, extension, season, number, plot, durationS, url }) => ({
    id: `${seriesId.slice(0, 48)}-${streamId}`,
    name,
    source: sourceOf({ url }, setting),
    extension,
    season,
    number,
    ...(plot === '' ? {} : { plot }),
    ...(durationS === undefined ? {} : { durationS }),
  }));
}

export function particularsOf({
  group,
  logo,
  kept = {},
}: Pick<KnownEntry, 'group' | 'logo' | 'kept'>): Particulars {
  const { plot, cast, director, genre, released, tmdb } = kept;
  const rating = within(kept['rating'], 0, 10);
  const addedS = within(kept['added'], 1, 100_000_000_000);
  const durationS = within(kept['duration'], 1, 1_000_000);
  return {
    ...(group === undefined ? {} : { group }),
    ...(logo === undefined ? {} : { poster: logo }),
    ...(plot === undefined ? {} : { plot }),
    ...(cast === undefined ? {} : { cast }),
    ...(director === undefined ? {} : { director }),
    ...(genre === undefined ? {} : { genre }),
    ...(rating === undefined ? {} : { rating }),
    ...(released !== undefined && /^\d{4}(-\d\d-\d\d)?$/.test(released) ? { released } : {}),
    ...(addedS === undefined ? {} : { addedMs: addedS * 1000 }),
    ...(durationS === undefined ? {} : { durationS }),
    ...(tmdb === undefined ? {} : { tmdb }),
    ...(isAdult({ kept }) ? { isAdult: true as const } : {}),
  };
}

function within(text: string | undefined, min: number, max: number): number | undefined {
  const number = Number(text ?? Number.NaN);
  return number >= min && number <= max ? number : undefined;
}
