// This file holds the renditions that a channel offers, whatever source feeds them.
import { assert } from '../../base/assert.ts';
import type { Timeline } from '../../ring/timeline.ts';
import { nearestTo, type Traits } from '../../source/failover/match.ts';
import type { OpenRendition, OpenSource } from '../../source/open-source.ts';
import { soundOfVariant, traitsOfId } from '../../source/pull/renditions.ts';
import type { Copies } from '../rendition/copies.ts';
import type { PastTap } from '../rendition/past.ts';
import { Rendition, type RenditionDeps } from '../rendition/rendition.ts';
import type { Trouble } from '../rendition/vital-signs.ts';
import { channelCondition } from './channel-condition.ts';

export type ChannelRenditionsDeps = Omit<RenditionDeps, 'copies' | 'past'> & {
  readonly timeline: Timeline;
  /** A rendition was made: who wants to hear of it may say so. */
  readonly created: (rendition: Rendition) => void;
  /** What the rendition of this name has in the tiers; absent where there are none. */
  readonly copiesOf?: (id: string) => Copies;
  /** Who keeps what the rendition lists; absent: nobody. */
  readonly pastOf?: (id: string, traits: Traits) => PastTap;
};

export type Sound = { readonly rendition: Rendition; readonly language?: string };

export class ChannelRenditions {
  readonly #deps: ChannelRenditionsDeps;
  readonly #byId = new Map<string, Rendition>();
  /** What the source that plays has. */
  #found: OpenSource | undefined;
  #isHeld = false;
  /** Of sources that took over, and not what the channel offers: no other source feeds them. */
  readonly #unoffered = new Set<string>();

  constructor(deps: ChannelRenditionsDeps) {
    this.#deps = deps;
  }

  [Symbol.iterator](): IterableIterator<Rendition> {
    return this.#byId.values();
  }

  get(id: string): Rendition | undefined {
    return this.#byId.get(id);
  }

  get found(): OpenSource | undefined {
    return this.#found;
  }

  /** The longest of them; 0 where nothing is known yet. */
  get targetDurationS(): number {
    let longestS = 0;
    for (const { ring } of this) longestS = Math.max(longestS, ring.targetDurationS);
    return longestS;
  }

  /** The channel begins with what this source has. Returns the first rendition. */
  adopt(found: OpenSource): Rendition {
    for (const open of found.renditions) this.#byId.set(open.id, this.#create(open));
    this.#found = found;
    const main = this.#byId.get(found.renditions[0]?.id ?? '');
    assert(main !== undefined, 'an open source has a rendition');
    return main;
  }

  /**
   * What the channel offers stays as it was: players hold its addresses. Each rendition is fed by
   * whatever comes nearest to it. Resolves once all that was open before is closed.
   */
  switchTo(found: OpenSource): Promise<unknown> {
    this.#isHeld = false;
    for (const rendition of this) {
      const next = this.#nextOf(rendition, found);
      if (next === undefined) rendition.starve();
      else rendition.switchTo(next.spec, next.first);
    }
    this.#found = found;
    return this.#closed();
  }

  /** The same source has other addresses now. */
  moveTo(found: OpenSource): void {
    this.#found = found;
    for (const rendition of this) {
      const same = this.#nextOf(rendition, found);
      if (same !== undefined) rendition.moveTo(same.spec);
    }
  }

  /**
   * The sound that the source which plays has beside what feeds this rendition. It is a rendition
   * like any other, and named nowhere.
   */
  soundFor(rendition: Rendition): Sound | undefined {
    const found = this.#found;
    if (found?.multivariant === undefined) return undefined;
    const feeding = likeOf(rendition, found);
    const sound = feeding && soundOfVariant(found.multivariant, feeding.id);
    const open = sound && found.renditions.find(({ id }) => id === sound.id);
    if (sound === undefined || open === undefined) return undefined;
    const { id, ...more } = sound;
    const known = this.#byId.get(id);
    if (known !== undefined) return { rendition: known, ...more };
    const made = this.#create(open);
    this.#byId.set(id, made);
    this.#unoffered.add(id);
    return { rendition: made, ...more };
  }

  #nextOf(rendition: Rendition, found: OpenSource): OpenRendition | undefined {
    if (!this.#unoffered.has(rendition.id)) return likeOf(rendition, found);
    return found.renditions.find(({ id }) => id === rendition.id);
  }

  /**
   * A rendition of another source, whose address a player still holds: it was offered before weir
   * was started, or before nobody watched for a while. What comes nearest to it now feeds it.
   */
  revive(id: string): Rendition | undefined {
    if (this.#found === undefined || this.#deps.timeline.mark(id) === undefined) return undefined;
    const traits = traitsOfId(id);
    const nearest = nearestTo(traits, this.#found.renditions);
    if (nearest === undefined) return undefined;
    // The answer at hand is as old as the channel has been open
    const { first: _, ...spec } = nearest;
    const rendition = this.#create({ ...spec, id, traits });
    this.#byId.set(id, rendition);
    return rendition;
  }

  /** Closes all that is open upstream, and opens nothing until `goOn` or `switchTo`. */
  hold(): Promise<unknown> {
    this.#isHeld = true;
    return Promise.all([...this].map((rendition) => rendition.hold()));
  }

  goOn(): void {
    this.#isHeld = false;
    for (const rendition of this) rendition.goOn();
  }

  /** Why the source that plays should be left for another, or that it plays. */
  condition(nowMs: number): Trouble | 'well' | 'unknown' {
    return channelCondition(this.#byId.values(), nowMs);
  }

  /** The source that plays has not failed, and may be about to. */
  isLate(nowMs: number): boolean {
    return [...this].some((rendition) => rendition.isLate(nowMs));
  }

  /**
   * Milliseconds for which everything upstream may be closed from now on without a viewer seeing
   * anything of it; 0 where it may not.
   */
  pauseMs(): number {
    const specs = this.#found?.renditions ?? [];
    // What passes while a stream is closed is lost
    if (!specs.every(({ spec: { kind } }) => kind === 'hls' || kind === 'computed')) return 0;
    const pauses = [...this].filter(({ state }) => state !== 'cold').map(pauseOf);
    return pauses.length === 0 ? 0 : Math.max(0, Math.min(...pauses));
  }

  /** Monotonic time at which media came last; undefined before any. */
  mediaMs(nowMs: number): number | undefined {
    const ages = [...this].map((rendition) => rendition.edgeAgeS() ?? Number.POSITIVE_INFINITY);
    const leastS = Math.min(...ages);
    return Number.isFinite(leastS) ? nowMs - leastS * 1000 : undefined;
  }

  /** Ends them all. Resolves once nothing of them is open upstream any more. */
  close(): Promise<unknown> {
    for (const rendition of this) rendition[Symbol.dispose]();
    const closed = this.#closed();
    this.#byId.clear();
    this.#unoffered.clear();
    this.#found = undefined;
    this.#isHeld = false;
    return closed;
  }

  #closed(): Promise<unknown> {
    return Promise.all([...this].map((rendition) => rendition.closed()));
  }

  #create(open: OpenRendition): Rendition {
    const { blankLimits, copiesOf, pastOf, ...deps } = this.#deps;
    const copies = copiesOf === undefined ? {} : { copies: copiesOf(open.id) };
    const past = pastOf === undefined ? {} : { past: pastOf(open.id, open.traits) };
    const isHeardOrSeen = !['subtitles', 'iframe'].includes(open.traits.kind);
    const limits = blankLimits === undefined || !isHeardOrSeen ? {} : { blankLimits };
    const rendition = new Rendition(open, { ...deps, ...limits, ...copies, ...past });
    // The place is another source's for a moment
    if (this.#isHeld) void rendition.hold();
    this.#deps.created(rendition);
    return rendition;
  }
}

/** As few as a player may have left to play, and it is two of them behind what was listed last. */
const PAUSE_SEGMENTS_MIN = 3;
/**
 * Between two segments there is nothing to fetch. RFC 8216 §6.2.1: a list may stand for one and a
 * half target durations; of that so much is for the pause, the rest for what goes on then.
 */
const PAUSE_TARGET_DURATIONS = 0.75;

function pauseOf(rendition: Rendition): number {
  const { ring, state, isQuiet } = rendition;
  const last = ring.listed().at(-1);
  const ageS = rendition.edgeAgeS();
  if (state !== 'following' || !isQuiet || ring.onDemand || ring.ended) return 0;
  if (ring.listedCount < PAUSE_SEGMENTS_MIN || last === undefined || ageS === undefined) return 0;
  const lengthS = Math.min(ring.targetDurationS, last.listed.durationS);
  return (lengthS * PAUSE_TARGET_DURATIONS - ageS) * 1000;
}

/** By its name, which says what it is, or by what comes nearest. */
function likeOf({ id, traits }: Rendition, { renditions }: OpenSource): OpenRendition | undefined {
  return renditions.find((other) => other.id === id) ?? nearestTo(traits, renditions);
}
