// This file opens a channel once for all who ask for it, and remembers for a moment that it failed.
import { type Clock, Patience } from '../../base/clock.ts';
import { AppError, type ErrorRecord, errorRecord } from '../../base/errors.ts';
import { busy, told, type Unavailable, unavailable, VIEWER_WAIT_MS } from '../answers.ts';
import { ProviderBusyError } from './channel-places.ts';
import type { ChannelSources, OpenedSource } from './channel-sources.ts';

/** A refused source is not asked again sooner than this. */
const REFUSED_MS = 1000;
const REFUSED_RETRY_S = 2;
/** Who is told when to come again where all places are taken: not at once, nor after the show. */
const BUSY_RETRY_S_MAX = 10;

type Failed = {
  readonly error: ErrorRecord;
  readonly atMs: number;
  /** All places of its provider are taken, and may be for so long. */
  readonly freeInMs?: number;
};

type Run<T> = { readonly stop: AbortController; readonly done: Promise<T | Unavailable> };

/** `T`: what a channel offers once it is open. */
export class ChannelOpening<T> {
  readonly #clock: Clock;
  readonly #sources: ChannelSources;
  /** The channel is gone. */
  readonly #closed: AbortSignal;
  readonly #adopt: (opened: OpenedSource) => T;
  #run: Run<T> | undefined;
  #failed: Failed | undefined;

  constructor(
    clock: Clock,
    sources: ChannelSources,
    closed: AbortSignal,
    adopt: (opened: OpenedSource) => T,
  ) {
    this.#clock = clock;
    this.#sources = sources;
    this.#closed = closed;
    this.#adopt = adopt;
  }

  get isUnderWay(): boolean {
    return this.#run !== undefined;
  }

  get lastError(): ErrorRecord | undefined {
    return this.#failed?.error;
  }

  /** Nobody needs it any more: its place is somebody else's. */
  stop(): void {
    this.#run?.stop.abort();
  }

  /** `nobody`: to keep it warm; nothing is taken from anybody for that. */
  async open(who: 'viewer' | 'nobody'): Promise<T | Unavailable> {
    if (this.#run === undefined) {
      const failed = this.#failed;
      if (failed !== undefined && this.#clock.monotonicMs() - failed.atMs < REFUSED_MS) {
        return refused(failed);
      }
      const stop = new AbortController();
      const done = this.#openAny(who === 'viewer', stop.signal).finally(() => {
        this.#run = undefined;
      });
      this.#run = { stop, done };
    }
    return this.#run.done;
  }

  /** Tries the sources in order. */
  async #openAny(isAsked: boolean, stopped: AbortSignal): Promise<T | Unavailable> {
    const over = AbortSignal.any([stopped, this.#closed]);
    using patience = new Patience(this.#clock, VIEWER_WAIT_MS, over);
    try {
      const order = this.#sources.standings.inOrder();
      const claim = { evicts: isAsked, waits: isAsked };
      const opened = await this.#sources.openFirst(order, patience.signal, claim);
      if (over.aborted) {
        this.#sources.giveBack(opened);
        throw new AppError('NET_ABORTED', 'Cannot open the channel: it was closed');
      }
      this.#failed = undefined;
      this.#sources.use(opened, Promise.resolve());
      return this.#adopt(opened);
    } catch (error) {
      const freeInMs = error instanceof ProviderBusyError ? error.freeInMs : undefined;
      const failed: Failed = {
        error: errorRecord(error),
        atMs: this.#clock.monotonicMs(),
        ...(freeInMs === undefined ? {} : { freeInMs }),
      };
      // It gave way: that is no reason to turn away who comes now
      if (!stopped.aborted) this.#failed = failed;
      return refused(failed);
    }
  }
}

function refused({ error, freeInMs }: Failed): Unavailable {
  const reason = told(error);
  if (freeInMs === undefined) return unavailable(REFUSED_RETRY_S, reason);
  return busy(Math.min(BUSY_RETRY_S_MAX, Math.max(REFUSED_RETRY_S, freeInMs / 1000)), reason);
}
