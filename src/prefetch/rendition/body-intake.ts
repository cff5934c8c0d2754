// This file brings the bodies that a rendition loop tells of into the ring.
import { assertNever } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import { AppError, type ErrorRecord, errorFields } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { InFlight } from '../../ring/in-flight.ts';
import type { RenditionRing, Segment } from '../../ring/rendition-ring.ts';
import type { Ring } from '../../ring/ring.ts';
import type { BodyKey, LoopEvent } from '../messages.ts';
import type { RenditionAssets } from './assets.ts';
import type { KnownForm } from './known-form.ts';
import type { ListGrowth } from './list-growth.ts';
import { listRemuxed } from './list-remuxed.ts';
import type { Placement } from './placement.ts';
import type { SourceWatch } from './source-watch.ts';
import type { Troubles } from './troubles.ts';

export type BodyEvent = Extract<LoopEvent, { type: 'loaded' | 'failed' | 'chunk' | 'broken' }>;

export type BodyIntakeParts = {
  readonly ring: Ring;
  readonly list: RenditionRing;
  readonly clock: Clock;
  readonly log: Log;
  readonly assets: RenditionAssets;
  readonly placement: Placement;
  readonly form: KnownForm;
  readonly watch: SourceWatch;
  readonly troubles: Troubles;
  readonly growth: ListGrowth;
};

export class BodyIntake {
  /** Called when a segment came whole although a fetch of it had failed. */
  onStallAvoided: () => void = () => {};
  readonly #parts: BodyIntakeParts;

  constructor(parts: BodyIntakeParts) {
    this.#parts = parts;
  }

  take(event: BodyEvent): void {
    switch (event.type) {
      case 'loaded':
        this.#loaded(event);
        break;
      case 'failed':
        this.#failed(event.key, event.error);
        break;
      case 'chunk':
        this.#inFlightOf(event.key)?.append(event.bytes, event.offset);
        break;
      case 'broken':
        this.#inFlightOf(event.key)?.restart();
        break;
      default:
        assertNever(event);
    }
  }

  #inFlightOf(key: BodyKey): InFlight | undefined {
    const { assets, placement } = this.#parts;
    return typeof key === 'string' ? assets.get(key)?.inFlight : placement.at(key)?.inFlight;
  }

  #loaded(event: Extract<LoopEvent, { type: 'loaded' }>): void {
    const { list, assets, placement, watch, form, troubles, growth, clock } = this.#parts;
    const { key, body, contentType } = event;
    if (event.attempts > 1) this.onStallAvoided();
    if (typeof key === 'string') {
      assets.loaded(key, body, event.fingerprint);
      return;
    }
    const segment = placement.at(key);
    // A cleared ring may still be told of what it no longer knows
    if (segment === undefined) return;
    placement.settle(key);
    troubles.segmentCame();
    const nowMs = clock.monotonicMs();
    watch.signs.loaded(key, event.clockTicks, segment.discontinuity, nowMs);
    form.loaded(event.form, event.remuxed !== undefined, event.unmade);
    // What a playlist has said of it stays
    if (!list.isListed(segment)) {
      segment.listed = assets.sharingKeys(segment.listed);
      if (event.remuxed !== undefined) listRemuxed(segment, event.remuxed, assets);
    }
    segment.contentType = contentType;
    segment.inFlight?.complete(body);
    segment.inFlight = undefined;
    const isHeld = this.#hold(segment, body, contentType);
    // A list that stood still would promise for ever what leaves no room
    growth.advance(nowMs, !isHeld);
  }

  #hold(segment: Segment, body: Blob, contentType: string): boolean {
    const { list, ring, log } = this.#parts;
    if (ring.hold(list, segment, body, contentType)) return true;
    const { mediaSequence } = segment;
    // It was this rendition that had to give way
    if (list.find(mediaSequence) !== segment) return false;
    log.error('segment dropped: memory is too small even for this channel alone', {
      mediaSequence,
      sizeBytes: body.size,
    });
    // What is on demand is fetched again by whoever asks next
    if (!list.onDemand) list.giveUp(segment);
    return false;
  }

  #failed(key: BodyKey, error: ErrorRecord): void {
    const { list, assets, placement, watch, troubles, growth, clock, log } = this.#parts;
    const reason = new AppError(error.code, error.message, error.detail);
    if (typeof key === 'string') {
      assets.failed(key, reason);
      troubles.assetFailed(error);
      return;
    }
    const segment = placement.at(key);
    if (segment === undefined) return;
    segment.inFlight?.fail(reason);
    segment.inFlight = undefined;
    const { mediaSequence } = segment;
    log.warn('segment given up', { mediaSequence, ...errorFields(error) });
    if (list.onDemand) return;
    watch.signs.givenUp(error);
    troubles.segmentFailed(error);
    placement.settle(key);
    list.giveUp(segment);
    growth.advance(clock.monotonicMs());
  }
}
