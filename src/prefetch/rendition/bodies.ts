// This file answers who asks for a segment, an init segment or a key of a rendition that plays.
import { type Clock, within } from '../../base/clock.ts';
import { errorRecord } from '../../base/errors.ts';
import { InFlight } from '../../ring/in-flight.ts';
import { isSegmentName, mediaSequenceOf } from '../../ring/name.ts';
import type { RenditionRing } from '../../ring/rendition-ring.ts';
import { type Awaited, type BodyResult, told, unavailable } from '../answers.ts';
import type { BodyKey } from '../messages.ts';
import type { RenditionAssets } from './assets.ts';
import type { Copies } from './copies.ts';
import type { Supply } from './supply.ts';

export class Bodies {
  readonly #ring: RenditionRing;
  readonly #assets: RenditionAssets;
  readonly #supply: Supply;
  readonly #clock: Clock;
  readonly #copies: Copies | undefined;

  constructor(
    ring: RenditionRing,
    assets: RenditionAssets,
    supply: Supply,
    clock: Clock,
    copies?: Copies,
  ) {
    this.#copies = copies;
    this.#ring = ring;
    this.#assets = assets;
    this.#supply = supply;
    this.#clock = clock;
  }

  /** By the name that a playlist gave it. A hit is answered without a promise. */
  get(name: string, untilMs: number): BodyResult | Promise<BodyResult> {
    const sequence = mediaSequenceOf(name);
    const held =
      sequence === undefined ? this.#asset(name, untilMs) : this.#segment(name, sequence, untilMs);
    if (held instanceof Promise || (held.kind !== 'gone' && held.kind !== 'missing')) return held;
    return this.copied(name)?.then((copied) => copied ?? held) ?? held;
  }

  /** What is not here may be in the tiers; undefined at once where it never went there. */
  copied(name: string): Promise<BodyResult | undefined> | undefined {
    return this.#copies
      ?.recall(name)
      ?.then((stored) => (stored === undefined ? undefined : { kind: 'whole', ...stored }));
  }

  /** What is known of it without asking upstream. */
  peek(name: string): BodyResult | Awaited {
    const sequence = mediaSequenceOf(name);
    if (sequence === undefined) {
      const entry = this.#assets.get(name);
      if (entry === undefined) return { kind: 'missing' };
      if (entry.body === undefined) return { kind: 'awaited', contentType: entry.contentType };
      return { kind: 'whole', body: entry.body, contentType: entry.contentType };
    }
    const segment = this.#ring.find(sequence);
    if (segment?.name !== name) return this.#notHere(name, sequence);
    const { body, state, contentType } = segment;
    if (body !== undefined) return { kind: 'whole', body, contentType };
    if (state === 'awaited') return { kind: 'awaited', contentType };
    return { kind: state === 'gap' ? 'missing' : 'gone' };
  }

  #notHere(name: string, sequence: number): BodyResult {
    const { first } = this.#ring;
    const isPast = first !== undefined && sequence < first.mediaSequence && isSegmentName(name);
    return { kind: isPast ? 'gone' : 'missing' };
  }

  #segment(name: string, sequence: number, untilMs: number): BodyResult | Promise<BodyResult> {
    const segment = this.#ring.find(sequence);
    if (segment?.name !== name) return this.#notHere(name, sequence);
    if (this.#ring.onDemand) this.#supply.asked(segment);
    const { body, contentType } = segment;
    if (body !== undefined) return { kind: 'whole', body, contentType };
    if (segment.state !== 'awaited') return { kind: segment.state === 'gap' ? 'missing' : 'gone' };
    segment.inFlight ??= new InFlight();
    return this.#join(segment.ordinal, segment.inFlight, () => segment.contentType, untilMs);
  }

  #asset(name: string, untilMs: number): BodyResult | Promise<BodyResult> {
    const entry = this.#assets.get(name);
    if (entry === undefined) return { kind: 'missing' };
    const { body, contentType } = entry;
    if (body !== undefined) return { kind: 'whole', body, contentType };
    entry.inFlight ??= new InFlight();
    return this.#join(name, entry.inFlight, () => contentType, untilMs);
  }

  /** Waits for the first byte, never with a fetch of its own. */
  async #join(
    key: BodyKey,
    inFlight: InFlight,
    contentType: () => string,
    untilMs: number,
  ): Promise<BodyResult> {
    const clock = this.#clock;
    inFlight.readers++;
    if (inFlight.readers === 1) this.#supply.want(key);
    try {
      const begun = await within(clock, inFlight.begun(), untilMs - clock.monotonicMs());
      if (begun === undefined) return unavailable(1, 'the segment is late');
      if (begun !== 'streaming') return { kind: 'whole', body: begun, contentType: contentType() };
      return { kind: 'streaming', inFlight, contentType: contentType() };
    } catch (error) {
      return unavailable(1, `the segment did not come: ${told(errorRecord(error))}`);
    } finally {
      inFlight.readers--;
      if (inFlight.readers === 0) this.#supply.unwant(key);
    }
  }
}
