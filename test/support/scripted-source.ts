// This file is a rendition source that answers what a test wrote down.
import { type Clock, sleep } from '../../src/base/clock.ts';
import type { OutboundLimits } from '../../src/net/outbound.ts';
import type { BodyRef, Listing } from '../../src/ring/listing.ts';
import type { BodyAnswer, BodyOutcome, RenditionSource } from '../../src/source/source.ts';

/** A number is a pause in milliseconds, an error ends the answer. */
export type BodyStep = Uint8Array | string | number | Error;

export type OpenedBody = {
  readonly address: string;
  readonly atMs: number;
  readonly limits: OutboundLimits;
  isCancelled: boolean;
};

/** What is asked for: the last component of the address. */
export function addressOf(ref: BodyRef): string {
  if (ref.kind !== 'http') return `${ref.kind}:${ref.sequence}`;
  return ref.url.slice(ref.url.lastIndexOf('/') + 1);
}

export class ScriptedSource implements RenditionSource {
  readonly #clock: Clock;
  readonly polls: number[] = [];
  readonly opened: OpenedBody[] = [];
  readonly observed: [number, BodyOutcome][] = [];
  /** What the next poll says; an error is thrown. */
  listing: Listing | Error = new Error('nothing is listed');
  /** The steps of the `attempt`-th answer (from 0) for an address. */
  answer: (address: string, attempt: number) => readonly BodyStep[] = () => [wholeMedia()];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async poll(): Promise<Listing> {
    this.polls.push(this.#clock.monotonicMs());
    if (this.listing instanceof Error) throw this.listing;
    return this.listing;
  }

  async open(ref: BodyRef, limits: OutboundLimits, signal: AbortSignal): Promise<BodyAnswer> {
    const address = addressOf(ref);
    const attempt = this.opened.filter((each) => each.address === address).length;
    const opened: OpenedBody = {
      address,
      atMs: this.#clock.monotonicMs(),
      limits,
      isCancelled: false,
    };
    this.opened.push(opened);
    const steps = this.answer(address, attempt);
    const [first] = steps;
    if (first instanceof Error) throw first;
    return {
      body: this.#play(steps, signal),
      cancel: () => {
        opened.isCancelled = true;
      },
    };
  }

  observe(sequence: number, outcome: BodyOutcome): void {
    this.observed.push([sequence, outcome]);
  }

  get addresses(): string[] {
    return this.opened.map(({ address }) => address);
  }

  async *#play(steps: readonly BodyStep[], signal: AbortSignal): AsyncGenerator<Uint8Array> {
    for (const step of steps) {
      if (typeof step === 'number') await sleep(this.#clock, step, signal);
      if (signal.aborted) throw new Error('aborted');
      if (step instanceof Error) throw step;
      if (typeof step === 'string') yield new TextEncoder().encode(step);
      else if (typeof step !== 'number') yield step;
    }
  }
}

const PACKET_BYTES = 188;

/** Null packets of a transport stream, `fill` in each: whole media as far as framing tells. */
export function wholeMedia(packets = 2, fill = 0): Uint8Array {
  const bytes = new Uint8Array(packets * PACKET_BYTES).fill(fill);
  for (let at = 0; at < bytes.length; at += PACKET_BYTES) bytes.set([0x47, 0x1f, 0xff, 0x10], at);
  return bytes;
}
