// This file hands the playlists that are asked for most to the server itself, as fixed answers.
import type { Clock, Timer } from '../base/clock.ts';
import type { Rendition } from '../prefetch/rendition.ts';

export type HotRoutes = Readonly<Record<string, { readonly GET: Response }>>;

/** A playlist under the path it is asked for by; `respond` makes the answer of this moment. */
export type Candidate = {
  readonly path: string;
  readonly rendition: Rendition;
  readonly respond: () => Response;
  /** Requests since the last look. */
  asked: number;
};

type Pinned = { readonly candidate: Candidate; version: number; readonly sinceMs: number };

/** How often versions are compared: the most by which a fixed answer may be late. */
const LOOK_MS = 50;
/** Requests a second from which a fixed answer pays for being replaced at every new segment. */
const HOT_PER_SECOND = 200;
/** Replacing the routes costs time that grows with their square: 16 take 0.3 ms. */
const PINNED_MAX = 16;
/**
 * While pinned, requests are not seen. So a pin ends after this long, and the next look counts
 * anew whether anybody still asks: a rendition nobody watches must go cold.
 */
const PIN_MS = 2000;

/**
 * A fixed answer costs the server half of what the shortest handler does. It knows nothing of
 * Accept-Encoding; conditional requests and HEAD it answers itself.
 *
 * ```
 *   handler ──asked often──► pinned ──version changes──► pinned anew
 *      ▲                        │
 *      └── 2 s, silent, gone ◄──┘
 * ```
 */
export class HotPlaylists implements Disposable {
  readonly #clock: Clock;
  readonly #setRoutes: (routes: HotRoutes) => void;
  readonly #candidates = new Map<string, Candidate>();
  readonly #pinned = new Map<string, Pinned>();
  #timer: Timer;
  #pins = 0;

  constructor(clock: Clock, setRoutes: (routes: HotRoutes) => void) {
    this.#clock = clock;
    this.#setRoutes = setRoutes;
    this.#timer = clock.after(LOOK_MS, () => this.#look());
  }

  /** Watches how often a playlist is asked for; the caller counts `asked` up at each request. */
  add(candidate: Candidate): void {
    this.#candidates.set(candidate.path, candidate);
  }

  stats(): { readonly pinned: number; readonly pins: number } {
    return { pinned: this.#pinned.size, pins: this.#pins };
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
    this.#pinned.clear();
    this.#candidates.clear();
  }

  #look(): void {
    const nowMs = this.#clock.monotonicMs();
    let changed = false;
    for (const [path, pin] of this.#pinned) {
      const { rendition } = pin.candidate;
      const isOver = nowMs - pin.sinceMs >= PIN_MS || !rendition.isReady(nowMs);
      if (isOver) this.#pinned.delete(path);
      if (isOver || pin.version !== rendition.ring.version) changed = true;
    }
    for (const [path, candidate] of this.#candidates) {
      const isHot = candidate.asked >= (HOT_PER_SECOND * LOOK_MS) / 1000;
      candidate.asked = 0;
      if (!isHot) {
        if (candidate.rendition.state === 'cold') this.#candidates.delete(path);
        continue;
      }
      if (this.#pinned.has(path) || this.#pinned.size >= PINNED_MAX) continue;
      if (!candidate.rendition.isReady(nowMs)) continue;
      this.#pinned.set(path, { candidate, version: -1, sinceMs: nowMs });
      this.#pins++;
      changed = true;
    }
    if (changed) this.#setRoutes(this.#routes());
    this.#timer = this.#clock.after(LOOK_MS, () => this.#look());
  }

  #routes(): HotRoutes {
    const routes: Record<string, { GET: Response }> = {};
    for (const [path, pin] of this.#pinned) {
      pin.version = pin.candidate.rendition.ring.version;
      routes[path] = { GET: pin.candidate.respond() };
    }
    return routes;
  }
}
