// This file holds what the line-ups have beside live channels, for those who serve it.
import type { Film, Series } from './films.ts';

export interface Catalogue {
  /** The same array until something of it changes, in the order of the line-ups. */
  films(): readonly Film[];
  series(): readonly Series[];
  /** With what its account says of it beside; as it is where that is nothing, or does not come in time. */
  detailsOf(film: Film): Promise<Film>;
}

const NONE: readonly never[] = [];

/** Where no line-up has any. */
export const EMPTY_CATALOGUE: Catalogue = {
  films: () => NONE,
  series: () => NONE,
  detailsOf: async (film) => film,
};
