// This file orders the segments of a rendition that are to be fetched, and has them fetched.
import { isEncrypted, type ListedSegment } from '../../ring/listing.ts';
import { giveUpAfterMs } from '../../source/deadlines.ts';
import type { LoopMode, Numbered } from '../messages.ts';
import type { AssetFetches } from './asset-fetches.ts';
import type { BodyFetchRequest } from './body-fetch.ts';
import type { BodyRemux } from './body-remux.ts';
import type { Fetches } from './fetches.ts';
import type { ListState } from './list-state.ts';
import type { LoopDeps } from './loop-deps.ts';

export type SegmentQueueParts = Pick<LoopDeps, 'clock' | 'source'> & {
  readonly fetches: Fetches;
  readonly assets: AssetFetches;
  readonly remux: BodyRemux;
  readonly state: ListState;
  /** On demand: segments beyond what viewers have asked for. */
  readonly ahead: number;
  /** Aborted: nothing more comes of anything. */
  readonly closed: AbortSignal;
};

/** Fetches at once for one rendition; more only fight for the same line. */
const PARALLEL = 4;

/** A segment that is to be fetched; `rank` orders them, low first. */
type Item = {
  readonly ordinal: number;
  readonly segment: ListedSegment;
  readonly rank: number;
  readonly namedMs: number;
  /** Set where it must be settled sooner than others. */
  deadlineMs: number;
};

export class SegmentQueue {
  readonly #parts: SegmentQueueParts;
  /** Live: what is still to be settled. On demand: all segments. */
  readonly #items = new Map<number, Item>();
  readonly #queue = new Set<number>();
  /** On demand: what was handed over, and when; it is fetched again only where it is wanted again. */
  readonly #handedOver = new Map<number, number>();
  #mode: LoopMode = 'probe';
  #askedOrdinal = -1;

  constructor(parts: SegmentQueueParts) {
    this.#parts = parts;
  }

  add(numbered: readonly Numbered[], order: 'ascending' | 'newest-first'): void {
    const { clock, assets, state } = this.#parts;
    const namedMs = clock.monotonicMs();
    const last = numbered.at(-1)?.ordinal ?? 0;
    for (const { ordinal, segment } of numbered) {
      const rank = order === 'ascending' ? ordinal : last - 2 * (ordinal - last) - PARALLEL * 8;
      assets.know(segment);
      if (segment.gap) continue;
      const deadlineMs = Number.POSITIVE_INFINITY;
      this.#items.set(ordinal, { ordinal, segment, rank, namedMs, deadlineMs });
      if (!state.onDemand) this.#queue.add(ordinal);
    }
    this.#queueAhead();
    this.#pump();
  }

  /** Another loop handed these over before. */
  addHeld(ordinals: readonly number[]): void {
    for (const ordinal of ordinals) this.#handedOver.set(ordinal, Number.NEGATIVE_INFINITY);
  }

  setMode(mode: LoopMode): void {
    this.#mode = mode;
    this.#pump();
  }

  want(ordinal: number): void {
    if (this.#parts.fetches.isUnderWay(this.#handedOver.get(ordinal))) return;
    if (this.#items.has(ordinal)) this.#queue.add(ordinal);
    this.#pump();
  }

  asked(ordinal: number): void {
    if (ordinal <= this.#askedOrdinal) return;
    this.#askedOrdinal = ordinal;
    this.#queueAhead();
  }

  /** What was named before the source counted anew holds up what it names now. */
  hurry(withinMs: number): void {
    const deadlineMs = this.#parts.clock.monotonicMs() + withinMs;
    for (const item of this.#items.values()) item.deadlineMs = deadlineMs;
    this.#parts.fetches.hurrySegments(deadlineMs);
  }

  clear(): void {
    this.#items.clear();
    this.#queue.clear();
    this.#handedOver.clear();
    this.#parts.fetches.closeSegments();
  }

  /** On demand: what viewers have asked for, and `ahead` segments beyond it. */
  #queueAhead(): void {
    const { state, ahead, fetches } = this.#parts;
    if (!state.onDemand || this.#askedOrdinal < 0) return;
    for (let i = 0; i <= ahead; i++) {
      const ordinal = this.#askedOrdinal + i;
      if (this.#handedOver.has(ordinal) || fetches.isRunning(ordinal)) continue;
      if (this.#items.has(ordinal)) this.#queue.add(ordinal);
    }
    this.#pump();
  }

  #pump(): void {
    const { fetches } = this.#parts;
    while (fetches.count < PARALLEL + fetches.wantedCount) {
      const item = this.#next();
      if (item === undefined) return;
      this.#queue.delete(item.ordinal);
      void this.#start(item);
    }
  }

  /** What a viewer waits for goes first, the oldest of it before the rest. */
  #next(): Item | undefined {
    const { fetches } = this.#parts;
    let best: Item | undefined;
    let bestWanted = false;
    for (const ordinal of this.#queue) {
      const item = this.#items.get(ordinal) as Item;
      const wanted = fetches.isWanted(ordinal);
      if (this.#mode === 'probe' && !wanted) continue;
      if (!wanted && fetches.count >= PARALLEL) continue;
      const isBetter =
        best === undefined ||
        (wanted !== bestWanted ? wanted : wanted ? ordinal < best.ordinal : item.rank < best.rank);
      if (isBetter) {
        best = item;
        bestWanted = wanted;
      }
    }
    return best;
  }

  async #start(item: Item): Promise<void> {
    const { clock, source, fetches, assets, remux, state, closed } = this.#parts;
    const { segment, ordinal } = item;
    const request = this.#requestOf(item);
    // Assets come first in the order of events, so that a held segment can be played at once
    const ready = assets.ready(segment);
    const fetch = fetches.open(request);
    const whole = await remux.inTurn(ready, (turn) => fetches.settle(fetch, ordinal, turn));
    if (closed.aborted) return;
    source.observe?.(segment.sequence, whole ? 'found' : 'given up');
    if (!state.onDemand) this.#items.delete(ordinal);
    else if (whole) this.#handedOver.set(ordinal, clock.monotonicMs());
    this.#pump();
  }

  #requestOf({ ordinal, segment, namedMs, deadlineMs }: Item): BodyFetchRequest {
    const { clock, fetches, remux, state } = this.#parts;
    const { targetDurationS, iFramesOnly } = state;
    const patienceMs = giveUpAfterMs(targetDurationS, fetches.timeouts);
    const nowMs = clock.monotonicMs();
    const patientMs = state.onDemand
      ? nowMs + patienceMs
      : Math.max(namedMs + patienceMs, nowMs + patienceMs / 2);
    return {
      key: ordinal,
      kind: 'segment',
      ref: segment.ref,
      expect: isEncrypted(segment.keys) ? 'encrypted' : iFramesOnly ? 'partial' : 'media',
      targetDurationS,
      deadlineMs: Math.min(patientMs, deadlineMs),
      sequence: segment.sequence,
      isHeldBack: remux.isActive,
      ...(iFramesOnly ? {} : { take: (chunks) => remux.take(segment, chunks) }),
    };
  }
}
