// This file asks, for a rendition loop, whether what it is about to fetch was put into the tiers.
import { type Clock, within } from '../../base/clock.ts';
import type { BodyKey, LoopEvent, LoopSpec } from '../messages.ts';

/** A viewer may wait for the answer: then it is fetched, whatever comes later. */
const LOOK_MS = 50;

export class LookAside {
  readonly #spec: LoopSpec;
  readonly #clock: Clock;
  readonly #emit: (event: LoopEvent) => void;
  readonly #waiting = new Map<BodyKey, (body: Blob | undefined) => void>();

  constructor(spec: LoopSpec, clock: Clock, emit: (event: LoopEvent) => void) {
    this.#spec = spec;
    this.#clock = clock;
    this.#emit = emit;
  }

  /** Whether it is worth asking: nothing is lost in time where it is not. */
  asks(isOnDemand: boolean): boolean {
    const { lookAside, source, form } = this.#spec;
    // What is made here is called as only we call it
    if (source.kind === 'loop' || source.kind === 'stream' || form !== undefined) return false;
    return lookAside === 'always' || (lookAside === 'on-demand' && isOnDemand);
  }

  /** Its bytes, or undefined where they are not there or not in time. */
  async ask(key: BodyKey): Promise<Uint8Array | undefined> {
    const answer = Promise.withResolvers<Blob | undefined>();
    this.#waiting.set(key, answer.resolve);
    this.#emit({ type: 'look', key });
    const bytes = answer.promise.then((body) => body?.bytes());
    const found = await within(this.#clock, bytes, LOOK_MS);
    this.#waiting.delete(key);
    return found;
  }

  found(key: BodyKey, body: Blob | undefined): void {
    this.#waiting.get(key)?.(body);
  }
}
