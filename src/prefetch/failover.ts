// This file decides which source feeds a channel while it is being watched.
import type { Clock } from '../base/clock.ts';
import { AppError, errorFields, errorRecord } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { proveSource, type TrialDeps } from '../source/failover/trial.ts';
import type { OpenSource } from '../source/open-source.ts';
import type { ChannelSources, OpenedSource } from './channel-sources.ts';
import { ProviderBusyError } from './channel-sources.ts';
import type { Trouble } from './vital-signs.ts';

export type FailoverDeps = Omit<TrialDeps, 'outbound'> & {
  readonly clock: Clock;
  readonly log: Log;
};

export type FailoverHooks = {
  /** Why the source that plays should be left, that it plays, or that nothing can be said yet. */
  readonly condition: (nowMs: number) => Trouble | 'well' | 'unknown';
  /** Closes all that is open upstream; `goOn` opens it again where it was not switched. */
  readonly hold: () => Promise<unknown>;
  readonly goOn: () => void;
  /** Everything is fed by it from now on. Resolves once what was open before is closed. */
  readonly switchTo: (found: OpenSource) => Promise<unknown>;
  readonly switched: (reason: Trouble['kind'] | 'proved') => void;
};

/** A trial that takes longer than this proves nothing. */
const TRIAL_MAX_MS = 60_000;
/** Looked at again this long after there was nowhere to go. */
const NOWHERE_MS = 1000;

/**
 * ```
 *   playing ──trouble──► switching ──opened──► playing (another)
 *      │                     └──none opened──► playing (the same), looked at again
 *      └──a better one has cooled down──► trial ──proved──► switching
 * ```
 * Invariant: at most one switch and one trial at a time.
 */
export class Failover implements Disposable {
  readonly #sources: ChannelSources;
  readonly #deps: FailoverDeps;
  readonly #hooks: FailoverHooks;
  readonly #closed = new AbortController();
  #switching = false;
  #trial: AbortController | undefined;
  #inTrouble = false;
  #notBeforeMs = 0;

  constructor(sources: ChannelSources, deps: FailoverDeps, hooks: FailoverHooks) {
    this.#sources = sources;
    this.#deps = deps;
    this.#hooks = hooks;
  }

  /** To be called twice a second while somebody watches. */
  tick(nowMs: number): void {
    if (this.#switching || nowMs < this.#notBeforeMs) return;
    const condition = this.#hooks.condition(nowMs);
    if (condition === 'unknown') return;
    if (condition !== 'well') {
      this.#leave(condition);
      return;
    }
    this.#inTrouble = false;
    this.#sources.good();
    const [better] = this.#sources.better();
    if (better !== undefined && this.#trial === undefined) void this.#try(better);
  }

  /** Nobody watches any more. */
  stop(): void {
    this.#trial?.abort();
    this.#inTrouble = false;
  }

  [Symbol.dispose](): void {
    this.#closed.abort();
    this.stop();
  }

  #leave(trouble: Trouble): void {
    const { activeIndex } = this.#sources;
    const error = new AppError('SOURCE_TROUBLE', `Cannot go on: ${trouble.reason}`, {
      trouble: trouble.kind,
    });
    if (!this.#inTrouble) {
      this.#inTrouble = true;
      this.#sources.failed(activeIndex, errorRecord(error));
      this.#deps.log.warn('source in trouble', { source: activeIndex, ...trouble });
    }
    const others = this.#sources.alternatives();
    if (others.length === 0) {
      this.#notBeforeMs = this.#deps.clock.monotonicMs() + NOWHERE_MS;
      return;
    }
    void this.#switch(others, trouble);
  }

  async #switch(others: readonly number[], trouble: Trouble): Promise<void> {
    this.#switching = true;
    this.#trial?.abort();
    try {
      const { signal } = this.#closed;
      const opened = await this.#sources.openFirst(others, signal, this.#hooks.hold);
      this.#use(opened, trouble.kind, trouble.reason);
    } catch (error) {
      if (!this.#closed.signal.aborted) {
        this.#deps.log.warn('no source to switch to', errorFields(errorRecord(error)));
        this.#hooks.goOn();
      }
      this.#notBeforeMs = this.#deps.clock.monotonicMs() + NOWHERE_MS;
    } finally {
      this.#switching = false;
    }
  }

  #use(opened: OpenedSource, kind: Trouble['kind'] | 'proved', reason: string): void {
    const from = this.#sources.activeIndex;
    if (this.#closed.signal.aborted) {
      this.#sources.use(opened, Promise.resolve());
      this.#sources.release(Promise.resolve());
      return;
    }
    this.#sources.use(opened, this.#hooks.switchTo(opened.found));
    this.#inTrouble = false;
    this.#hooks.switched(kind);
    this.#deps.log.info('source switched', { from, to: opened.index, kind, reason });
  }

  /** A source that was left has to show that it plays before anybody is sent back to it. */
  async #try(index: number): Promise<void> {
    const { clock, log } = this.#deps;
    const trial = new AbortController();
    this.#trial = trial;
    using _deadline = clock.after(TRIAL_MAX_MS, () => trial.abort());
    const signal = AbortSignal.any([trial.signal, this.#closed.signal]);
    const depth = this.#sources.playsSlate ? 'brief' : 'thorough';
    let opened: OpenedSource | undefined;
    try {
      opened = await this.#sources.open(index, TRIAL_MAX_MS, signal);
      const [main] = opened.found.renditions;
      if (main !== undefined) {
        await proveSource(main, depth, { ...this.#deps, outbound: opened.outbound }, signal);
      }
      signal.throwIfAborted();
      if (this.#switching) return;
      this.#sources.rest();
      // The list at hand is as old as the trial was long
      const renditions = opened.found.renditions.map(({ first: _, ...rest }) => rest);
      const fresh = { ...opened, found: { ...opened.found, renditions } };
      opened = undefined;
      this.#use(fresh, 'proved', 'a better source plays again');
    } catch (error) {
      if (signal.aborted || error instanceof ProviderBusyError) return;
      this.#sources.failed(index, errorRecord(error));
      log.info('source not well yet', { source: index, ...errorFields(errorRecord(error)) });
    } finally {
      if (opened !== undefined) this.#sources.giveBack(opened);
      this.#trial = undefined;
      this.#notBeforeMs = clock.monotonicMs() + NOWHERE_MS;
    }
  }
}
