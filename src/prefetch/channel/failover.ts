// This file decides which source feeds a channel while it is being watched.

import { backoffDelayMs } from '../../base/backoff.ts';
import { type Clock, Patience } from '../../base/clock.ts';
import { AppError, type ErrorRecord, errorFields, errorRecord } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { JUST_LEFT_MS } from '../../source/failover/just-left.ts';
import { proveShown } from '../../source/failover/proof.ts';
import type { TrialDeps, TrialDepth } from '../../source/failover/trial.ts';
import { type Blank, isBlank } from '../rendition/blank-watch.ts';
import type { Trouble } from '../rendition/vital-signs.ts';
import { ProviderBusyError } from './channel-places.ts';
import type { ChannelSources, OpenedSource } from './channel-sources.ts';
import type { SourceStandings } from './source-standings.ts';
import { Standby } from './standby.ts';
import { Visits } from './visits.ts';

export type FailoverDeps = Omit<TrialDeps, 'outbound'> & {
  readonly clock: Clock;
  readonly log: Log;
};

export type FailoverHooks = {
  /** Why the source that plays should be left, that it plays, or that nothing can be said yet. */
  readonly condition: (nowMs: number) => Trouble | 'well' | 'unknown';
  /** It has not failed, and may be about to. */
  readonly isLate: (nowMs: number) => boolean;
  /** Monotonic time at which media of it came last; undefined where that is not known. */
  readonly mediaMs: (nowMs: number) => number | undefined;
  /** Milliseconds for which all may be closed without a viewer seeing anything of it. */
  readonly pauseMs: () => number;
  /** Closes all that is open upstream; `goOn` opens it again where it was not switched. */
  readonly hold: () => Promise<unknown>;
  readonly goOn: () => void;
  /** Somebody watches: places of channels that nobody watches may be had for it. */
  readonly isWatched: () => boolean;
  /** Everything is fed by it from now on. Resolves once what was open before is closed. */
  readonly switchTo: (opened: OpenedSource) => Promise<unknown>;
  readonly switched: (reason: Trouble['kind'] | 'proved') => void;
};

/** A trial that takes longer than this proves nothing. */
const TRIAL_MAX_MS = 60_000;
/** Looked at again this long after there was nowhere to go. */
const NOWHERE_MS = 1000;
/** Where all others are as silent or black, they are looked at again after as long. */
const SEARCH = { baseMs: 5000, maxMs: 60_000 } as const;

/**
 * ```
 *   playing ──trouble──► switching ──opened──► playing (another)
 *      │                     └──none opened──► playing (the same), looked at again
 *      ├──a better one has cooled down──► trial ──proved──► switching
 *      └──nothing to hear or see──► trial of each other ──one shows more──► switching
 * ```
 * Invariant: at most one switch and one trial at a time.
 */
export class Failover implements Disposable {
  readonly #sources: ChannelSources;
  readonly #standings: SourceStandings;
  readonly #deps: FailoverDeps;
  readonly #hooks: FailoverHooks;
  #switching: AbortController | undefined;
  #trial: AbortController | undefined;
  /** Resolves once no switch has anything open that was not taken into use. */
  #switched: Promise<void> = Promise.resolve();
  /** Resolves once no trial has anything open. */
  #tried: Promise<void> = Promise.resolve();
  readonly #visits: Visits;
  readonly #standby: Standby;
  #inTrouble = false;
  /** Searches in a row for a source that shows more than the one that plays; 0: it shows enough. */
  #searches = 0;
  #searchNotBeforeMs = 0;
  #notBeforeMs = 0;

  constructor(sources: ChannelSources, deps: FailoverDeps, hooks: FailoverHooks) {
    this.#sources = sources;
    this.#standings = sources.standings;
    this.#deps = deps;
    this.#hooks = hooks;
    this.#visits = new Visits(sources, deps, hooks);
    this.#standby = new Standby(sources, {
      failed: (index, error) => this.#notWell(index, error),
      stands: (index) => deps.log.info('source late: another stands by', { source: index }),
    });
  }

  /** To be called twice a second while somebody watches. */
  tick(nowMs: number): void {
    if (this.#switching !== undefined || nowMs < this.#notBeforeMs) return;
    const condition = this.#hooks.condition(nowMs);
    if (condition === 'unknown') return;
    if (condition !== 'well' && !isBlank(condition)) {
      this.#leave(condition);
      return;
    }
    this.#inTrouble = false;
    // The slate is what it is: there is nothing left that would show more
    if (condition !== 'well' && !this.#standings.playsSlate) {
      this.#search(condition, nowMs);
      return;
    }
    this.#forgetSearches();
    this.#standings.good(this.#hooks.mediaMs(nowMs));
    if (this.#hooks.isLate(nowMs)) {
      if (this.#trial === undefined) this.#standby.begin();
      return;
    }
    void this.#standby.leave();
    const better = this.#standings.better();
    if (better.length > 0 && this.#trial === undefined) this.#tried = this.#try(better);
  }

  /** Nobody watches any more: what is being opened is given back. Resolves once it is closed. */
  async stop(): Promise<void> {
    this.#trial?.abort();
    this.#switching?.abort();
    this.#inTrouble = false;
    this.#forgetSearches();
    await Promise.all([this.#switched, this.#tried, this.#standby.leave()]);
  }

  [Symbol.dispose](): void {
    void this.stop();
  }

  #leave(trouble: Trouble): void {
    const { activeIndex } = this.#standings;
    const isChanged = trouble.kind === 'changed';
    if (!this.#inTrouble) {
      this.#inTrouble = true;
      if (!isChanged) this.#blame(activeIndex, trouble);
      this.#deps.log.warn('source in trouble', {
        source: activeIndex,
        ...trouble,
        ...this.#standings.standing(activeIndex),
      });
    }
    // What has become another kind of source is opened anew, and may play as well as before
    const others = [...(isChanged ? [activeIndex] : []), ...this.#standings.alternatives()];
    if (others.length === 0) {
      this.#notBeforeMs = this.#deps.clock.monotonicMs() + NOWHERE_MS;
      return;
    }
    this.#switched = this.#switch(others, trouble);
  }

  /**
   * It plays, and there is nothing to hear or see: it is left only for one that shows more. A quiet
   * hour is the same everywhere, and so is a night without programme.
   */
  #search(blank: Blank, nowMs: number): void {
    if (this.#trial !== undefined || nowMs < this.#searchNotBeforeMs) return;
    const { activeIndex } = this.#standings;
    if (this.#searches === 0) {
      this.#deps.log.warn('source shows nothing', { source: activeIndex, ...blank });
    }
    const others = this.#standings
      .alternatives()
      .filter((index) => !this.#standings.isSlate(index));
    this.#searchNotBeforeMs = nowMs + backoffDelayMs(SEARCH, this.#searches++, this.#deps.random);
    if (others.length > 0) this.#tried = this.#try(others, blank);
  }

  #forgetSearches(): void {
    this.#searches = 0;
    this.#searchNotBeforeMs = 0;
  }

  #blame(index: number, { kind, reason }: Trouble): void {
    const error = new AppError('SOURCE_TROUBLE', `Cannot go on: ${reason}`, { trouble: kind });
    if (kind === 'ended') this.#standings.ended(index, errorRecord(error));
    else this.#standings.failed(index, errorRecord(error));
  }

  async #switch(others: readonly number[], trouble: Trouble): Promise<void> {
    const run = new AbortController();
    this.#switching = run;
    this.#trial?.abort();
    try {
      // The connection it had may be the one that is needed now
      await this.#tried;
      const claim = { hold: this.#hooks.hold, evicts: this.#hooks.isWatched() };
      const opened =
        (await this.#standby.take(others, run.signal)) ??
        (await this.#sources.openFirst(others, run.signal, claim));
      if (run.signal.aborted) void this.#sources.giveBack(opened);
      else this.#use(opened, trouble.kind, trouble.reason);
    } catch (error) {
      if (!run.signal.aborted) {
        this.#deps.log.warn('no source to switch to', {
          source: this.#standings.activeIndex,
          ...errorFields(errorRecord(error)),
        });
        this.#hooks.goOn();
      }
      this.#notBeforeMs = this.#deps.clock.monotonicMs() + NOWHERE_MS;
    } finally {
      this.#switching = undefined;
    }
  }

  #use(opened: OpenedSource, kind: Trouble['kind'] | 'proved', reason: string): void {
    const from = this.#standings.activeIndex;
    this.#sources.use(opened, this.#hooks.switchTo(opened));
    this.#inTrouble = false;
    this.#forgetSearches();
    this.#hooks.switched(kind);
    const to = opened.index;
    const standing = this.#standings.standing(to);
    this.#deps.log.info('source switched', { from, to, kind, reason, ...standing });
  }

  /** The first of them that its provider has room for; where `blank`, the first that shows more. */
  async #try(others: readonly number[], blank?: Blank): Promise<void> {
    const { clock } = this.#deps;
    const trial = new AbortController();
    this.#trial = trial;
    for (const index of others) if (await this.#tryOne(index, trial, blank)) break;
    this.#trial = undefined;
    this.#notBeforeMs = Math.max(this.#notBeforeMs, clock.monotonicMs() + NOWHERE_MS);
  }

  /** A source of the provider whose one connection plays. */
  async #visit(index: number, stopped: AbortSignal): Promise<boolean> {
    const { clock } = this.#deps;
    const withinMs = this.#visits.timeFor(index, clock.monotonicMs());
    if (withinMs === undefined) return false;
    try {
      const opened = await this.#visits.visit(index, withinMs, stopped);
      if (opened !== undefined) this.#goBack(opened);
    } catch (error) {
      if (!stopped.aborted) this.#notWell(index, errorRecord(error));
    }
    // The provider may refuse what plays for a moment, since it counts the visit
    this.#notBeforeMs = clock.monotonicMs() + JUST_LEFT_MS;
    return true;
  }

  #goBack(opened: OpenedSource): void {
    this.#standings.rest();
    this.#use(withoutFirst(opened), 'proved', 'a better source plays again');
  }

  #notWell(index: number, error: ErrorRecord): void {
    this.#standings.failed(index, error);
    this.#sayNotWell(index, error);
  }

  #sayNotWell(index: number, error: ErrorRecord): void {
    this.#deps.log.info('source not well yet', {
      source: index,
      ...errorFields(error),
      ...this.#standings.standing(index),
    });
  }

  /**
   * A source that was left has to show that it plays before anybody is sent back to it. False
   * where the next may be tried: its provider has no room for it, or it shows no more than `blank`.
   */
  async #tryOne(index: number, trial: AbortController, blank?: Blank): Promise<boolean> {
    const { clock } = this.#deps;
    const stopped = trial.signal;
    // Whoever watches something needs the place more, unless there is only the slate to see
    const isNeeded = () => this.#standings.playsSlate && this.#hooks.isWatched();
    const idleFromMs = () => (isNeeded() ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY);
    const holder = { idleFromMs, giveWay: () => trial.abort() };
    const evicts = isNeeded();
    using patience = new Patience(clock, TRIAL_MAX_MS, stopped);
    const { signal } = patience;
    let opened: OpenedSource | undefined;
    try {
      opened = await this.#sources.open(index, TRIAL_MAX_MS, signal, { holder, evicts });
      await this.#prove(opened, signal, blank === undefined ? this.#depthFor(index) : 'brief');
      if (stopped.aborted || (blank !== undefined && this.#showsAgain())) return true;
      const proved = opened;
      opened = undefined;
      if (blank === undefined) this.#goBack(proved);
      else this.#leaveBlank(proved, blank);
    } catch (error) {
      // What plays and shows nothing is not held for another that may show as little
      if (error instanceof ProviderBusyError)
        return blank === undefined && this.#visit(index, stopped);
      if (stopped.aborted) return true;
      const record = errorRecord(patience.isLate ? tooSlow() : error);
      // Nothing is wrong with it: should the one that plays fail, it is as good
      if (blank !== undefined && record.code === 'SOURCE_BLANK') this.#sayNotWell(index, record);
      else this.#notWell(index, record);
      return blank === undefined;
    } finally {
      if (opened !== undefined) void this.#sources.giveBack(opened);
    }
    return true;
  }

  #leaveBlank(opened: OpenedSource, blank: Blank): void {
    this.#blame(this.#standings.activeIndex, blank);
    this.#use(withoutFirst(opened), blank.kind, blank.reason);
  }

  #showsAgain(): boolean {
    const condition = this.#hooks.condition(this.#deps.clock.monotonicMs());
    return typeof condition === 'string';
  }

  /** Anything is better than the slate, but for the list that an encoder left behind. */
  #depthFor(index: number): TrialDepth {
    return this.#standings.playsSlate && !this.#standings.stoodStill(index) ? 'brief' : 'thorough';
  }

  async #prove(
    { found, outbound }: OpenedSource,
    signal: AbortSignal,
    depth: TrialDepth,
  ): Promise<void> {
    await proveShown(found.renditions, depth, { ...this.#deps, outbound }, signal);
    signal.throwIfAborted();
  }
}

/** The list at hand is as old as the trial was long. */
function withoutFirst(opened: OpenedSource): OpenedSource {
  const renditions = opened.found.renditions.map(({ first: _, ...rest }) => rest);
  return { ...opened, found: { ...opened.found, renditions } };
}

function tooSlow(): AppError {
  const message = `Cannot use the source: it has not proved itself in ${TRIAL_MAX_MS / 1000} s`;
  return new AppError('SOURCE_STALLED', message);
}
