// This file writes series as those of an Xtream panel.
import type { Episode, Series } from '../films.ts';
import { aboutOf, addedText, durationOf, ratingOfFive, ratingText, words } from './film.ts';
import { nameOf, pictureOf, type RowFacts } from './live-stream.ts';

export type SeriesRow = {
  readonly num: number;
  readonly name: string;
  readonly series_id: number;
  readonly cover: string;
  readonly plot: string;
  readonly cast: string;
  readonly director: string;
  readonly genre: string;
  /** Clients read one or the other. */
  readonly releaseDate: string;
  readonly release_date: string;
  readonly last_modified: string;
  readonly rating: string;
  readonly rating_5based: number;
  readonly backdrop_path: readonly string[];
  readonly youtube_trailer: '';
  readonly episode_run_time: string;
  readonly category_id: string;
  readonly category_ids: readonly number[];
};

export type Season = {
  readonly season_number: number;
  readonly name: string;
  readonly episode_count: number;
  readonly cover: string;
  readonly air_date: string;
};

export type EpisodeRow = {
  /** Text, where every other id is a number. */
  readonly id: string;
  readonly episode_num: number;
  readonly title: string;
  readonly container_extension: string;
  readonly info: {
    readonly movie_image: string;
    readonly plot: string;
    readonly releasedate: string;
    readonly duration: string;
    readonly duration_secs: number;
  };
  readonly added: string;
  readonly season: number;
  readonly custom_sid: '';
  readonly direct_source: '';
};

export type SeriesInfo = {
  readonly seasons: readonly Season[];
  readonly info: SeriesRow;
  /** By the number of the season; an object even where there is none. */
  readonly episodes: Readonly<Record<string, readonly EpisodeRow[]>>;
};

export type NumberedEpisode = {
  readonly episode: Episode;
  readonly number: number;
  readonly addedS: number;
};

export function seriesRowOf(series: Omit<Series, 'episodes'>, facts: RowFacts): SeriesRow {
  const released = words(series.released);
  const minutes = Math.round((series.durationS ?? 0) / 60);
  return {
    num: facts.place,
    name: nameOf(series),
    series_id: facts.number,
    cover: pictureOf(series.poster),
    ...aboutOf(series),
    releaseDate: released,
    release_date: released,
    last_modified: addedText(series, facts),
    rating: ratingText(series),
    rating_5based: ratingOfFive(series),
    backdrop_path: [],
    youtube_trailer: '',
    episode_run_time: String(minutes >= 0 && Number.isFinite(minutes) ? minutes : 0),
    ...facts.category,
  };
}

export function seriesInfoOf(
  series: Omit<Series, 'episodes'>,
  facts: RowFacts,
  episodes: readonly NumberedEpisode[],
): SeriesInfo {
  const bySeason = new Map<number, EpisodeRow[]>();
  for (const each of episodes) {
    const row = episodeRowOf(each);
    const rows = bySeason.get(row.season);
    if (rows === undefined) bySeason.set(row.season, [row]);
    else rows.push(row);
  }
  const seasons = [...bySeason].sort(([a], [b]) => a - b);
  const cover = pictureOf(series.poster);
  return {
    seasons: seasons.map(([season, rows]) => ({
      season_number: season,
      name: `Season ${season}`,
      episode_count: rows.length,
      cover,
      air_date: rows.find(({ info }) => info.releasedate !== '')?.info.releasedate ?? '',
    })),
    info: seriesRowOf(series, facts),
    episodes: Object.fromEntries(
      seasons.map(([season, rows]) => [season, rows.sort((a, b) => a.episode_num - b.episode_num)]),
    ),
  };
}

function episodeRowOf({ episode, number, addedS }: NumberedEpisode): EpisodeRow {
  return {
    id: String(number),
    episode_num: wholeOf(episode.number),
    title: nameOf(episode),
    container_extension: episode.extension,
    info: {
      movie_image: pictureOf(episode.poster),
      plot: words(episode.plot),
      releasedate: words(episode.released),
      ...durationOf(episode),
    },
    added: addedText(episode, { addedS }),
    season: wholeOf(episode.season),
    custom_sid: '',
    direct_source: '',
  };
}

/** Clients hold these without a sign. */
function wholeOf(count: number): number {
  return Number.isFinite(count) ? Math.min(0x7fff_ffff, Math.max(0, Math.trunc(count))) : 0;
}
