// This file keeps the segments of all renditions within one budget of memory.
import type { Clock } from '../base/clock.ts';
import { Admission, type Refusal } from './admission.ts';
import type { RingMember } from './member.ts';
import type { RenditionRing, Segment } from './rendition-ring.ts';

/** A viewer came, one only looks whether it could, or it is to be kept warm for one. */
export type Demand = 'viewer' | 'look' | 'nobody';

export type RingStats = {
  readonly heldBytes: number;
  readonly budgetBytes: number;
  readonly evictedSegments: number;
  readonly refusedSegments: number;
  /** Renditions stopped for want of memory. */
  readonly gaveWay: number;
  /** Viewers of a cold rendition turned away for want of memory. */
  readonly turnedAway: number;
  readonly collections: number;
};

/**
 * The collector does not see how large a Blob is, so it is called after this many bytes were let
 * go: about 2 ms each time on the small heap of the serving thread. With four times as much between
 * collections a full ring took 100 MB more.
 */
const COLLECT_AFTER_BYTES = 8 * 1024 * 1024;
/** A player asks for the list each target duration; who has not for so many has gone. */
const ABANDONED_TARGET_DURATIONS = 3;
/** A viewer may wait ten seconds for one answer before it asks again. */
const ABANDONED_MS_MIN = 12_000;

export class Ring {
  readonly #clock: Clock;
  readonly #budgetBytes: number;
  readonly #collect: () => void;
  readonly #members = new Set<RingMember>();
  #heldBytes = 0;
  #freedSinceCollection = 0;
  #evictedSegments = 0;
  #refusedSegments = 0;
  #gaveWay = 0;
  #turnedAway = 0;
  readonly #admission: Admission;
  #collections = 0;

  constructor(clock: Clock, budgetBytes: number, collect: () => void) {
    this.#clock = clock;
    this.#budgetBytes = budgetBytes;
    this.#collect = collect;
    this.#admission = new Admission(budgetBytes);
  }

  join(member: RingMember): void {
    this.#members.add(member);
  }

  leave(member: RingMember): void {
    this.#members.delete(member);
    this.#admission.forget(member.ring);
    this.clear(member.ring);
  }

  /**
   * Puts a body into its place, letting go of what is oldest and least watched for it. Where
   * everything held is still promised, whoever came last gives way. False where that is this
   * rendition, or it is alone and the budget too small for it: then the segment must become a gap.
   */
  hold(ring: RenditionRing, segment: Segment, body: Blob, contentType: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    this.#admission.share(this.#members, nowMs);
    if (!this.#makeRoom(body.size, ring, nowMs)) {
      this.#refusedSegments++;
      return false;
    }
    const before = ring.heldBytes;
    ring.hold(segment, body, contentType);
    this.#heldBytes += ring.heldBytes - before;
    return true;
  }

  drop(ring: RenditionRing, segment: Segment): void {
    this.#freed(ring.drop(segment));
  }

  /** Takes back what no playlist has listed yet. */
  cutBack(ring: RenditionRing): Segment[] {
    const before = ring.heldBytes;
    const cut = ring.cutBack();
    this.#freed(before - ring.heldBytes);
    return cut;
  }

  clear(ring: RenditionRing): void {
    this.#freed(ring.clear());
  }

  /**
   * To be asked before a rendition is kept up with its source: undefined where there will be room
   * for it, else what its viewer should be told. For a `viewer` those that nobody watches any more
   * give way, and windows are shortened so that there is room when it comes again; for who only
   * looks nothing is changed.
   */
  admit({ ring }: RingMember, who: Demand): Refusal | undefined {
    const nowMs = this.#clock.monotonicMs();
    if (who === 'look') {
      const watched = [...this.#members].filter((other) => !isAbandoned(other, nowMs));
      return this.#admission.wouldRefuse(ring, watched, nowMs);
    }
    for (;;) {
      const refusal = this.#admission.admit(ring, this.#members, nowMs, who === 'viewer');
      if (refusal === undefined) return undefined;
      const left = who === 'viewer' ? this.#abandoned(ring, nowMs) : undefined;
      if (left === undefined) {
        this.#turnedAway++;
        return refusal;
      }
      this.#stop(left);
    }
  }

  stats(): RingStats {
    return {
      heldBytes: this.#heldBytes,
      budgetBytes: this.#budgetBytes,
      evictedSegments: this.#evictedSegments,
      refusedSegments: this.#refusedSegments,
      gaveWay: this.#gaveWay,
      turnedAway: this.#turnedAway,
      collections: this.#collections,
    };
  }

  #makeRoom(sizeBytes: number, ring: RenditionRing, nowMs: number): boolean {
    while (this.#heldBytes + sizeBytes > this.#budgetBytes) {
      const found = this.#leastWanted(nowMs);
      if (found !== undefined) {
        this.#evictedSegments++;
        this.drop(found.ring, found.segment);
        continue;
      }
      if (sizeBytes > this.#budgetBytes) return false;
      const last = this.#abandoned(ring, nowMs) ?? this.#newest(ring);
      if (last === undefined) return false;
      this.#stop(last);
      if (last.ring === ring) return false;
    }
    return true;
  }

  #stop(member: RingMember): void {
    this.#gaveWay++;
    member.giveWay();
  }

  /** Of those that nobody watches any more, the one that was watched longest ago. */
  #abandoned(but: RenditionRing, nowMs: number): RingMember | undefined {
    let found: RingMember | undefined;
    for (const member of this.#members) {
      if (member.ring === but || !isAbandoned(member, nowMs)) continue;
      if (found === undefined || member.lastWatchedMs() < found.lastWatchedMs()) found = member;
    }
    return found;
  }

  /** The one that was started last; undefined where `asking` is alone. */
  #newest(asking: RenditionRing): RingMember | undefined {
    let newest: RingMember | undefined;
    let others = 0;
    for (const member of this.#members) {
      const sinceMs = member.followedSinceMs();
      if (sinceMs === undefined) continue;
      if (member.ring !== asking) {
        if (member.ring.heldBytes === 0) continue;
        others++;
      }
      if (newest === undefined || sinceMs >= (newest.followedSinceMs() ?? 0)) newest = member;
    }
    return others === 0 ? undefined : newest;
  }

  /** Among the oldest free segment of each rendition, that of the one watched longest ago. */
  #leastWanted(nowMs: number): { ring: RenditionRing; segment: Segment } | undefined {
    let found: { ring: RenditionRing; segment: Segment; watchedMs: number } | undefined;
    for (const member of this.#members) {
      const watchedMs = member.lastWatchedMs();
      if (found !== undefined && watchedMs >= found.watchedMs) continue;
      const segment = member.ring.oldestFree(nowMs);
      if (segment !== undefined) found = { ring: member.ring, segment, watchedMs };
    }
    return found;
  }

  #freed(sizeBytes: number): void {
    this.#heldBytes -= sizeBytes;
    this.#freedSinceCollection += sizeBytes;
    if (this.#freedSinceCollection < COLLECT_AFTER_BYTES) return;
    this.#freedSinceCollection = 0;
    this.#collections++;
    this.#collect();
  }
}

/** It is still followed, and nobody asks for it any more. */
function isAbandoned(member: RingMember, nowMs: number): boolean {
  if (member.followedSinceMs() === undefined) return false;
  const playedMs = ABANDONED_TARGET_DURATIONS * member.ring.targetDurationS * 1000;
  return nowMs - member.lastWatchedMs() >= Math.max(ABANDONED_MS_MIN, playedMs);
}
