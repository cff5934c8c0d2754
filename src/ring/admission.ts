// This file decides whether there will be room for one rendition more.
import type { RingMember } from './member.ts';
import type { RenditionRing } from './rendition-ring.ts';
import { assumedSize, needOf, type Shares, shareMemory } from './shares.ts';
import { LIST_AGE_MS, WINDOW_TARGET_DURATIONS } from './window.ts';

/** What who is turned away should be told. */
export type Refusal = { readonly retryAfterS: number; readonly reason: string };

/** Windows are looked at this often: what they go by changes with each segment, and little. */
const SHARE_EVERY_MS = 500;
/** Of which nothing came in this time, its source is down: it needs nothing. */
const START_MS = 5000;
/** Where there is no room even with the shortest windows, somebody else must go first. */
const FULL_RETRY_S = 10;
/** The first segments of those that just started tell what they need. */
const UNMEASURED_RETRY_S = 1;
const RETRY_S_MIN = 2;
const RETRY_S_MAX = 60;
/** Who was told to come again and has not for so long will not. */
const WAITING_MS = 10_000;

/** Whether it fits, and the windows with which it does or would. */
type Judgement = { readonly refusal?: Refusal; readonly shares: Shares };

/**
 * Invariant: those admitted fit in the budget, each with what it needs or holds, whichever is more,
 * as far as their sizes are known. While nothing is known of any, none plays yet whom another could
 * disturb, and all are admitted.
 */
export class Admission {
  readonly #budgetBytes: number;
  /** Who was told to come again, and until when it is waited for. */
  readonly #waiting = new Map<RenditionRing, number>();
  #sharedMs = Number.NEGATIVE_INFINITY;

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes;
  }

  forget(ring: RenditionRing): void {
    this.#waiting.delete(ring);
  }

  /** Sets how long the windows of those that are followed may be. */
  share(members: Iterable<RingMember>, nowMs: number): void {
    if (nowMs - this.#sharedMs < SHARE_EVERY_MS) return;
    this.#sharedMs = nowMs;
    for (const [ring, untilMs] of this.#waiting) {
      if (untilMs <= nowMs) this.#waiting.delete(ring);
    }
    const rings = followed(members, nowMs).filter(isMeasured);
    limit(shareMemory([...new Set([...rings, ...this.#waiting.keys()])], this.#budgetBytes));
  }

  /** What a viewer of it would be told now; nothing changes by it. */
  wouldRefuse(
    ring: RenditionRing,
    members: Iterable<RingMember>,
    nowMs: number,
  ): Refusal | undefined {
    return this.#judge(ring, followed(members, nowMs), nowMs).refusal;
  }

  /** `waits`: where it is refused, windows are shortened so that it can be admitted later. */
  admit(
    ring: RenditionRing,
    members: Iterable<RingMember>,
    nowMs: number,
    waits: boolean,
  ): Refusal | undefined {
    const { refusal, shares } = this.#judge(ring, followed(members, nowMs), nowMs);
    this.#waiting.delete(ring);
    if (refusal === undefined) limit(shares);
    if (refusal === undefined || !waits || !shares.fits) return refusal;
    this.#waiting.set(ring, nowMs + refusal.retryAfterS * 1000 + WAITING_MS);
    limit(shares);
    return refusal;
  }

  #judge(ring: RenditionRing, rings: readonly RenditionRing[], nowMs: number): Judgement {
    const others = rings.filter((other) => other !== ring);
    const shares = shareMemory([...others, ring], this.#budgetBytes);
    if (!others.some(isMeasured)) return { shares };
    if (!shares.fits) {
      const retryAfterS = others.every(isMeasured) ? FULL_RETRY_S : UNMEASURED_RETRY_S;
      const reason = 'the memory budget is taken by channels that are being watched';
      return { refusal: { retryAfterS, reason }, shares };
    }
    const assumed = assumedSize(others);
    let expectedBytes = needOf(ring, WINDOW_TARGET_DURATIONS, assumed);
    let lateS = RETRY_S_MIN;
    for (const other of others) {
      const need = needOf(other, shares.windows.get(other) as number, assumed);
      const promised = other.promisedBytes(nowMs);
      expectedBytes += Math.max(need, promised);
      if (promised > need) lateS = Math.max(lateS, lastPromiseS(other));
    }
    if (expectedBytes <= this.#budgetBytes) return { shares };
    const retryAfterS = Math.min(RETRY_S_MAX, Math.ceil(lateS));
    const reason = 'memory is being made free by those that are watched';
    return { refusal: { retryAfterS, reason }, shares };
  }
}

function followed(members: Iterable<RingMember>, nowMs: number): RenditionRing[] {
  const rings: RenditionRing[] = [];
  for (const member of members) {
    const sinceMs = member.followedSinceMs();
    if (sinceMs === undefined) continue;
    if (isMeasured(member.ring) || nowMs - sinceMs < START_MS) rings.push(member.ring);
  }
  return rings;
}

function isMeasured({ size }: RenditionRing): boolean {
  return size.measured !== undefined;
}

/**
 * Until what the list of now promises has run out: it shrinks with the next segment, and what
 * leaves it then stays for its own time and that of the list.
 */
function lastPromiseS(ring: RenditionRing): number {
  return ring.windowDurationS() + 2 * ring.targetDurationS + LIST_AGE_MS / 1000;
}

function limit({ windows }: Shares): void {
  for (const [ring, segments] of windows) ring.limitWindow(segments);
}
