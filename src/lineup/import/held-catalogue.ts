// This file holds the films and series of all line-ups on the serving thread.
import type { Clock } from '../../base/clock.ts';
import type { Catalogue } from '../catalogue.ts';
import type { Episode, Film, Series } from '../films.ts';
import type { EpisodeRow, FilmRow, SeriesRow } from './catalogue-row.ts';
import type { RowReader } from './channel-row.ts';
import { type AskFilm, FilmDetails } from './film-details.ts';

/** Asks an account for the episodes of a series. */
export type AskEpisodes = (series: SeriesRow) => Promise<readonly EpisodeRow[]>;

/** A panel is not asked again for as long. */
const KEEP_MS = 3_600_000;
/** Series whose episodes are kept: the ones asked for last. */
const KEPT_SERIES = 500;

export class HeldCatalogue implements Catalogue {
  readonly #clock: Clock;
  readonly #details: FilmDetails;
  /** By id; the one asked for longest ago first. */
  readonly #episodes = new Map<string, { atMs: number; all: Promise<readonly Episode[]> }>();
  #films: readonly Film[] = [];
  #series: readonly Series[] = [];

  constructor(clock: Clock, askFilm: AskFilm) {
    this.#clock = clock;
    this.#details = new FilmDetails(askFilm, clock);
  }

  films(): readonly Film[] {
    return this.#films;
  }

  series(): readonly Series[] {
    return this.#series;
  }

  detailsOf(film: Film): Promise<Film> {
    return this.#details.of(film);
  }

  replace(films: readonly Film[], series: readonly Series[]): void {
    if (films.length + this.#films.length > 0) this.#films = films;
    if (series.length + this.#series.length > 0) this.#series = series;
  }

  film({ source, ...row }: FilmRow, reader: RowReader): Film {
    return { ...row, source: reader.source(source) };
  }

  seriesOf(row: SeriesRow, reader: RowReader, ask: AskEpisodes): Series {
    const { episodes, account: _, ...rest } = row;
    const read = (rows: readonly EpisodeRow[]): readonly Episode[] =>
      rows.map(({ source, ...episode }) => ({ ...episode, source: reader.source(source) }));
    if (episodes !== undefined) return { ...rest, episodes: async () => read(episodes) };
    return { ...rest, episodes: () => this.#kept(row, async () => read(await ask(row))) };
  }

  #kept({ id }: SeriesRow, load: () => Promise<readonly Episode[]>): Promise<readonly Episode[]> {
    const known = this.#episodes.get(id);
    this.#episodes.delete(id);
    const nowMs = this.#clock.monotonicMs();
    const isFresh = known !== undefined && nowMs - known.atMs < KEEP_MS;
    const kept = isFresh ? known : { atMs: nowMs, all: load() };
    this.#episodes.set(id, kept);
    // One that failed is asked for again
    kept.all.catch(() => this.#episodes.get(id) === kept && this.#episodes.delete(id));
    const [oldest] = this.#episodes.keys();
    if (this.#episodes.size > KEPT_SERIES && oldest !== undefined) this.#episodes.delete(oldest);
    return kept.all;
  }
}
