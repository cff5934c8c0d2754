// This file has accounts say more of a film than their lists do, when somebody looks at it.
import { type Clock, within } from '../../base/clock.ts';
import type { Film, Particulars } from '../films.ts';

/** Undefined where nobody can be asked; rejects where it is not to be had. */
export type AskFilm = (film: Film) => Promise<Particulars> | undefined;

/** Somebody looks at an empty page so long at most; what comes later is there the next time. */
const WAIT_MS = 4000;
/** A panel is not asked again for as long. */
const KEEP_MS = 3_600_000;
const KEEP_FAILURE_MS = 60_000;
/** Whoever goes through all films is told what the list says: providers lock out who asks so often. */
const MAX_AT_ONCE = 4;
/** Films of which it is kept: the ones asked for last. */
const KEPT_FILMS = 500;

type Kept = { untilMs: number; readonly said: Promise<Particulars | undefined> };

export class FilmDetails {
  readonly #ask: AskFilm;
  readonly #clock: Clock;
  /** By address; the one asked for longest ago first. */
  readonly #kept = new Map<string, Kept>();
  #underWay = 0;

  constructor(ask: AskFilm, clock: Clock) {
    this.#ask = ask;
    this.#clock = clock;
  }

  /** The film as it is where nothing more is known of it in time. Never rejects. */
  async of(film: Film): Promise<Film> {
    const kept = this.#keptOf(film);
    const said = kept && (await within(this.#clock, kept.said, WAIT_MS));
    if (said === undefined) return film;
    return { ...film, ...said, ...(film.poster === undefined ? {} : { poster: film.poster }) };
  }

  #keptOf(film: Film): Kept | undefined {
    const { url } = film.source;
    const nowMs = this.#clock.monotonicMs();
    const known = this.#kept.get(url);
    const isFresh = known !== undefined && nowMs < known.untilMs;
    const kept = isFresh ? known : this.#asked(film, nowMs);
    if (kept === undefined) return undefined;
    this.#kept.delete(url);
    this.#kept.set(url, kept);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT_FILMS && oldest !== undefined) this.#kept.delete(oldest);
    return kept;
  }

  #asked(film: Film, nowMs: number): Kept | undefined {
    const asking = this.#underWay < MAX_AT_ONCE ? this.#ask(film) : undefined;
    if (asking === undefined) return undefined;
    this.#underWay++;
    const ended = asking.finally(() => this.#underWay--);
    const kept: Kept = {
      untilMs: nowMs + KEEP_MS,
      said: ended.catch(() => {
        kept.untilMs = this.#clock.monotonicMs() + KEEP_FAILURE_MS;
        return undefined;
      }),
    };
    return kept;
  }
}
