// This file has another stream open before it is sure that the one that plays has failed.

import type { ErrorRecord } from '../../base/errors.ts';
import { errorRecord } from '../../base/errors.ts';
import type { Holder } from '../../source/failover/provider-leases.ts';
import { streamOf } from '../../source/open-source.ts';
import { ProviderBusyError } from './channel-places.ts';
import type { ChannelSources, OpenedSource } from './channel-sources.ts';

export type StandbyHooks = {
  /** A source that was to stand by does not play. */
  readonly failed: (index: number, error: ErrorRecord) => void;
  readonly stands: (index: number) => void;
};

type Run = { readonly stop: AbortController; readonly opened: Promise<OpenedSource | undefined> };

/**
 * What a live stream sent before it was opened is lost, so it is opened as soon as the one that plays
 * is late. A list says what went by, and is soon enough asked for when it is needed. A place at a
 * provider is taken where it is free, and left as soon as anybody wants it.
 */
export class Standby {
  readonly #sources: ChannelSources;
  readonly #hooks: StandbyHooks;
  #run: Run | undefined;
  /** Resolves once nothing is open of what was not taken. */
  #left: Promise<unknown> = Promise.resolve();

  constructor(sources: ChannelSources, hooks: StandbyHooks) {
    this.#sources = sources;
    this.#hooks = hooks;
  }

  get isUp(): boolean {
    return this.#run !== undefined;
  }

  /** Once, until it is left or taken. */
  begin(): void {
    if (this.#run !== undefined) return;
    const stop = new AbortController();
    this.#run = { stop, opened: this.#left.then(() => this.#open(stop.signal)) };
  }

  /** What stands by, if it is one of these; all else is closed. */
  async take(among: readonly number[], signal: AbortSignal): Promise<OpenedSource | undefined> {
    const run = this.#run;
    if (run === undefined) return undefined;
    const leave = () => run.stop.abort();
    signal.addEventListener('abort', leave, { once: true });
    const opened = await run.opened;
    signal.removeEventListener('abort', leave);
    // It had to give way meanwhile
    if (this.#run !== run) return undefined;
    if (opened === undefined || signal.aborted || !among.includes(opened.index)) {
      await this.leave();
      return undefined;
    }
    this.#run = undefined;
    return opened;
  }

  /** Resolves once nothing is open. */
  leave(): Promise<unknown> {
    const run = this.#run;
    this.#run = undefined;
    run?.stop.abort();
    const left = run?.opened.then((opened) => opened && this.#sources.giveBack(opened));
    if (left !== undefined) this.#left = Promise.all([this.#left, left]);
    return this.#left;
  }

  async #open(signal: AbortSignal): Promise<OpenedSource | undefined> {
    const holder: Holder = {
      idleFromMs: () => Number.NEGATIVE_INFINITY,
      giveWay: () => void this.leave(),
    };
    for (const index of this.#sources.standings.alternatives()) {
      if (this.#sources.standings.isSlate(index)) return undefined;
      try {
        const opened = await this.#sources.openAside(index, signal, holder);
        if (!signal.aborted && streamOf(opened.found) !== undefined) {
          this.#hooks.stands(index);
          return opened;
        }
        await this.#sources.giveBack(opened);
        return undefined;
      } catch (error) {
        if (signal.aborted) return undefined;
        if (!(error instanceof ProviderBusyError)) this.#hooks.failed(index, errorRecord(error));
      }
    }
    return undefined;
  }
}
