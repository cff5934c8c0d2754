// This file keeps for a viewer what it was promised, and says so no oftener than is needed.
import type { ArchivedRendition, TimeSpan } from '../recording/archive/archived.ts';

/**
 * What a list names stays for so long, and every further request prolongs it. A list may be held in
 * a cache for as long.
 */
export const KEEP_MS = 10 * 60_000;
/** A hold that ends this much later than one there is would change little. */
const STEP_MS = 60_000;
/** More viewers at once than any server has; then all is said anew. */
const HOLDS_MAX = 4096;

export class Keeper {
  readonly #nowMs: () => number;
  /** Which stretch of which rendition → until when that was said. */
  readonly #said = new Map<string, number>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** `of` names the rendition among all there are. */
  keep(of: string, rendition: ArchivedRendition, { fromMs, toMs }: TimeSpan): void {
    const untilMs = this.#nowMs() + KEEP_MS;
    const from = Math.floor(fromMs / STEP_MS);
    const to = Math.ceil(toMs / STEP_MS);
    const key = `${of} ${from} ${to}`;
    if ((this.#said.get(key) ?? 0) > untilMs - STEP_MS) return;
    if (this.#said.size >= HOLDS_MAX) this.#said.clear();
    this.#said.set(key, untilMs);
    // The whole minutes, so that the next like it need not be said
    rendition.keep({ fromMs: from * STEP_MS, toMs: to * STEP_MS }, untilMs);
  }
}
