// This file is the line-up as Xtream clients see it: everything by its number, in its category.
import type { ChannelConfig } from '../../config/config.ts';
import type { Catalogue } from '../catalogue.ts';
import type { Episode, Film, Series } from '../films.ts';
import { type Category, categoryNumber, categoryOf, groupsOf } from './category.ts';
import type { RowFacts } from './live-stream.ts';
import type { NumberedKind } from './numbered.ts';
import type { NumberedEpisode } from './series.ts';
import type { StreamIds } from './stream-ids.ts';

export type LineUpParts = {
  readonly ids: StreamIds;
  /** The same array until it changes, as those of the catalogue are. */
  readonly channels: () => readonly ChannelConfig[];
  readonly catalogue: Catalogue;
};

type Listed = { readonly id: string; readonly group?: string };
export type Row<T> = { readonly item: T; readonly facts: RowFacts };

export class NumberedLineUp {
  readonly #parts: LineUpParts;
  /** What has its numbers, since which loss of one; lists are asked for every few minutes by every player. */
  readonly #numbered = new WeakMap<readonly Listed[], number>();
  readonly #byId = new WeakMap<readonly Listed[], ReadonlyMap<string, number>>();

  constructor(parts: LineUpParts) {
    this.#parts = parts;
  }

  async live(): Promise<NumberedList<ChannelConfig>> {
    return await this.#list('live', this.#parts.channels());
  }

  async films(): Promise<NumberedList<Film>> {
    return await this.#list('film', this.#parts.catalogue.films());
  }

  async series(): Promise<NumberedList<Series>> {
    return await this.#list('series', this.#parts.catalogue.series());
  }

  /** What has this number now; what is gone from the line-up has none. */
  channel(number: number): ChannelConfig | undefined {
    return this.#find('live', number, this.#parts.channels());
  }

  film(number: number): Film | undefined {
    return this.#find('film', number, this.#parts.catalogue.films());
  }

  /** Its id among all episodes says of which series it is. */
  async episode(number: number): Promise<Episode | undefined> {
    const found = this.#parts.ids.at(number);
    if (found?.kind !== 'episode') return undefined;
    const space = found.id.indexOf(' ');
    const series = this.#byItsId(found.id.slice(0, space), this.#parts.catalogue.series());
    const episodes = (await series?.episodes()) ?? [];
    return episodes.find(({ id }) => id === found.id.slice(space + 1));
  }

  async episodes(series: Series): Promise<readonly NumberedEpisode[]> {
    const { ids } = this.#parts;
    const episodes = await series.episodes();
    const idOf = (episode: Episode): string => `${series.id} ${episode.id}`;
    await ids.number('episode', episodes.map(idOf));
    return episodes.flatMap((episode) => {
      const number = ids.numberOf('episode', idOf(episode));
      return number === undefined ? [] : [{ episode, number, addedS: ids.addedS(number) }];
    });
  }

  details(film: Film): Promise<Film> {
    return this.#parts.catalogue.detailsOf(film);
  }

  async #list<T extends Listed>(kind: NumberedKind, items: readonly T[]): Promise<NumberedList<T>> {
    const { ids } = this.#parts;
    if (this.#numbered.get(items) !== ids.losses) {
      await ids.number('group', groupsOf(items));
      await ids.number(
        kind,
        items.map(({ id }) => id),
      );
      this.#numbered.set(items, ids.losses);
    }
    return new NumberedList(kind, items, ids);
  }

  #find<T extends Listed>(kind: NumberedKind, number: number, items: readonly T[]): T | undefined {
    const found = this.#parts.ids.at(number);
    return found?.kind === kind ? this.#byItsId(found.id, items) : undefined;
  }

  #byItsId<T extends Listed>(id: string, items: readonly T[]): T | undefined {
    let places = this.#byId.get(items);
    if (places === undefined) {
      places = new Map(items.map((item, place) => [item.id, place]));
      this.#byId.set(items, places);
    }
    const place = places.get(id);
    return place === undefined ? undefined : items[place];
  }
}

export class NumberedList<T extends Listed> {
  readonly #kind: NumberedKind;
  readonly #items: readonly T[];
  readonly #ids: StreamIds;

  constructor(kind: NumberedKind, items: readonly T[], ids: StreamIds) {
    this.#kind = kind;
    this.#items = items;
    this.#ids = ids;
  }

  categories(): readonly Category[] {
    return groupsOf(this.#items).flatMap((group) => {
      const number = this.#ids.numberOf('group', group);
      return number === undefined ? [] : [categoryOf(group, number)];
    });
  }

  /** `category`: those of this one alone. Made as they are taken: there may be very many. */
  *rows(category?: number): Generator<Row<T>> {
    for (const [index, item] of this.#items.entries()) {
      const group = this.#ids.numberOf('group', item.group ?? '');
      if (category !== undefined && group !== category) continue;
      const facts = this.#factsOf(item, group, index + 1);
      if (facts !== undefined) yield { item, facts };
    }
  }

  /** Undefined where nothing in the list has this number. */
  row(number: number): Row<T> | undefined {
    const found = this.#ids.at(number);
    if (found?.kind !== this.#kind) return undefined;
    const index = this.#items.findIndex(({ id }) => id === found.id);
    const item = this.#items[index];
    if (item === undefined) return undefined;
    const facts = this.#factsOf(item, this.#ids.numberOf('group', item.group ?? ''), index + 1);
    return facts === undefined ? undefined : { item, facts };
  }

  #factsOf(item: T, group: number | undefined, place: number): RowFacts | undefined {
    const number = this.#ids.numberOf(this.#kind, item.id);
    if (number === undefined || group === undefined) return undefined;
    const addedS = this.#ids.addedS(number);
    return { place, number, category: categoryNumber(group), addedS };
  }
}
