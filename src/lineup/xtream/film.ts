// This file writes films as the movies of an Xtream panel.
import { plainText } from '../../media/m3u/safe-text.ts';
import type { Film, Particulars } from '../films.ts';
import { nameOf, pictureOf, type RowFacts } from './live-stream.ts';

export type FilmStream = {
  readonly num: number;
  readonly name: string;
  readonly stream_type: 'movie';
  readonly stream_id: number;
  readonly stream_icon: string;
  readonly rating: string;
  readonly rating_5based: number;
  readonly added: string;
  readonly is_adult: 0 | 1;
  readonly category_id: string;
  readonly category_ids: readonly number[];
  readonly container_extension: string;
  readonly custom_sid: '';
  readonly direct_source: '';
  readonly tmdb: string;
};

export type FilmInfo = {
  readonly info: {
    readonly movie_image: string;
    readonly name: string;
    readonly plot: string;
    readonly cast: string;
    readonly director: string;
    readonly genre: string;
    readonly releasedate: string;
    readonly duration: string;
    readonly duration_secs: number;
    readonly rating: string;
    readonly tmdb_id: string;
    readonly backdrop_path: readonly string[];
    readonly youtube_trailer: '';
    readonly video: Readonly<Record<string, never>>;
    readonly audio: Readonly<Record<string, never>>;
    readonly bitrate: 0;
  };
  readonly movie_data: {
    readonly stream_id: number;
    readonly name: string;
    readonly added: string;
    readonly category_id: string;
    readonly container_extension: string;
    readonly custom_sid: '';
    readonly direct_source: '';
  };
};

/** Longer than any plot that somebody reads on a television. */
const WORDS_MAX_CHARS = 8192;

export function filmStreamOf(film: Film, facts: RowFacts): FilmStream {
  return {
    num: facts.place,
    name: nameOf(film),
    stream_type: 'movie',
    stream_id: facts.number,
    stream_icon: pictureOf(film.poster),
    rating: ratingText(film),
    rating_5based: ratingOfFive(film),
    added: addedText(film, facts),
    is_adult: film.isAdult === true ? 1 : 0,
    ...facts.category,
    container_extension: film.extension,
    custom_sid: '',
    direct_source: '',
    tmdb: words(film.tmdb),
  };
}

export function filmInfoOf(film: Omit<Film, 'source'>, facts: RowFacts): FilmInfo {
  return {
    info: {
      movie_image: pictureOf(film.poster),
      name: nameOf(film),
      ...aboutOf(film),
      releasedate: words(film.released),
      ...durationOf(film),
      rating: ratingText(film),
      tmdb_id: words(film.tmdb),
      backdrop_path: [],
      youtube_trailer: '',
      video: {},
      audio: {},
      bitrate: 0,
    },
    movie_data: {
      stream_id: facts.number,
      name: nameOf(film),
      added: addedText(film, facts),
      category_id: facts.category.category_id,
      container_extension: film.extension,
      custom_sid: '',
      direct_source: '',
    },
  };
}

export function aboutOf({ plot, cast, director, genre }: Particulars) {
  return {
    plot: words(plot),
    cast: words(cast),
    director: words(director),
    genre: words(genre),
  };
}

/** As text and in seconds; 0 where it is not known. */
export function durationOf({ durationS = 0 }: Particulars) {
  const seconds = Number.isFinite(durationS) ? Math.max(0, Math.round(durationS)) : 0;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const two = (count: number): string => String(count).padStart(2, '0');
  return {
    duration: `${two(hours)}:${two(minutes)}:${two(seconds % 60)}`,
    duration_secs: seconds,
  };
}

export function ratingText(about: Particulars): string {
  const rating = ratingOf(about);
  return rating === undefined ? '' : String(rating);
}

/** In halves of a star. */
export function ratingOfFive(about: Particulars): number {
  return Math.round(ratingOf(about) ?? 0) / 2;
}

function ratingOf({ rating }: Particulars): number | undefined {
  if (rating === undefined || !Number.isFinite(rating)) return undefined;
  return Math.round(Math.min(10, Math.max(0, rating)) * 10) / 10;
}

/** When the line-up says that it came; else when it was first seen here. */
export function addedText({ addedMs }: Particulars, { addedS }: Pick<RowFacts, 'addedS'>): string {
  return String(addedMs === undefined ? addedS : Math.max(0, Math.floor(addedMs / 1000)));
}

export function words(text: string | undefined): string {
  return text === undefined ? '' : plainText(text, WORDS_MAX_CHARS);
}
