// This file gets a channel its places at providers: free ones, its own, or those of the unwatched.
import { type Clock, Patience, sleep } from '../../base/clock.ts';
import { AppError } from '../../base/errors.ts';
import { BUSY_STATUS, SourceStatusError } from '../../source/errors.ts';
import type {
  Holder,
  Lease,
  Patience as LeasePatience,
  ProviderLeases,
} from '../../source/failover/provider-leases.ts';

/** All connections of a provider are out: nothing is wrong with the source itself. */
export class ProviderBusyError extends AppError {
  /** Until one may be free, as far as can be seen; Infinity where that is not to be seen. */
  readonly freeInMs: number;

  constructor(provider: string, limit: number, freeInMs = Number.POSITIVE_INFINITY) {
    const message = `Cannot open the source: provider "${provider}" allows ${limit} connections, all are in use`;
    super('SOURCE_PROVIDER_BUSY', message, { provider, limit });
    this.freeInMs = freeInMs;
  }
}

/** How a place at a provider may be come by where none is free; absent: not at all. */
export type Claim = {
  /** Closes what the channel has open: its own place serves the next source of the provider. */
  readonly hold?: () => Promise<unknown>;
  /** Channels that nobody watches give way. */
  readonly evicts?: boolean;
  /** It is waited for that somebody goes: a viewer has nothing to see before. */
  readonly waits?: boolean;
  /** Who has the place from then on; the channel where absent. */
  readonly holder?: Holder;
};

/** A provider may count the connection that was just closed for a moment more. */
export const JUST_LEFT_MS = 5000;
const JUST_LEFT_RETRY_MS = 1000;

export class ChannelPlaces {
  readonly #clock: Clock;
  readonly #leases: ProviderLeases;
  readonly #channel: Holder;
  /** Where the source is that plays. */
  #own: Lease | undefined;

  /** `channel`: as others see it who want its place. */
  constructor(clock: Clock, leases: ProviderLeases, channel: Holder) {
    this.#clock = clock;
    this.#leases = leases;
    this.#channel = channel;
  }

  get own(): Lease | undefined {
    return this.#own;
  }

  isFree(provider: string | undefined): boolean {
    return provider === undefined || this.#leases.isFree(provider);
  }

  /** Throws ProviderBusyError where there is none to be had by what is claimed. */
  async take(
    provider: string | undefined,
    withinMs: number,
    signal: AbortSignal,
    { hold, evicts = false, holder = this.#channel }: Claim,
  ): Promise<Lease | undefined> {
    if (provider === undefined) return undefined;
    const free = this.#leases.take(provider, holder);
    if (free !== undefined) return free;
    const own = this.#own;
    if (own?.provider === provider && hold !== undefined) {
      await hold();
      this.#leases.left(provider);
      return own;
    }
    const nowMs = this.#clock.monotonicMs();
    const patience = { idleByMs: nowMs, untilMs: nowMs + withinMs };
    const left = evicts ? await this.#leases.wait([provider], holder, patience, signal) : undefined;
    if (left === undefined) throw this.#busy([provider]);
    return left;
  }

  /** The first that somebody leaves in time. Throws ProviderBusyError. */
  async whenLeft(
    providers: readonly string[],
    patience: LeasePatience,
    signal: AbortSignal,
  ): Promise<Lease> {
    const lease = await this.#leases.wait(providers, this.#channel, patience, signal);
    if (lease === undefined) throw this.#busy(providers);
    return lease;
  }

  /** What plays is there from now on. `closed`: when all that was open elsewhere is closed. */
  use(lease: Lease | undefined, closed: Promise<unknown>): void {
    const left = this.#own;
    this.#own = lease;
    if (lease !== undefined) lease.holder = this.#channel;
    if (left !== undefined && left !== lease) void closed.finally(() => left[Symbol.dispose]());
  }

  /** It was taken and is of no use. */
  giveBack(lease: Lease | undefined): void {
    if (lease !== this.#own) lease?.[Symbol.dispose]();
  }

  /** What a provider refuses while it may count a connection that was just closed is asked again. */
  async patiently<T>(
    lease: Lease | undefined,
    withinMs: number,
    signal: AbortSignal,
    run: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    using patience = new Patience(this.#clock, withinMs, signal);
    try {
      for (;;) {
        try {
          return await run(patience.signal);
        } catch (error) {
          if (patience.signal.aborted || !this.#mayStillCount(lease, error)) throw error;
          await sleep(this.#clock, JUST_LEFT_RETRY_MS, patience.signal);
          if (patience.signal.aborted) throw error;
        }
      }
    } catch (error) {
      if (lease !== undefined) this.#leases.left(lease.provider);
      throw error;
    }
  }

  /** A refusal that may be the last connection's, not this one's. */
  #mayStillCount(lease: Lease | undefined, error: unknown): boolean {
    if (lease === undefined || !(error instanceof SourceStatusError)) return false;
    return this.#leases.leftAgoMs(lease.provider) < JUST_LEFT_MS && BUSY_STATUS.has(error.status);
  }

  #busy(providers: readonly string[]): ProviderBusyError {
    const leases = this.#leases;
    const freeInMs = Math.min(...providers.map((provider) => leases.idleInMs(provider)));
    const [provider = ''] = providers;
    return new ProviderBusyError(provider, leases.limitOf(provider) ?? 0, freeInMs);
  }
}
