// This file tests the one budget of memory that all renditions share.
import { describe, expect, test } from 'bun:test';
import { RenditionRing, type Segment } from '../../src/ring/rendition-ring.ts';
import { Ring, type RingMember } from '../../src/ring/ring.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { blobOf, ringSegment } from '../support/ring-segment.ts';

const SEGMENT_BYTES = 100;
const MIB = 1024 * 1024;

class Rig {
  readonly clock = new FakeClock();
  readonly ring: Ring;
  collected = 0;

  constructor(budgetBytes: number) {
    this.ring = new Ring(this.clock, budgetBytes, () => {
      this.collected++;
    });
  }

  member(id: string, watchedMs: number): RingMember & { watchedMs: number } {
    const rendition = new RenditionRing(id);
    rendition.raiseTargetDuration(4);
    const member = { ring: rendition, watchedMs, lastWatchedMs: () => member.watchedMs };
    this.ring.join(member);
    return member;
  }

  /** Places, holds and lists `count` more segments; how many were refused. */
  feed(member: RingMember, count: number, sizeBytes = SEGMENT_BYTES): number {
    let refused = 0;
    for (let i = 0; i < count; i++) {
      const segment = ringSegment((member.ring.last?.mediaSequence ?? -1) + 1);
      member.ring.push(segment);
      const isHeld = this.ring.hold(member.ring, segment, blobOf(sizeBytes), 'video/mp2t');
      if (!isHeld) {
        refused++;
        member.ring.giveUp(segment);
      }
      member.ring.advance(this.clock.monotonicMs());
    }
    return refused;
  }
}

function heldNumbers(member: RingMember): number[] {
  return member.ring
    .all()
    .filter(({ state }) => state === 'held')
    .map(({ mediaSequence }) => mediaSequence);
}

describe('Ring', () => {
  test('stays within its budget and drops the oldest', () => {
    const rig = new Rig(10 * SEGMENT_BYTES);
    const member = rig.member('a', 0);
    expect(rig.feed(member, 25)).toBe(0);
    expect(heldNumbers(member)).toEqual([15, 16, 17, 18, 19, 20, 21, 22, 23, 24]);
    expect(rig.ring.stats()).toEqual({
      heldBytes: 10 * SEGMENT_BYTES,
      budgetBytes: 10 * SEGMENT_BYTES,
      evictedSegments: 15,
      refusedSegments: 0,
      collections: 0,
    });
  });

  test('takes first from what was watched longest ago, whoever asks for room', () => {
    const rig = new Rig(27 * SEGMENT_BYTES);
    const [recent, stale, middle] = [rig.member('r', 30), rig.member('s', 10), rig.member('m', 20)];
    for (const member of [recent, stale, middle]) rig.feed(member, 9);
    rig.feed(recent, 2);
    expect(heldNumbers(stale)[0]).toBe(2);
    expect([heldNumbers(recent)[0], heldNumbers(middle)[0]]).toEqual([0, 0]);
    // The window of the stale one is promised: then the next takes its turn
    rig.feed(recent, 2);
    expect([heldNumbers(stale)[0], heldNumbers(middle)[0]]).toEqual([3, 1]);
    stale.watchedMs = 40;
    rig.feed(stale, 1);
    expect(heldNumbers(middle)[0]).toBe(2);
  });

  test('never evicts what is promised: the newcomer is refused', () => {
    const rig = new Rig(6 * SEGMENT_BYTES);
    const member = rig.member('a', 0);
    expect(rig.feed(member, 6)).toBe(0);
    expect(rig.feed(rig.member('b', 99), 3)).toBe(3);
    expect(heldNumbers(member)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(rig.ring.stats()).toMatchObject({ refusedSegments: 3, evictedSegments: 0 });
    expect(rig.ring.stats().heldBytes).toBe(6 * SEGMENT_BYTES);
  });

  test('takes what a served list promised once that has run out', async () => {
    const rig = new Rig(7 * SEGMENT_BYTES);
    const member = rig.member('a', 0);
    rig.feed(member, 6);
    member.ring.markServed(rig.clock.monotonicMs());
    rig.feed(member, 1);
    expect(member.ring.firstListed?.mediaSequence).toBe(1);
    expect(rig.feed(rig.member('b', 1), 1)).toBe(1);
    await rig.clock.advance(60_000);
    expect(rig.feed(rig.member('c', 2), 1)).toBe(0);
    expect(heldNumbers(member)[0]).toBe(1);
  });

  test('refuses a body larger than all of it', () => {
    const rig = new Rig(SEGMENT_BYTES);
    expect(rig.feed(rig.member('a', 0), 1, SEGMENT_BYTES + 1)).toBe(1);
    expect(rig.feed(rig.member('b', 0), 1, SEGMENT_BYTES)).toBe(0);
  });

  test('hasRoom() where there is space or something may go', () => {
    const rig = new Rig(6 * SEGMENT_BYTES);
    const member = rig.member('a', 0);
    rig.feed(member, 5);
    expect(rig.ring.hasRoom()).toBe(true);
    rig.feed(member, 1);
    expect(rig.ring.hasRoom()).toBe(false);
    // Its window slides past what it was full of
    rig.ring.drop(member.ring, member.ring.find(5) as Segment);
    rig.feed(member, 1);
    expect(member.ring.firstListed?.mediaSequence).toBe(1);
    expect(rig.ring.hasRoom()).toBe(true);
  });

  test('counts a body that came for what is gone as nothing', () => {
    const rig = new Rig(10 * SEGMENT_BYTES);
    const member = rig.member('a', 0);
    rig.feed(member, 8);
    const segment = member.ring.find(0) as Segment;
    rig.ring.drop(member.ring, segment);
    rig.ring.drop(member.ring, segment);
    expect(rig.ring.hold(member.ring, segment, blobOf(50), 'video/mp2t')).toBe(true);
    expect(rig.ring.stats().heldBytes).toBe(7 * SEGMENT_BYTES);
  });

  test('gives back what a rendition held when it leaves or is cleared', () => {
    const rig = new Rig(20 * SEGMENT_BYTES);
    const [a, b] = [rig.member('a', 0), rig.member('b', 0)];
    rig.feed(a, 8);
    rig.feed(b, 8);
    rig.ring.clear(a.ring);
    expect(rig.ring.stats().heldBytes).toBe(8 * SEGMENT_BYTES);
    rig.ring.leave(b);
    rig.ring.leave(b);
    expect(rig.ring.stats().heldBytes).toBe(0);
    rig.feed(a, 12);
    expect(heldNumbers(a)).toHaveLength(12);
  });

  test('what left is neither evicted from nor in the way', () => {
    const rig = new Rig(8 * SEGMENT_BYTES);
    const [gone, kept] = [rig.member('gone', 0), rig.member('kept', 9)];
    rig.feed(gone, 8);
    rig.ring.leave(gone);
    expect(rig.feed(kept, 9)).toBe(0);
    expect(heldNumbers(kept)).toHaveLength(8);
  });

  test('calls the collector by bytes let go, not by segments', () => {
    const rig = new Rig(16 * MIB);
    const member = rig.member('a', 0);
    rig.feed(member, 2000, 1000);
    expect(rig.collected).toBe(0);
    rig.feed(member, 8 + 32, 2 * MIB);
    // 33 segments of 2 MiB go after the small ones: eight times 8 MiB, and no more often
    expect([rig.collected, rig.ring.stats().collections]).toEqual([8, 8]);
  });

  test('finds what may go of a finished stream anywhere in it', () => {
    const rig = new Rig(3 * SEGMENT_BYTES);
    const { ring } = rig.member('vod', 0);
    ring.onDemand = true;
    for (let n = 0; n < 10; n++) ring.push(ringSegment(n));
    ring.listAll(0);
    for (const n of [7, 3, 9, 1]) {
      const segment = ring.find(n) as Segment;
      expect(rig.ring.hold(ring, segment, blobOf(SEGMENT_BYTES), 'video/mp2t')).toBe(true);
    }
    expect(ring.all().filter(({ state }) => state === 'held')).toHaveLength(3);
    expect(ring.find(3)?.state).toBe('awaited');
  });
});
