// This file tests the one budget of memory that all renditions share.
import { describe, expect, test } from 'bun:test';
import type { Refusal } from '../../src/ring/admission.ts';
import type { RingMember } from '../../src/ring/member.ts';
import { RenditionRing, type Segment } from '../../src/ring/rendition-ring.ts';
import { Ring } from '../../src/ring/ring.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { blobOf, ringSegment } from '../support/ring-segment.ts';

const SEGMENT_BYTES = 100;
const MIB = 1024 * 1024;
const TARGET_S = 4;

type Member = RingMember & { watchedMs: number; sinceMs: number | undefined };

class Rig {
  readonly clock = new FakeClock();
  readonly ring: Ring;
  readonly stopped: string[] = [];
  collected = 0;

  constructor(budgetBytes: number) {
    this.ring = new Ring(this.clock, budgetBytes, () => {
      this.collected++;
    });
  }

  member(id: string, watchedMs: number, sinceMs?: number): Member {
    const rendition = new RenditionRing(id);
    rendition.raiseTargetDuration(TARGET_S);
    const member: Member = {
      ring: rendition,
      watchedMs,
      sinceMs,
      lastWatchedMs: () => member.watchedMs,
      followedSinceMs: () => member.sinceMs,
      giveWay: () => {
        this.stopped.push(id);
        member.sinceMs = undefined;
        this.ring.clear(rendition);
      },
    };
    this.ring.join(member);
    return member;
  }

  /** Asks for room as a viewer; follows it where there is. What it is told, where there is none. */
  open(member: Member): Refusal | undefined {
    member.watchedMs = this.clock.monotonicMs();
    const refusal = this.ring.admit(member, 'viewer');
    if (refusal === undefined) member.sinceMs = this.clock.monotonicMs();
    return refusal;
  }

  /**
   * So many segments of each, all watched by somebody who asks for each list; what was refused of
   * whom.
   */
  async play(members: readonly Member[], count: number, size = new Map<Member, number>()) {
    const refused: string[] = [];
    for (let i = 0; i < count; i++) {
      await this.clock.advance(TARGET_S * 1000);
      for (const member of members) {
        if (member.sinceMs === undefined) continue;
        member.watchedMs = this.clock.monotonicMs();
        if (this.feed(member, 1, size.get(member) ?? SEGMENT_BYTES) > 0)
          refused.push(member.ring.id);
        member.ring.markServed();
      }
      expect(this.ring.stats().heldBytes).toBeLessThanOrEqual(this.ring.stats().budgetBytes);
    }
    return refused;
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
      gaveWay: 0,
      turnedAway: 0,
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
    member.ring.markServed();
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

/** A window of six segments takes about fourteen of them in memory, the shortest one eight. */
describe('Ring admission', () => {
  test('one that is alone is always admitted', () => {
    const rig = new Rig(3 * SEGMENT_BYTES);
    expect(rig.open(rig.member('a', 0))).toBeUndefined();
  });

  test('a newcomer comes in where all windows fit, and nobody is touched', async () => {
    const rig = new Rig(32 * SEGMENT_BYTES);
    const [a, b] = [rig.member('a', 0), rig.member('b', 0)];
    expect(rig.open(a)).toBeUndefined();
    expect(await rig.play([a], 20)).toEqual([]);
    expect(rig.open(b)).toBeUndefined();
    expect(await rig.play([a, b], 40)).toEqual([]);
    expect([a.ring.listedCount, b.ring.listedCount]).toEqual([6, 6]);
  });

  test('the third of three waits until the windows of two are short, and none has a gap', async () => {
    const rig = new Rig(32 * SEGMENT_BYTES);
    const [a, b, c] = [rig.member('a', 0), rig.member('b', 0), rig.member('c', 0)];
    rig.open(a);
    await rig.play([a], 3);
    rig.open(b);
    expect(await rig.play([a, b], 20)).toEqual([]);
    const refusal = rig.open(c);
    expect(refusal?.retryAfterS).toBeWithin(2, 61);
    const waitSegments = Math.ceil((refusal?.retryAfterS ?? 0) / TARGET_S);
    expect(await rig.play([a, b], waitSegments)).toEqual([]);
    expect([a.ring.listedCount, b.ring.listedCount]).toEqual([3, 3]);
    expect(rig.open(c)).toBeUndefined();
    expect(await rig.play([a, b, c], 40)).toEqual([]);
    expect([a, b, c].map(({ ring }) => ring.listedCount)).toEqual([3, 3, 3]);
    expect(rig.stopped).toEqual([]);
    // One goes, and the windows of the others grow again
    rig.ring.leave(c);
    expect(await rig.play([a, b], 20)).toEqual([]);
    expect([a.ring.listedCount, b.ring.listedCount]).toEqual([6, 6]);
  });

  test('turned away where it would not fit with the shortest windows: those stay long', async () => {
    const rig = new Rig(16 * SEGMENT_BYTES);
    const [a, b] = [rig.member('a', 0), rig.member('b', 0)];
    rig.open(a);
    await rig.play([a], 20);
    expect(rig.open(b)).toMatchObject({ retryAfterS: 10, reason: expect.stringMatching(/taken/) });
    expect(await rig.play([a], 20)).toEqual([]);
    expect(a.ring.listedCount).toBe(6);
    expect(rig.ring.stats()).toMatchObject({ turnedAway: 1, gaveWay: 0 });
  });

  test('who waits no longer gives the room back', async () => {
    const rig = new Rig(32 * SEGMENT_BYTES);
    const [a, b, c] = [rig.member('a', 0), rig.member('b', 0), rig.member('c', 0)];
    rig.open(a);
    await rig.play([a], 3);
    rig.open(b);
    await rig.play([a, b], 20);
    expect(rig.open(c)).toBeDefined();
    expect(await rig.play([a, b], 30)).toEqual([]);
    expect([a.ring.listedCount, b.ring.listedCount]).toEqual([6, 6]);
  });

  test('goes by what the source declares until segments were seen', () => {
    const rig = new Rig(32 * SEGMENT_BYTES);
    const [a, b] = [rig.member('a', 0), rig.member('b', 0)];
    rig.open(a);
    rig.feed(a, 6);
    b.ring.size.declaredBytesPerS = (10 * SEGMENT_BYTES) / TARGET_S;
    expect(rig.open(b)).toBeDefined();
    b.ring.size.declaredBytesPerS = SEGMENT_BYTES / TARGET_S;
    expect(rig.open(b)).toBeUndefined();
  });

  test('while nothing is known of any, none plays whom another could disturb', () => {
    const rig = new Rig(16 * SEGMENT_BYTES);
    const [a, b, c] = [rig.member('a', 0), rig.member('b', 0), rig.member('c', 0)];
    expect([rig.open(a), rig.open(b)]).toEqual([undefined, undefined]);
    rig.feed(a, 6);
    // One that just started is taken to be like it: that is known better in a moment
    expect(rig.open(c)?.retryAfterS).toBe(1);
  });

  test('one of which nothing comes takes no room', async () => {
    const rig = new Rig(24 * SEGMENT_BYTES);
    const [a, down, b] = [rig.member('a', 0), rig.member('down', 0), rig.member('b', 0)];
    rig.open(down);
    rig.open(a);
    rig.feed(a, 6);
    expect(rig.open(b)?.retryAfterS).toBe(1);
    await rig.clock.advance(5000);
    expect(rig.open(b)).toBeUndefined();
  });

  test('who only looks is told the same, and changes nothing', async () => {
    const rig = new Rig(32 * SEGMENT_BYTES);
    const [a, b, c] = [rig.member('a', 0), rig.member('b', 0), rig.member('c', 0)];
    rig.open(a);
    await rig.play([a], 3);
    rig.open(b);
    await rig.play([a, b], 20);
    expect(rig.ring.admit(c, 'look')).toBeDefined();
    expect(await rig.play([a, b], 20)).toEqual([]);
    expect([a.ring.listedCount, b.ring.listedCount]).toEqual([6, 6]);
    // Nobody watches them any more: a viewer would take their place
    await rig.clock.advance(60_000);
    expect(rig.ring.admit(c, 'look')).toBeUndefined();
    expect(rig.stopped).toEqual([]);
  });

  test('what nobody watches any more gives way to a viewer, and not to nobody', async () => {
    const rig = new Rig(16 * SEGMENT_BYTES);
    const [a, b] = [rig.member('a', 0), rig.member('b', 0)];
    rig.open(a);
    await rig.play([a], 20);
    await rig.clock.advance(3 * TARGET_S * 1000);
    expect(rig.ring.admit(b, 'nobody')).toBeDefined();
    expect(rig.stopped).toEqual([]);
    expect(rig.open(b)).toBeUndefined();
    expect(rig.stopped).toEqual(['a']);
  });
});

describe('Ring under pressure', () => {
  test('who came last gives way where sizes were not what they seemed', async () => {
    const rig = new Rig(30 * SEGMENT_BYTES);
    const [a, b] = [rig.member('a', 0), rig.member('b', 0)];
    rig.open(a);
    expect(await rig.play([a], 20)).toEqual([]);
    expect(rig.open(b)).toBeUndefined();
    // It turns out three times as large as the other
    const refused = await rig.play([a, b], 20, new Map([[b, 3 * SEGMENT_BYTES]]));
    expect(rig.stopped).toEqual(['b']);
    expect(refused.filter((id) => id !== 'b')).toEqual([]);
    expect(a.ring.all().every(({ state }) => state !== 'gap')).toBe(true);
    expect(rig.open(b)?.retryAfterS).toBe(10);
  });

  test('before it, what nobody watches any more', async () => {
    const rig = new Rig(36 * SEGMENT_BYTES);
    const [a, b] = [rig.member('a', 0), rig.member('b', 0)];
    rig.open(a);
    await rig.play([a], 20);
    rig.open(b);
    b.sinceMs = rig.clock.monotonicMs();
    const refused = await rig.play([b], 20, new Map([[b, 4 * SEGMENT_BYTES]]));
    expect([rig.stopped, refused]).toEqual([['a'], []]);
  });

  test('one that is alone is not stopped: it has gaps', async () => {
    const rig = new Rig(6 * SEGMENT_BYTES);
    const a = rig.member('a', 0);
    rig.open(a);
    expect((await rig.play([a], 20)).length).toBeGreaterThan(0);
    expect(rig.stopped).toEqual([]);
  });

  test('nobody gives way to a body larger than all of it', async () => {
    const rig = new Rig(40 * SEGMENT_BYTES);
    const [a, b] = [rig.member('a', 0), rig.member('b', 0)];
    rig.open(a);
    rig.open(b);
    b.sinceMs = 0;
    await rig.play([a, b], 4);
    expect(rig.feed(a, 1, 41 * SEGMENT_BYTES)).toBe(1);
    expect(rig.stopped).toEqual([]);
  });
});
