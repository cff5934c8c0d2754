// This file asks the source that plays for its addresses once more, where one of them is refused.
import type { Clock } from '../../base/clock.ts';
import { errorRecord } from '../../base/errors.ts';
import type { OpenSource } from '../../source/open-source.ts';
import type { ChannelSources } from './channel-sources.ts';

/** A multivariant playlist is asked for no more often than this. */
const EVERY_MS = 5000;

export type ReopeningDeps = {
  readonly clock: Clock;
  readonly idleStopMs: number;
  readonly count: (what: 'playlist', outcome: string) => void;
  readonly found: (found: OpenSource) => void;
};

export class ChannelReopening {
  readonly #sources: ChannelSources;
  readonly #deps: ReopeningDeps;
  #run: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;
  #askedMs = Number.NEGATIVE_INFINITY;

  constructor(sources: ChannelSources, deps: ReopeningDeps) {
    this.#sources = sources;
    this.#deps = deps;
  }

  /** The source was just asked: what it said holds for a while. */
  asked(): void {
    this.#askedMs = this.#deps.clock.monotonicMs();
  }

  /** A rendition's address is refused: the source's multivariant playlist may name another. */
  begin(): void {
    const { clock, idleStopMs } = this.#deps;
    if (this.#run !== undefined) return;
    if (clock.monotonicMs() - this.#askedMs < Math.min(EVERY_MS, idleStopMs)) return;
    this.asked();
    const stop = new AbortController();
    const done = this.#ask(stop.signal).finally(() => {
      this.#run = undefined;
    });
    this.#run = { stop, done };
  }

  /** Resolves once nothing of it is open upstream. */
  async stop(): Promise<void> {
    const run = this.#run;
    run?.stop.abort();
    await run?.done;
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const { count, found } = this.#deps;
    try {
      const now = await this.#sources.reopen(signal);
      count('playlist', 'ok');
      if (now !== undefined && !signal.aborted) found(now);
    } catch (error) {
      count('playlist', errorRecord(error).code);
    }
  }
}
