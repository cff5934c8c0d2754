// This file gets a channel its places at providers: free ones, its own, or those of the unwatched.
import { type Clock, Patience } from '../../base/clock.ts';
import { AppError } from '../../base/errors.ts';
import { askWhileJustLeft } from '../../source/failover/just-left.ts';
import type {
  Holder,
  Lease,
  LeaseWait,
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
    patience: LeaseWait,
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
    const once = () => run(patience.signal);
    const provider = lease?.provider;
    try {
      return await askWhileJustLeft(this.#leases, provider, this.#clock, patience.signal, once);
    } catch (error) {
      if (lease !== undefined) this.#leases.left(lease.provider);
      throw error;
    }
  }

  #busy(providers: readonly string[]): ProviderBusyError {
    const leases = this.#leases;
    const freeInMs = Math.min(...providers.map((provider) => leases.idleInMs(provider)));
    const [provider = ''] = providers;
    return new ProviderBusyError(provider, leases.limitOf(provider) ?? 0, freeInMs);
  }
}
