// This file lets the server itself answer, for a moment, what very many viewers poll at once.
import type { Clock, Timer } from '../base/clock.ts';

/*
 * A route whose answer is a ready Response is answered by Bun without a line of our code, 304 and
 * HEAD included, for less than half the time. So what is polled fast is made such a route for a
 * moment, and then asked of our code again:
 *
 *   asked of us ── WITNESSES answers within WITNESS_MS ──► route ── HOLD_MS ──► asked of us
 *
 * What is held is at most HOLD_MS older than what we would say; caches are allowed four times that.
 */

/** Answers to be given before a clock is looked at. */
export const WITNESSES = 64;
/** 800 a second: there the two changes of routes cost less than the answers they save. */
const WITNESS_MS = 80;
const HOLD_MS = 250;
/** Changing n routes costs n²: 0.3 ms at 16, 4 ms at 100. */
const MAX_ROUTES = 16;
/** More are not polled fast at once on one core; then counting starts anew. */
const MAX_WITNESSED = 1024;

/** In a route `:` and `*` would stand for other paths too, and it is not asked for the query. */
const PLAIN_PATH = /^\/[\w./-]*$/;

/** What Bun.serve takes as routes. */
export type HotRoutes = Record<string, { readonly GET: Response }>;

export class HotAnswers implements Disposable {
  readonly #clock: Clock;
  readonly #install: (routes: HotRoutes) => void;
  readonly #witnessedMs = new Map<string, number>();
  #routes: HotRoutes = {};
  #timer: Timer | undefined;

  /** `install` makes these routes, and no other ready ones, those of the server. */
  constructor(clock: Clock, install: (routes: HotRoutes) => void) {
    this.#clock = clock;
    this.#install = install;
  }

  /**
   * To be told of every answer that is the same for everyone who asks for this path; `count` is how
   * many times this answer was given. A URL with a query is not taken.
   */
  gave(answer: Response, count: number, url: string): void {
    if (count % WITNESSES !== 0) return;
    const path = url.slice(url.indexOf('/', url.indexOf('://') + 3));
    if (!PLAIN_PATH.test(path)) return;
    const nowMs = this.#clock.monotonicMs();
    const beforeMs = this.#witnessedMs.get(path);
    if (this.#witnessedMs.size >= MAX_WITNESSED) this.#witnessedMs.clear();
    this.#witnessedMs.set(path, nowMs);
    if (beforeMs === undefined || nowMs - beforeMs > WITNESS_MS) return;
    this.#hold(path, answer);
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#witnessedMs.clear();
    this.#routes = {};
  }

  #hold(path: string, answer: Response): void {
    if (path in this.#routes || Object.keys(this.#routes).length >= MAX_ROUTES) return;
    this.#routes = { ...this.#routes, [path]: { GET: answer.clone() as Response } };
    this.#install(this.#routes);
    // All are let go together, so that each is held for HOLD_MS at most
    this.#timer ??= this.#clock.after(HOLD_MS, () => this.#release());
  }

  #release(): void {
    this.#timer = undefined;
    this.#routes = {};
    this.#install(this.#routes);
  }
}
