// This file remembers which addresses answered lately and which did not.
import type { Clock } from '../base/clock.ts';

/** An address that answered this recently is not checked again for being reachable. */
const GOOD_MS = 60_000;
/** As long as browsers avoid a broken family; the address is still tried when all others fail. */
const BAD_MS = 600_000;
/** One entry is some 200 bytes; the least recently noted goes first. */
const MAX_NOTES = 4_096;

type Note = { readonly good: boolean; readonly atMs: number };

export class AddressBook {
  readonly #clock: Clock;
  readonly #notes = new Map<string, Note>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(address: string, port: number, good: boolean): void {
    const key = `${address} ${port}`;
    this.#notes.delete(key);
    this.#notes.set(key, { good, atMs: this.#clock.monotonicMs() });
    if (this.#notes.size > MAX_NOTES) this.#notes.delete(this.#notes.keys().next().value!);
  }

  /** It is neither good nor bad any more: look again. */
  forget(address: string, port: number): void {
    this.#notes.delete(`${address} ${port}`);
  }

  isGood(address: string, port: number): boolean {
    return this.#rank(address, port) === 0;
  }

  /**
   * RFC 8305 §4: families take turns, beginning with that of the first address; those that
   * answered lately go before the rest, those that did not go last.
   */
  order(addresses: readonly string[], port: number): readonly string[] {
    if (addresses.length < 2) return addresses;
    const isIpv6 = (address: string) => address.includes(':');
    const leads = addresses.filter((address) => isIpv6(address) === isIpv6(addresses[0]!));
    const others = addresses.filter((address) => !leads.includes(address));
    const turns = leads.flatMap((lead, index) => [lead, ...others.slice(index, index + 1)]);
    const all = [...turns, ...others.slice(leads.length)];
    return all.toSorted((a, b) => this.#rank(a, port) - this.#rank(b, port));
  }

  #rank(address: string, port: number): 0 | 1 | 2 {
    const note = this.#notes.get(`${address} ${port}`);
    if (note === undefined) return 1;
    const ageMs = this.#clock.monotonicMs() - note.atMs;
    if (note.good) return ageMs < GOOD_MS ? 0 : 1;
    return ageMs < BAD_MS ? 2 : 1;
  }
}
