// This file brings what a rendition loop tells into the ring.
import { assertNever } from '../../base/assert.ts';
import { type ErrorRecord, errorFields } from '../../base/errors.ts';
import type { Start } from '../../media/m3u8/playlist.ts';
import { BodyBrokenError } from '../../ring/in-flight.ts';
import { assetsOf } from '../../ring/listing.ts';
import type { RenditionRing } from '../../ring/rendition-ring.ts';
import type { Ring } from '../../ring/ring.ts';
import type { Timeline } from '../../ring/timeline.ts';
import type { StreamCounts } from '../../source/source.ts';
import type { Join, Listed, LoopEvent } from '../messages.ts';
import { RenditionAssets } from './assets.ts';
import { BodyIntake } from './body-intake.ts';
import { cutJoin } from './cut-join.ts';
import { KnownForm } from './known-form.ts';
import { ListGrowth } from './list-growth.ts';
import type { PastTap } from './past.ts';
import { Placement } from './placement.ts';
import { SourceWatch, type SourceWatchDeps } from './source-watch.ts';
import { isRefusal, Troubles } from './troubles.ts';
import type { Trouble } from './vital-signs.ts';

export type IntakeDeps = SourceWatchDeps & {
  readonly ring: Ring;
  readonly timeline: Timeline;
  readonly count: (what: 'playlist' | 'segment' | 'asset', outcome: string) => void;
  /** Who keeps what was listed; absent: nobody. */
  readonly past?: PastTap;
};

export type Header = {
  readonly independentSegments: boolean;
  readonly iFramesOnly: boolean;
  readonly start: Start | undefined;
};

const NO_HEADER: Header = { independentSegments: false, iFramesOnly: false, start: undefined };

/**
 * ```
 *   listed ─► placement ─► awaited ─► loaded ─► held ─► listed in the next playlist
 *                             └─────► failed ─► gap
 * ```
 */
export class Intake {
  readonly assets = new RenditionAssets();
  readonly placement: Placement;
  /** How the source does. */
  readonly watch: SourceWatch;
  readonly troubles = new Troubles();
  /** What is made of the segments of sources that take over. */
  readonly form: KnownForm;
  /** What has come of the list. */
  readonly growth: ListGrowth;
  readonly bodies: BodyIntake;
  readonly #list: RenditionRing;
  readonly #deps: IntakeDeps;
  #header = NO_HEADER;
  #listedMs = Number.NEGATIVE_INFINITY;
  #joins = false;
  /** The next listing is shown as it is: nothing is held that could be shown instead. */
  #showsNext = true;
  /** What its source is asked for, as the log says it. */
  asks: 'playlist' | 'stream' = 'playlist';
  /** Called when the source refuses the rendition's URL: its token may have run out. */
  onRefused: () => void = () => {};
  /** Called with what was seen of an endless stream. */
  onStreamCounts: (counts: StreamCounts) => void = () => {};

  constructor(list: RenditionRing, deps: IntakeDeps) {
    this.#list = list;
    this.#deps = deps;
    this.watch = new SourceWatch(list, deps);
    this.form = new KnownForm(deps.log);
    const { watch, form, assets, troubles } = this;
    const { ring, timeline, clock, log } = deps;
    this.growth = new ListGrowth({ list, timeline, watch, form });
    this.placement = new Placement({
      ring: list,
      timeline,
      onVoid: (because) => this.forget(because),
      onPlaced: (listed) => {
        for (const asset of assetsOf(listed)) this.assets.know(asset);
      },
    });
    const { placement, growth } = this;
    this.bodies = new BodyIntake({
      ...{ ring, list, clock, log, assets, placement, form, watch, troubles, growth },
    });
  }

  get header(): Header {
    return this.#header;
  }

  /** Monotonic time of the last listing; -Infinity before the first. */
  get listedMs(): number {
    return this.#listedMs;
  }

  /** The loop is about to be opened: nothing it may have said before counts. */
  start(): void {
    this.#listedMs = Number.NEGATIVE_INFINITY;
    this.troubles.segmentCame();
    this.watch.begin();
  }

  /** What is listed is too old to be shown: the next listing is shown at once. */
  showNext(): void {
    this.#showsNext = true;
  }

  /**
   * The source is left for another in mid-play. What is listed stays; of it what has not come is a
   * gap; what no list named yet is taken back.
   */
  cutOver(): Join {
    const list = this.#list;
    this.troubles.listCame();
    this.troubles.segmentCame();
    this.#joins = true;
    this.watch.change();
    if (list.listedCount === 0 || list.onDemand) {
      this.forget('the source is left for another');
      this.form.forget();
      return { missingMs: 0 };
    }
    this.form.changeSource();
    const error = broken('the source is left for another');
    for (const { state, inFlight } of list.all()) if (state === 'awaited') inFlight?.fail(error);
    for (const segment of this.placement.cutBack(this.#deps.ring)) list.giveUp(segment);
    this.assets.abandon(error);
    list.ended = false;
    list.nameDateRanges({ ranges: [] });
    list.version++;
    return cutJoin(list.listed(), this.watch.missingMs());
  }

  /** All that was named has come, or never will. */
  get isSettled(): boolean {
    for (const _ of this.placement.unsettled()) return false;
    for (const _ of this.assets.waitedFor()) return false;
    return !this.#joins;
  }

  /** The source was changed, and the new one has not listed anything yet. */
  get joins(): boolean {
    return this.#joins;
  }

  /** Why the source should be left for another, or that it plays. */
  condition(nowMs: number): Trouble | 'well' | 'unknown' {
    return this.watch.condition(nowMs, this.#joins);
  }

  stop(because: string): void {
    this.forget(because);
    this.#list.forgetDateRanges();
    this.assets.clear(broken(because));
    this.troubles.listCame();
    this.#joins = false;
    this.form.forget();
  }

  /** Whoever still follows one of the segments is told so, or would wait for ever. */
  forget(because: string): void {
    const list = this.#list;
    if (list.last !== undefined) this.#deps.log.info('segments forgotten', { because });
    for (const segment of list.all()) segment.inFlight?.fail(broken(because));
    this.#deps.ring.clear(list);
    this.placement.clear();
    this.#showsNext = true;
  }

  get onDemand(): boolean {
    return this.#list.onDemand;
  }

  take(event: LoopEvent): void {
    this.#take(event);
    const { independentSegments } = this.#header;
    this.#deps.past?.look(this.#list, {
      asset: (name) => this.assets.get(name),
      independentSegments,
    });
  }

  #take(event: LoopEvent): void {
    switch (event.type) {
      case 'listed':
        this.#listed(event);
        break;
      case 'date-ranges':
        this.#list.nameDateRanges(event);
        break;
      case 'loaded':
      case 'failed':
      case 'chunk':
      case 'broken':
        this.bodies.take(event);
        break;
      case 'fetched':
        this.#fetched(event.what, event.outcome);
        break;
      case 'poll-failed':
        this.#pollFailed(event.error, event.failures);
        break;
      case 'judged':
        this.watch.judged(event);
        break;
      case 'stream':
        this.watch.signs.stream.received(this.#deps.clock.monotonicMs(), event.motion);
        if (event.counts !== undefined) this.onStreamCounts(event.counts);
        break;
      case 'says-end':
        this.watch.signs.saysEnd(event.isEnd);
        break;
      case 'look':
        // Answered by whoever knows the tiers
        break;
      case 'ended':
        this.growth.end(this.#deps.clock.monotonicMs());
        break;
      default:
        assertNever(event);
    }
  }

  #fetched(what: 'playlist' | 'segment' | 'asset', outcome: string): void {
    const { clock, count } = this.#deps;
    count(what, outcome);
    if (what === 'playlist' && outcome === 'ok') this.watch.signs.polled(clock.monotonicMs());
  }

  #listed(event: Listed): void {
    const list = this.#list;
    const nowMs = this.#deps.clock.monotonicMs();
    this.troubles.listCame();
    if (list.onDemand && !event.onDemand) this.forget('the stream goes on live');
    this.#takeHeader(event);
    this.watch.signs.listed(event, nowMs);
    if (event.link === 'reset' && !this.#joins) {
      const sequence = event.fresh[0]?.segment.sequence;
      this.#deps.log.warn('the source counts anew', { sequence });
    }
    this.placement.place(event);
    this.#joins = false;
    this.#listedMs = nowMs;
    // What is still to be made into something else has neither its name nor its init segment
    const isToBeMade = this.form.toMake !== undefined && !event.onDemand;
    if (list.last !== undefined && (this.#showsNext || event.onDemand) && !isToBeMade) {
      this.#showsNext = false;
      this.growth.showAll(nowMs);
    }
    this.growth.changed.fire();
  }

  #takeHeader(event: Listed): void {
    const list = this.#list;
    const { independentSegments, iFramesOnly, start } = event;
    const header = { independentSegments, iFramesOnly, start };
    if (list.ended !== event.onDemand || !Bun.deepEquals(this.#header, header)) list.version++;
    this.#header = header;
    list.raiseTargetDuration(event.targetDurationS);
    list.onDemand = event.onDemand;
    // Known to have ended from its first listing on: the very first answer must say so
    list.ended = event.onDemand;
  }

  #pollFailed(error: ErrorRecord, failures: number): void {
    this.watch.signs.pollFailed(error);
    const isNew = this.troubles.pollFailed(error);
    if (isNew) this.#deps.log.warn(`${this.asks} not to be had`, errorFields(error));
    if (isRefusal(error) && failures % 3 === 2) this.onRefused();
    this.growth.changed.fire();
  }
}

function broken(because: string): BodyBrokenError {
  return new BodyBrokenError(`Cannot go on with the body: ${because}`);
}
