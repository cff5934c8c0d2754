// This file resolves names once for many requests, and survives a DNS that does not answer.
import { lookup } from 'node:dns/promises';
import type { Clock } from '../base/clock.ts';
import { SingleFlight } from '../base/single-flight.ts';
import { NetError } from './errors.ts';

/** All addresses of a name, in the order they are to be tried; rejects if there are none. */
export type Resolver = (name: string) => Promise<readonly string[]>;

/** The system's resolver: hosts file, search order and address selection as the operator set them. */
export const systemResolver: Resolver = async (name) => {
  const answers = await lookup(name, { all: true, verbatim: true });
  return answers.map(({ address }) => address);
};

/** The system's resolver tells no TTL; half a minute is what CDNs that steer by DNS use. */
const FRESH_MS = 30_000;
/** Until this age an answer is used while a new one is fetched; older ones wait for the new one. */
const RENEW_MS = 90_000;
// RFC 8767 §5: the resolver waits a little, then answers with what it had.
const LOOKUP_MS = 2_000;
/** RFC 8767 §4 speaks of days; a live channel that moved is better found dead within the hour. */
const STALE_MS = 3_600_000;
/** A name that does not exist is asked for again by every retry: spare the DNS. */
const FAILED_MS = 5_000;
/** Line-ups name thousands of hosts; of one entry some 300 bytes are held. */
const MAX_NAMES = 4_096;
/** More addresses than this only make a bad list longer to try. */
const MAX_ADDRESSES = 16;

type Entry = {
  readonly addresses: readonly string[];
  readonly learnedAtMs: number;
  /** Set while the newest lookup failed; `addresses` are then older, or none. */
  readonly failedAtMs?: number;
  readonly reason?: string;
};

export class ResolverCache {
  readonly #clock: Clock;
  readonly #resolve: Resolver;
  readonly #entries = new Map<string, Entry>();
  /** What waits for a lookup, at most LOOKUP_MS long. */
  readonly #waits = new SingleFlight<Entry>();
  /** The lookups themselves: the system's may go on for half a minute, in a thread each. */
  readonly #lookups = new SingleFlight<readonly string[]>();
  #staleAnswers = 0;

  constructor(clock: Clock, resolve: Resolver) {
    this.#clock = clock;
    this.#resolve = resolve;
  }

  /** Answers that were given although a newer one could not be had. */
  get staleAnswers(): number {
    return this.#staleAnswers;
  }

  /** Rejects with NET_DNS. A name in use is renewed beside its requests, which do not wait. */
  async addressesOf(name: string): Promise<readonly string[]> {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#entries.get(name);
    if (known !== undefined && isSettled(known, nowMs)) return this.#answer(name, known, nowMs);
    const renewed = this.#waits.run(name, () => this.#lookUp(name));
    if (known !== undefined && isUsable(known, nowMs)) return this.#answer(name, known, nowMs);
    return this.#answer(name, await renewed, this.#clock.monotonicMs());
  }

  /**
   * For a check beside somebody else's lookup: what is known or can be learned, `undefined` if
   * nothing. Only the first call for a name waits, so that a dead DNS does not delay every request.
   */
  async knownAddressesOf(name: string): Promise<readonly string[] | undefined> {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#entries.get(name);
    if (known !== undefined && isSettled(known, nowMs)) return usable(known);
    const renewed = this.#waits.run(name, () => this.#lookUp(name));
    return usable(known ?? (await renewed));
  }

  /** None of the addresses could be reached: the next call asks the DNS again, and waits. */
  expire(name: string): void {
    const known = this.#entries.get(name);
    if (known === undefined || known.failedAtMs !== undefined) return;
    const learnedAtMs = Math.min(known.learnedAtMs, this.#clock.monotonicMs() - RENEW_MS);
    this.#entries.set(name, { ...known, learnedAtMs });
  }

  #answer(name: string, entry: Entry, nowMs: number): readonly string[] {
    if (entry.failedAtMs === undefined) return entry.addresses;
    if (entry.addresses.length > 0 && nowMs - entry.learnedAtMs <= STALE_MS) {
      this.#staleAnswers += 1;
      return entry.addresses;
    }
    const reason = entry.reason ?? 'no answer';
    throw new NetError('NET_DNS', `Cannot resolve ${name}: ${reason}, wanted an address`, {
      host: name,
      reason,
    });
  }

  /** Never rejects: a failed lookup is an entry as well. */
  #lookUp(name: string): Promise<Entry> {
    return new Promise((settle) => {
      const fail = (reason: string) => settle(this.#store(name, this.#failed(name, reason)));
      const timer = this.#clock.after(LOOKUP_MS, () => fail('no answer in time'));
      this.#lookups
        .run(name, () => this.#resolve(name))
        .then(
          (answers) => {
            timer[Symbol.dispose]();
            const addresses = [...new Set(answers)].slice(0, MAX_ADDRESSES);
            if (addresses.length === 0) return fail('no address');
            // An answer that comes too late for this wait still serves the next request.
            settle(this.#store(name, { addresses, learnedAtMs: this.#clock.monotonicMs() }));
          },
          (cause) => {
            timer[Symbol.dispose]();
            fail(dnsReason(cause));
          },
        );
    });
  }

  #failed(name: string, reason: string): Entry {
    const nowMs = this.#clock.monotonicMs();
    const before = this.#entries.get(name);
    const addresses = before?.addresses ?? [];
    return { addresses, learnedAtMs: before?.learnedAtMs ?? nowMs, failedAtMs: nowMs, reason };
  }

  #store(name: string, entry: Entry): Entry {
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    if (this.#entries.size > MAX_NAMES) this.#entries.delete(this.#entries.keys().next().value!);
    return entry;
  }
}

/** No new lookup is due: the answer is fresh, or the failure is. */
function isSettled(entry: Entry, nowMs: number): boolean {
  if (entry.failedAtMs !== undefined) return nowMs - entry.failedAtMs < FAILED_MS;
  return nowMs - entry.learnedAtMs < FRESH_MS;
}

/** Good enough to go on with while a new lookup runs. */
function isUsable(entry: Entry, nowMs: number): boolean {
  const ageMs = nowMs - entry.learnedAtMs;
  return (
    entry.addresses.length > 0 && ageMs < (entry.failedAtMs === undefined ? RENEW_MS : STALE_MS)
  );
}

function usable(entry: Entry): readonly string[] | undefined {
  return entry.addresses.length > 0 ? entry.addresses : undefined;
}

function dnsReason(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return /^[A-Z_]{2,40}$/.test(code) ? code : 'lookup failed';
}
