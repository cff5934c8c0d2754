// This file keeps the segments of all renditions within one budget of memory.
import type { Clock } from '../base/clock.ts';
import type { RenditionRing, Segment } from './rendition-ring.ts';

/** A rendition in the ring, with what decides how soon its segments go. */
export type RingMember = {
  readonly ring: RenditionRing;
  /** Monotonic time of the last request; the least recently watched goes first. */
  lastWatchedMs(): number;
};

export type RingStats = {
  readonly heldBytes: number;
  readonly budgetBytes: number;
  readonly evictedSegments: number;
  readonly refusedSegments: number;
  readonly collections: number;
};

/**
 * The collector does not see how large a Blob is, so it is called after this many bytes were let
 * go: about 2 ms each time on the small heap of the serving thread. With four times as much between
 * collections a full ring took 100 MB more.
 */
const COLLECT_AFTER_BYTES = 8 * 1024 * 1024;

export class Ring {
  readonly #clock: Clock;
  readonly #budgetBytes: number;
  readonly #collect: () => void;
  readonly #members = new Set<RingMember>();
  #heldBytes = 0;
  #freedSinceCollection = 0;
  #evictedSegments = 0;
  #refusedSegments = 0;
  #collections = 0;

  constructor(clock: Clock, budgetBytes: number, collect: () => void) {
    this.#clock = clock;
    this.#budgetBytes = budgetBytes;
    this.#collect = collect;
  }

  join(member: RingMember): void {
    this.#members.add(member);
  }

  leave(member: RingMember): void {
    this.#members.delete(member);
    this.clear(member.ring);
  }

  /**
   * Puts a body into its place, letting go of what is oldest and least watched for it. False where
   * everything held is still promised: the budget is too small for what is being watched, and the
   * segment must become a gap.
   */
  hold(ring: RenditionRing, segment: Segment, body: Blob, contentType: string): boolean {
    if (!this.#makeRoom(body.size)) {
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

  /** False where a new channel would find no room: what is held is promised to others. */
  hasRoom(): boolean {
    if (this.#heldBytes < this.#budgetBytes * 0.95) return true;
    return this.#leastWanted() !== undefined;
  }

  stats(): RingStats {
    return {
      heldBytes: this.#heldBytes,
      budgetBytes: this.#budgetBytes,
      evictedSegments: this.#evictedSegments,
      refusedSegments: this.#refusedSegments,
      collections: this.#collections,
    };
  }

  #makeRoom(sizeBytes: number): boolean {
    while (this.#heldBytes + sizeBytes > this.#budgetBytes) {
      const found = this.#leastWanted();
      if (found === undefined) return false;
      this.#evictedSegments++;
      this.drop(found.ring, found.segment);
    }
    return true;
  }

  /** Among the oldest free segment of each rendition, that of the one watched longest ago. */
  #leastWanted(): { ring: RenditionRing; segment: Segment } | undefined {
    const nowMs = this.#clock.monotonicMs();
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
