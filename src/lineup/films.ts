// This file says what line-ups hold beside live channels: films and series.
import type { UrlSource } from '../config/config.ts';

/** What is told of a film, a series or an episode, as far as the line-up says it. */
export type Particulars = {
  readonly group?: string;
  readonly poster?: string;
  readonly plot?: string;
  readonly cast?: string;
  readonly director?: string;
  readonly genre?: string;
  /** 0 to 10. */
  readonly rating?: number;
  /** YYYY-MM-DD or YYYY. */
  readonly released?: string;
  readonly addedMs?: number;
  readonly durationS?: number;
  readonly tmdb?: string;
  readonly isAdult?: true;
};

/** A file with an end, fetched as it is from where it lies. */
export type Film = Particulars & {
  /** Permanent, among films: [a-z0-9_-]{1,64}. */
  readonly id: string;
  readonly name: string;
  readonly source: UrlSource;
  /** Of the file, without the dot: mp4, mkv, … */
  readonly extension: string;
};

export type Episode = Film & { readonly season: number; readonly number: number };

export type Series = Particulars & {
  /** Permanent, among series. */
  readonly id: string;
  readonly name: string;
  /** Asked for when somebody looks, since accounts tell them one series at a time; kept a while. */
  readonly episodes: () => Promise<readonly Episode[]>;
};
