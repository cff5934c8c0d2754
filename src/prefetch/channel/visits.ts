// This file tries a better source over the connection of the one that plays, between two segments.
import { Patience } from '../../base/clock.ts';
import { AppError } from '../../base/errors.ts';
import { isBusyRefusal, JUST_LEFT_MS } from '../../source/failover/just-left.ts';
import { refuseBlank } from '../../source/failover/proof.ts';
import {
  type Glimpse,
  glimpse,
  judgeProgress,
  type TrialDeps,
} from '../../source/failover/trial.ts';
import type { ChannelSources, OpenedSource } from './channel-sources.ts';

export type VisitHooks = {
  /** Milliseconds for which all may be closed without a viewer seeing anything of it. */
  readonly pauseMs: () => number;
  readonly hold: () => Promise<unknown>;
  readonly goOn: () => void;
};

/** In less time than this a list and a segment will hardly come. */
const VISIT_MIN_MS = 1500;
/** A provider may count a connection for longer than a visit lasts: it is left alone for so long. */
const REFUSED_MS = 900_000;

type Seen = { readonly index: number; readonly atMs: number; readonly glimpse: Glimpse };

/**
 * ```
 *   plays ──it just got a segment──► held ──list and newest segment of the better one──► plays
 *   plays ──one target duration and a half later, the same──► held ──has it gone on?──► switched
 * ```
 * Invariant: one connection at a time, and what plays goes on before it must name anything new.
 */
export class Visits {
  readonly #sources: ChannelSources;
  readonly #deps: Omit<TrialDeps, 'outbound'>;
  readonly #hooks: VisitHooks;
  #seen: Seen | undefined;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  /** They are endless streams, of which nothing can be had in so short a time. */
  readonly #streams = new Set<number>();

  constructor(sources: ChannelSources, deps: Omit<TrialDeps, 'outbound'>, hooks: VisitHooks) {
    this.#sources = sources;
    this.#deps = deps;
    this.#hooks = hooks;
  }

  /** How long a visit may take that begins now; undefined where none may. */
  timeFor(index: number, nowMs: number): number | undefined {
    if (nowMs < this.#notBeforeMs || this.#streams.has(index)) return undefined;
    if (!this.#sources.sharesPlace(index)) return undefined;
    const pauseMs = this.#hooks.pauseMs();
    return pauseMs < VISIT_MIN_MS ? undefined : pauseMs;
  }

  /**
   * The source, where it has proved itself: then all is still held. Undefined where it has to be
   * seen once more. Throws AppError with what it failed at.
   */
  async visit(
    index: number,
    withinMs: number,
    stopped: AbortSignal,
  ): Promise<OpenedSource | undefined> {
    const { clock } = this.#deps;
    using patience = new Patience(clock, withinMs, stopped);
    const before = this.#seen?.index === index ? this.#seen : undefined;
    this.#seen = undefined;
    let opened: OpenedSource | undefined;
    let isProved = false;
    try {
      const claim = { hold: this.#hooks.hold };
      opened = await this.#sources.open(index, withinMs, patience.signal, claim);
      const seen = await this.#look(opened, patience.signal);
      if (seen !== undefined) isProved = this.#judge(index, before, seen) && !stopped.aborted;
      return isProved ? opened : undefined;
    } catch (error) {
      const isRefused = isBusyRefusal(error);
      if (isRefused) this.#notBeforeMs = clock.monotonicMs() + REFUSED_MS;
      throw patience.isLate && !isRefused ? tooSlow() : error;
    } finally {
      if (!isProved) {
        if (opened !== undefined) void this.#sources.giveBack(opened);
        this.#hooks.goOn();
      }
    }
  }

  async #look(
    { index, found, outbound }: OpenedSource,
    signal: AbortSignal,
  ): Promise<Glimpse | undefined> {
    const [main] = found.renditions;
    if (main?.spec.kind === 'hls' || main?.spec.kind === 'computed') {
      return await glimpse(main, { ...this.#deps, outbound }, signal);
    }
    this.#streams.add(index);
    return undefined;
  }

  /** True where it has gone on since it was seen before. */
  #judge(index: number, before: Seen | undefined, seen: Glimpse): boolean {
    const nowMs = this.#deps.clock.monotonicMs();
    if (before !== undefined) {
      judgeProgress(before.glimpse, seen);
      refuseBlank(seen.judged);
      return true;
    }
    this.#seen = { index, atMs: nowMs, glimpse: seen };
    const nextMs = Math.max(JUST_LEFT_MS, seen.listing.targetDurationS * 1500);
    this.#notBeforeMs = nowMs + nextMs;
    return false;
  }
}

function tooSlow(): AppError {
  const message = 'Cannot use the source: it did not show itself between two segments of the other';
  return new AppError('SOURCE_STALLED', message);
}
