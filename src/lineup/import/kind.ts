// This file tells films and episodes from live channels, among the entries of a line-up.
import { stableUrl } from './identity/identity.ts';
import type { EntryKind, ListEntry } from './list-entry.ts';

/** Files with an end, as players and panels name them. */
const FILE = /\.(mp4|m4v|mkv|avi|mov|wmv|mpg|mpeg|webm|flv)$/i;
/** Shorter ones are no films: some lists write a second or ten for live channels. */
const MIN_FILM_S = 60;
/** "The Office S01E02", "The Office 1x02", "The Office S1 E2 - Diversity Day" */
const EPISODE = /^(.+?)[\s._-]*\b(?:s(\d{1,2})[\s._-]*e(\d{1,3})|(\d{1,2})x(\d{2,3}))\b/i;

export function kindOf({ name, url, kept }: ListEntry): EntryKind | undefined {
  const path = pathOf(url);
  const isFile = FILE.test(path) || Number(kept?.['duration'] ?? 0) >= MIN_FILM_S;
  const isEpisode = /\/series\//.test(path) || isFile;
  if (isEpisode && EPISODE.test(name)) return 'episode';
  return isFile || /\/(?:movie|series)\//.test(path) ? 'film' : undefined;
}

export type EpisodeName = {
  readonly series: string;
  readonly season: number;
  readonly number: number;
};

export function episodeName(name: string): EpisodeName | undefined {
  const [, series = '', s1, e1, s2, e2] = EPISODE.exec(name) ?? [];
  if (series === '') return undefined;
  return { series: series.trim(), season: Number(s1 ?? s2), number: Number(e1 ?? e2) };
}

/** Without the dot; `mp4` where the address says nothing. */
export function extensionOf(url: string): string {
  return /\.([a-z0-9]{2,5})$/i.exec(pathOf(url))?.[1]?.toLowerCase() ?? 'mp4';
}

function pathOf(url: string): string {
  return /^[^?#]*/.exec(url)?.[0] ?? '';
}

/** The number of a series at its account. */
export function seriesNumberOf(url: string): string {
  return /(\d+)$/.exec(stableUrl(url).path)?.[1] ?? '';
}
