// This file gives what a rendition loop names its places in the ring.
import { contentTypeOf } from '../../media/container.ts';
import type { ListedSegment } from '../../ring/listing.ts';
import { segmentName } from '../../ring/name.ts';
import type { RenditionRing, Segment } from '../../ring/rendition-ring.ts';
import type { Ring } from '../../ring/ring.ts';
import { HOLE_MAX, type Link, type Place, type Timeline } from '../../ring/timeline.ts';
import type { TrackerResume } from '../../source/tracker.ts';
import type { Listed, LoopResume } from '../messages.ts';

/** Recent segments remembered so that a restart of the source is recognised. */
const TAIL_MAX = 128;

export type PlacementDeps = {
  readonly ring: RenditionRing;
  readonly timeline: Timeline;
  /** Called where numbers jump so far that nothing placed before can stay in one list with them. */
  readonly onVoid: (because: string) => void;
  readonly onPlaced: (listed: ListedSegment) => void;
};

/**
 * Ordinals are the numbers under which loop and ring know a segment; they never mean two.
 * Invariant: the tail holds what was named last, whether or not it is still in the ring.
 */
export class Placement {
  readonly #deps: PlacementDeps;
  /** Live: what is not settled. On demand: all. */
  readonly #byOrdinal = new Map<number, Segment>();
  #tail: [number, string][] = [];
  #lastSequence: number | undefined;
  #nextOrdinal = 0;
  #askedOrdinal = -1;

  constructor(deps: PlacementDeps) {
    this.#deps = deps;
  }

  at(ordinal: number): Segment | undefined {
    return this.#byOrdinal.get(ordinal);
  }

  /** The loop has no more to say of it; what is on demand may be fetched again. */
  settle(ordinal: number): void {
    if (!this.#deps.ring.onDemand) this.#byOrdinal.delete(ordinal);
  }

  /** A viewer has asked for it. */
  asked(ordinal: number): void {
    this.#askedOrdinal = Math.max(this.#askedOrdinal, ordinal);
  }

  /** The newest that any viewer has asked for; -1 where none did. */
  get askedOrdinal(): number {
    return this.#askedOrdinal;
  }

  unsettled(): Iterable<Segment> {
    return this.#byOrdinal.values();
  }

  clear(): void {
    this.#byOrdinal.clear();
    this.#askedOrdinal = -1;
  }

  /**
   * The source is left in mid-play: what no list has named is taken back. Returns what a list has
   * named and has not come.
   */
  cutBack(ring: Ring): readonly Segment[] {
    const { ring: list, timeline } = this.#deps;
    ring.cutBack(list);
    const { last } = list;
    if (last !== undefined) {
      timeline.takeBack(list.id, { ...last, sequence: last.listed.sequence });
    }
    this.clear();
    return list.all().filter(({ state }) => state === 'awaited');
  }

  /** What was named before: in this run, or as the timeline was saved by the last one. */
  before(): TrackerResume | undefined {
    if (this.#deps.timeline.isOfOther(this.#deps.ring.id)) return undefined;
    if (this.#lastSequence !== undefined) {
      return { lastSequence: this.#lastSequence, tail: this.#tail };
    }
    const mark = this.#deps.timeline.mark(this.#deps.ring.id);
    return mark === undefined ? undefined : { lastSequence: mark.sourceSequence, tail: mark.tail };
  }

  /** All that a loop knows which takes the place of one that died; undefined where it knows nothing. */
  resume(): LoopResume | undefined {
    const { ring } = this.#deps;
    const tracker = this.before();
    if (ring.last === undefined || tracker === undefined) return undefined;
    const { onDemand, targetDurationS } = ring;
    const pending = [...this.#byOrdinal.values()]
      .filter(({ state }) => state === 'awaited' || onDemand)
      .map(({ ordinal, listed }) => ({ ordinal, segment: listed }));
    const held = onDemand
      ? ring.all().flatMap(({ state, ordinal }) => (state === 'held' ? [ordinal] : []))
      : [];
    return { tracker, pending, held, nextOrdinal: this.#nextOrdinal, targetDurationS, onDemand };
  }

  place(event: Listed): void {
    if (event.link === 'reset') this.#tail = [];
    const isHidden = this.#hidesDiscontinuity(event);
    let link = event.missed > 0 ? this.#placeMissed(event) : event.link;
    for (const [index, { ordinal, segment }] of event.fresh.entries()) {
      const shown = isHidden && index === 0 ? { ...segment, discontinuity: true } : segment;
      if (this.#placeOne(shown, ordinal, link)) link = 'next';
    }
  }

  /** Among segments that were never seen there was a discontinuity: the source's count tells. */
  #hidesDiscontinuity({ link, missed, fresh }: Listed): boolean {
    const last = this.#deps.ring.last?.listed;
    const next = fresh[0]?.segment;
    if (last === undefined || next === undefined) return false;
    const isApart = missed > 0 || link === 'jump';
    return isApart && next.discontinuitySequence > last.discontinuitySequence;
  }

  /** Segments that were never seen take their numbers, so that ours stay the source's. */
  #placeMissed({ link, missed, fresh }: Listed): Link {
    const { ring } = this.#deps;
    const next = fresh[0]?.segment;
    if (next === undefined || ring.last === undefined) return link;
    for (let back = missed; back > 0; back--) {
      this.#placeOne(missedSegment(next, next.sequence - back, ring.targetDurationS), -1, 'next');
    }
    return 'next';
  }

  /** False where it lies before what was listed last: RFC 8216 §6.2.2 lets no list begin there. */
  #placeOne(listed: ListedSegment, ordinal: number, wantedLink: Link): boolean {
    const { ring, timeline, onPlaced } = this.#deps;
    const isEmpty = ring.last === undefined;
    const link = isEmpty && wantedLink !== 'reset' ? 'cold' : wantedLink;
    const onto = ring.onDemand ? 'finished' : isEmpty ? 'nothing' : 'list';
    const place = timeline.place(ring.id, listed, link, onto);
    if (place === undefined) return false;
    this.#fillHole(place, listed);
    const segment = createSegment(place, listed, ordinal);
    ring.push(segment);
    this.#lastSequence = listed.sequence;
    this.#tail.push([listed.sequence, listed.identity]);
    if (this.#tail.length > TAIL_MAX) this.#tail.shift();
    if (ordinal < 0) return true;
    this.#nextOrdinal = Math.max(this.#nextOrdinal, ordinal + 1);
    this.#byOrdinal.set(ordinal, segment);
    onPlaced(listed);
    return true;
  }

  /** Keeps the ring's numbers contiguous where ours jump: by gaps, or by starting anew. */
  #fillHole({ mediaSequence, discontinuitySequence }: Place, next: ListedSegment): void {
    const { ring, onVoid } = this.#deps;
    const { last } = ring;
    if (last === undefined || mediaSequence === last.mediaSequence + 1) return;
    const missing = mediaSequence - last.mediaSequence - 1;
    if (missing < 0 || missing > HOLE_MAX) {
      onVoid('the source counts anew');
      return;
    }
    for (let back = missing; back > 0; back--) {
      const listed = missedSegment(next, next.sequence - back, ring.targetDurationS);
      const place = {
        mediaSequence: mediaSequence - back,
        discontinuitySequence: Math.min(discontinuitySequence, last.discontinuitySequence),
        discontinuity: false,
      };
      ring.push(createSegment(place, listed, -1));
    }
  }
}

function createSegment(place: Place, listed: ListedSegment, ordinal: number): Segment {
  return {
    ...place,
    name: segmentName(place.mediaSequence, listed),
    listed,
    ordinal,
    state: listed.gap ? 'gap' : 'awaited',
    body: undefined,
    contentType: contentTypeOf('unknown', `.${listed.extension}`),
    inFlight: undefined,
    servedForS: 0,
    promisedUntilMs: 0,
  };
}

function missedSegment(next: ListedSegment, sequence: number, durationS: number): ListedSegment {
  return {
    sequence,
    identity: 'missed',
    ref: next.ref,
    durationS,
    title: '',
    discontinuity: false,
    discontinuitySequence: next.discontinuitySequence,
    keys: [],
    gap: true,
    extension: next.extension,
  };
}
