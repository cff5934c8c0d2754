// This file brings the index of archives in line with what their shelves really hold.
import { type Clock, sleep } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { ArchiveRows, RenditionRow, SegmentRow } from '../../channel/archive-rows.ts';
import { segmentOf } from './archive-rendition.ts';
import type { Archivist } from './archivist.ts';
import type { ChannelArchive } from './channel-archive.ts';
import type { Losses, Shelf } from './shelf.ts';

export type ExactnessDeps = {
  readonly rows: ArchiveRows;
  readonly archivist: Archivist;
  readonly clock: Clock;
  readonly log: Log;
};

/** Keys asked about at once: a few milliseconds of a tier, less than one of this thread. */
const STEP = 64;
/** Between two steps: a million segments are looked through in five minutes. */
const PAUSE_MS = 20;
/** A database may let go of anything by its own rules, and a person of any file. */
const LOOK_AGAIN_MS = 3_600_000;

/** Where the look through a rendition stands: held rows below this number are still to be seen. */
type Cursor = { before: number };

/**
 * A row is written after its body is held, so a row without one means that the shelf has lost it.
 * All rows are looked through after a start, newest first, while they are served already: a tier
 * that is down at the start would else take the whole past away. Who asks for a body that turns out
 * to be gone is told so, and its row is a gap from then on.
 */
export class Exactness {
  readonly #deps: ExactnessDeps;
  readonly #seen = new Map<Shelf, Losses>();
  readonly #full = new Map<number, Cursor>();
  readonly #oldest = new Set<number>();
  /** By channel, since it was said last. */
  readonly #lost = new Map<string, number>();
  #lookedMs = Number.NEGATIVE_INFINITY;

  constructor(deps: ExactnessDeps) {
    this.#deps = deps;
  }

  /** All of the channel is to be looked through. */
  doubt(channel: string): void {
    for (const { id } of this.#deps.rows.renditions(channel)) this.#doubt(id);
  }

  async sweep(closing: AbortSignal): Promise<void> {
    const { rows, archivist, clock } = this.#deps;
    this.#notice();
    for (const row of rows.renditions()) {
      const channel = archivist.get(row.channel);
      if (channel?.shelf === undefined || !archivist.isOurs) continue;
      while (this.#full.has(row.id) && archivist.isOurs && !closing.aborted) {
        if (!(await this.#step(channel, row))) break;
        await sleep(clock, PAUSE_MS, closing);
      }
      if (this.#oldest.delete(row.id) && !closing.aborted) await this.#lookAtOldest(channel, row);
    }
    this.#say();
  }

  /** Those of them that are gone are gaps from now on. Undefined where the shelf does not say. */
  async check(
    channel: ChannelArchive,
    row: RenditionRow,
    segments: readonly SegmentRow[],
  ): Promise<readonly number[] | undefined> {
    const { rows, archivist, clock } = this.#deps;
    const nowMs = clock.nowMs();
    const place = { channel: row.channel, rendition: row.rendition };
    const asked = segments.map((each) => segmentOf(each, nowMs)).filter(({ gap }) => !gap);
    const lost = asked.length === 0 ? [] : await channel.shelf?.lost(place, asked);
    if (lost === undefined) return undefined;
    const numbers = lost.map(({ number }) => number);
    if (numbers.length === 0 || !archivist.isOurs) return numbers;
    // Of two who ask for the same both find it gone
    const fresh = rows.lose(row.id, numbers, 'lost');
    channel.counts.gaps.lost += fresh;
    if (fresh > 0) this.#lost.set(channel.id, (this.#lost.get(channel.id) ?? 0) + fresh);
    return numbers;
  }

  #say(): void {
    for (const [channel, segments] of this.#lost) {
      this.#deps.log.warn('archive has lost segments: they are gaps', { channel, segments });
    }
    this.#lost.clear();
  }

  /** What has to be looked at, by what shelves say of themselves. */
  #notice(): void {
    const { rows, archivist, clock } = this.#deps;
    const nowMs = clock.monotonicMs();
    const isTime = nowMs - this.#lookedMs >= LOOK_AGAIN_MS;
    if (isTime) this.#lookedMs = nowMs;
    const now = new Map<Shelf, Losses>();
    for (const { id, channel } of rows.renditions()) {
      const shelf = archivist.get(channel)?.shelf;
      if (shelf === undefined) continue;
      const losses = now.get(shelf) ?? shelf.losses();
      now.set(shelf, losses);
      const before = this.#seen.get(shelf);
      if (isTime || before === undefined || before.any !== losses.any) this.#doubt(id);
      else if (before.oldest !== losses.oldest) this.#oldest.add(id);
    }
    for (const [shelf, losses] of now) this.#seen.set(shelf, losses);
  }

  #doubt(rendition: number): void {
    this.#full.set(rendition, { before: Number.MAX_SAFE_INTEGER });
  }

  /** False where it has come to its end, or the shelf does not say: then it goes on there later. */
  async #step(channel: ChannelArchive, row: RenditionRow): Promise<boolean> {
    const cursor = this.#full.get(row.id) as Cursor;
    const segments = this.#deps.rows.heldBefore(row.id, cursor.before, STEP);
    const last = segments.at(-1);
    if (last === undefined) {
      this.#full.delete(row.id);
      return false;
    }
    if ((await this.check(channel, row, segments)) === undefined) return false;
    cursor.before = last.number;
    return true;
  }

  /** A shelf that is full lets go of what it has held longest. */
  async #lookAtOldest(channel: ChannelArchive, row: RenditionRow): Promise<void> {
    for (let after = -1; this.#deps.archivist.isOurs; ) {
      const segments = this.#deps.rows.heldAfter(row.id, after, STEP);
      const last = segments.at(-1);
      if (last === undefined) return;
      const lost = await this.check(channel, row, segments);
      if (lost === undefined) this.#oldest.add(row.id);
      if (lost === undefined || lost.length === 0) return;
      after = last.number;
    }
  }
}
