// This file writes what one rendition has listed into its archive: body first, then the row.

import { type Clock, sleep } from '../../base/clock.ts';
import { errorRecord } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { ArchiveRows, RenditionRow } from '../../channel/archive-rows.ts';
import type { PastPlace, PastSegment } from '../../prefetch/rendition/past.ts';
import { mediaSequenceOf } from '../../ring/name.ts';
import {
  formatRenditionAbout,
  parseNeeds,
  parseRenditionAbout,
  type RenditionAbout,
} from './archive-about.ts';
import type { ArchiveCounts, GapReason } from './archive-counts.ts';
import { rowOf } from './archive-rendition.ts';
import type { ArchivedSegment, SegmentMarks } from './archived.ts';
import { type KeptNeeds, keptNeeds } from './archived-assets.ts';
import { type LearnAs, segmentMarks } from './segment-marks.ts';
import type { Shelf } from './shelf.ts';
import type { StartTimes } from './start-times.ts';
import { HOLD_MAX_MS } from './viewer-holds.ts';

export type RecorderDeps = {
  readonly rows: ArchiveRows;
  readonly clock: Clock;
  readonly log: Log;
  readonly counts: ArchiveCounts;
  readonly times: StartTimes;
  /** Where bodies go now. */
  readonly shelf: () => Shelf;
  readonly keepMs: () => number;
};

/** A segment that was listed and is not in the index yet. */
type Waiting = {
  /** Without its body, which may be let go of sooner. */
  readonly past: PastSegment;
  readonly seenMs: number;
  readonly sizeBytes: number;
  /** Undefined once it was let go of. */
  body: Blob | undefined;
  gap: GapReason | undefined;
  /** Learnt once, however often its shelf refuses it: to look through a segment takes milliseconds. */
  learnt?: SegmentMarks;
};

/** A shelf that refuses is asked again so soon. */
const RETRY_MS = 1000;
/** Gaps weigh little, and while nothing can be written there is no end of them. */
const WAITING_MAX = 4096;
/** A shelf holds it for so much longer than it is wanted: for who still watches it then. */
const GRACE_MS = HOLD_MAX_MS + 3_600_000;
const NO_NEEDS: Omit<KeptNeeds, 'contentType'> = { keys: [], assets: [] };

/** More than any list names again; what lies further back was numbered anew. */
const LISTED_AGAIN_MAX = 1024;

/**
 * ```
 *   listed ─► waiting ─► on the shelf, and acknowledged ─► in the index: promised
 *                └─────► too much waits: the oldest is a gap
 * ```
 * Invariant: rows are added in the order of lists, each after its body; what is killed in between
 * leaves a body that nobody names, which ends by itself.
 */
export class Recorder {
  readonly #place: PastPlace;
  readonly #deps: RecorderDeps;
  readonly #waiting: Waiting[] = [];
  readonly #closing = new AbortController();
  #queuedBytes = 0;
  #running: Promise<void> | undefined;
  /** What was written last is what the next one follows. */
  #isJoined = false;
  #gapsInRow = 0;
  /** What the segment written last was made with, where it was made; undefined until one was. */
  #earlierTicks: number | undefined;

  constructor(place: PastPlace, deps: RecorderDeps) {
    this.#place = place;
    this.#deps = { ...deps, log: deps.log.with({ rendition: place.rendition }) };
  }

  get queued(): number {
    return this.#waiting.length;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  take(past: PastSegment): void {
    const { clock, times } = this.#deps;
    const { body, listed, behindMs } = past;
    const listedMs = clock.nowMs() - behindMs;
    const { programDateTimeMs } = listed;
    const sizeBytes = body?.size ?? 0;
    this.#waiting.push({
      past: { ...past, body: undefined },
      seenMs: times.seen({ listedMs, programDateTimeMs }),
      sizeBytes,
      body,
      gap: body === undefined ? 'source' : undefined,
    });
    this.#queuedBytes += sizeBytes;
    if (this.#waiting.length > WAITING_MAX) {
      this.#leave(this.#waiting.shift() as Waiting);
      this.#isJoined = false;
    }
    this.#run();
  }

  /** Lets go of the oldest body that waits; false where none does. */
  dropOldest(): boolean {
    const oldest = this.#waiting.find(({ body }) => body !== undefined);
    if (oldest === undefined) return false;
    this.#letGo(oldest, 'queue');
    return true;
  }

  /** Resolves once nothing waits any more. */
  async drained(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** What still waits is given up. Returns how many that are. */
  close(): number {
    this.#closing.abort();
    const left = this.#waiting.splice(0);
    for (const each of left) this.#leave(each);
    return left.length;
  }

  #run(): void {
    this.#running ??= this.#writeAll().finally(() => {
      this.#running = undefined;
      if (this.#waiting.length > 0 && !this.#closing.signal.aborted) this.#run();
    });
  }

  async #writeAll(): Promise<void> {
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined || this.#closing.signal.aborted) return;
      if (await this.#write(next)) {
        if (this.#waiting[0] !== next) continue;
        this.#waiting.shift();
        this.#leave(next);
      } else await sleep(this.#deps.clock, RETRY_MS, this.#closing.signal);
    }
  }

  /** Whether nothing more is to be done for it. */
  async #write(next: Waiting): Promise<boolean> {
    const { rows, counts, log } = this.#deps;
    const { channel, rendition } = this.#place;
    try {
      const known = rows.rendition(channel, rendition);
      const last = known && rows.last(known.id);
      if (last !== undefined && isListedAgain(next.past.name, last.name)) {
        this.#isJoined = last.name === next.past.name;
        return true;
      }
      return await this.#add(next, known);
    } catch (error) {
      if (this.#closing.signal.aborted) return false;
      counts.putsFailed++;
      const { message } = errorRecord(error);
      log.error('segment cannot be written into the archive; it is tried again', {
        reason: message,
      });
      return false;
    }
  }

  async #add(next: Waiting, known: RenditionRow | undefined): Promise<boolean> {
    const { rows, counts } = this.#deps;
    const needs = next.body === undefined ? undefined : await keptNeeds(next.past);
    if (needs === undefined && next.body !== undefined) this.#letGo(next, 'asset');
    const { channel, rendition } = this.#place;
    const row = this.#about(next.past, known);
    const segment = this.#segment(next, row, needs);
    const untilMs = segment.startMs + segment.durationS * 1000 + this.#deps.keepMs() + GRACE_MS;
    const assets = needs?.assets ?? [];
    const { body } = next;
    if (body !== undefined && needs !== undefined) {
      next.learnt ??= await segmentMarks(body, needs, this.#learnAs(row));
    }
    const marks = segment.gap ? undefined : next.learnt;
    const isHeld = await this.#deps.shelf().put(
      { channel, rendition },
      {
        segment,
        stored: body && { body, contentType: segment.contentType },
        assets: new Map(assets.map((asset) => [asset.name, new Blob([asset.body as BlobPart])])),
        targetDurationS: parseRenditionAbout(row.about).targetDurationS,
        independentSegments: next.past.independentSegments,
        untilMs: Math.round(untilMs),
      },
    );
    if (!isHeld) {
      counts.putsFailed++;
      // Let go of meanwhile: it is put again at once, as a gap
      return body !== undefined && next.body === undefined ? this.#add(next, row) : false;
    }
    const gap = segment.gap ? (next.gap ?? 'source') : undefined;
    rows.add(row.id, rowOf({ ...segment, ...marks }, gap, Math.round(untilMs)), assets);
    this.#earlierTicks = marks?.made?.earlierTicks ?? this.#earlierTicks;
    this.#isJoined = true;
    this.#told(gap, segment);
    return true;
  }

  #learnAs({ id }: RenditionRow): LearnAs {
    if (this.#earlierTicks === undefined) {
      const last = this.#deps.rows.last(id);
      this.#earlierTicks = (last && parseNeeds(last.needs).made?.earlierTicks) ?? 0;
    }
    return { kind: this.#place.kind, earlierTicks: this.#earlierTicks };
  }

  /** The rendition as it is with this segment. */
  #about({ targetDurationS, listed, independentSegments }: PastSegment, known?: RenditionRow) {
    const { channel, rendition, kind } = this.#place;
    const before = known && parseRenditionAbout(known.about);
    const longestS = Math.max(targetDurationS, Math.round(listed.durationS), 1);
    const about: RenditionAbout = {
      kind,
      targetDurationS: Math.max(before?.targetDurationS ?? 0, longestS),
      independentSegments: (before?.independentSegments ?? true) && independentSegments,
    };
    const text = formatRenditionAbout(about);
    if (known !== undefined && known.about === text) return known;
    return this.#deps.rows.saveRendition(channel, rendition, text);
  }

  #segment(next: Waiting, row: RenditionRow, needs: KeptNeeds | undefined): ArchivedSegment {
    const { rows, times } = this.#deps;
    const { past, seenMs, body, sizeBytes } = next;
    const { targetDurationS } = parseRenditionAbout(row.about);
    const endMs = rows.last(row.id)?.endMs;
    const { sequence, durationS } = past.listed;
    const startMs = times.place(sequence, seenMs, endMs, targetDurationS);
    const isFirst = row.nextNumber === 0;
    const isApart = !isFirst && !(past.follows && this.#isJoined);
    const discontinuity = past.discontinuity || isApart;
    const { contentType, keys, map } = needs ?? { contentType: past.contentType, ...NO_NEEDS };
    return {
      // Beyond any number that a data folder which was lost has given
      number: isFirst ? Math.floor(startMs / 1000) : row.nextNumber,
      name: past.name,
      startMs,
      durationS,
      discontinuity,
      discontinuitySequence: row.discontinuitySequence + (discontinuity ? 1 : 0),
      gap: body === undefined,
      sizeBytes: body === undefined ? 0 : sizeBytes,
      contentType,
      keys,
      ...(map === undefined ? {} : { map }),
    };
  }

  #told(gap: GapReason | undefined, { startMs }: ArchivedSegment): void {
    const { counts, log } = this.#deps;
    const at = new Date(startMs).toISOString();
    if (gap !== undefined) {
      counts.gaps[gap]++;
      if (this.#gapsInRow++ === 0) log.warn('archive has a gap', { at, reason: gap });
    } else if (this.#gapsInRow > 0) {
      log.info('archive goes on', { at, gaps: this.#gapsInRow });
      this.#gapsInRow = 0;
    }
  }

  #letGo(waiting: Waiting, gap: GapReason): void {
    this.#leave(waiting);
    waiting.gap = gap;
  }

  #leave(waiting: Waiting): void {
    if (waiting.body !== undefined) this.#queuedBytes -= waiting.sizeBytes;
    waiting.body = undefined;
  }
}

/** The first lists after a start name again what was listed before, be it held, a gap or dropped. */
function isListedAgain(name: string, lastName: string): boolean {
  const number = mediaSequenceOf(name);
  const last = mediaSequenceOf(lastName);
  if (number === undefined || last === undefined) return name === lastName;
  return number <= last && last - number < LISTED_AGAIN_MAX;
}
