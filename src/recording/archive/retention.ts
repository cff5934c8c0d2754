// This file takes away from archives what is too old, or too much: the oldest first.
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { othersTurn } from '../../base/turn.ts';
import type { ArchiveRows, RenditionRow, SegmentRow } from '../../channel/archive-rows.ts';
import type { DropReason } from './archive-counts.ts';
import { segmentOf } from './archive-rendition.ts';
import type { Archivist } from './archivist.ts';
import type { ChannelArchive } from './channel-archive.ts';
import { DropNotes } from './drop-notes.ts';

export type RetentionDeps = {
  readonly rows: ArchiveRows;
  readonly archivist: Archivist;
  readonly clock: Clock;
  readonly log: Log;
};

/** Rows that are taken away at once: about a millisecond on the serving thread. */
const STEP = 64;

/** What lies closer together is of one age. */
const STEP_MS = 60_000;

/** Why this row goes; `gap`: nothing is held of it, and it is the oldest. */
type Verdict = DropReason | 'gap';

/**
 * Rows go first and bodies after them, so that nothing is promised that is not there. Where bodies
 * then stay (the shelf is down) they go when their time is over.
 */
export class Retention {
  readonly #deps: RetentionDeps;
  readonly #notes: DropNotes;

  constructor(deps: RetentionDeps) {
    this.#deps = deps;
    this.#notes = new DropNotes(deps.clock, deps.log);
  }

  async sweep(): Promise<void> {
    const { archivist, clock, rows } = this.#deps;
    for (const channel of archivist.all()) {
      channel.holds.forgetPast(clock.nowMs());
      for (const { id } of rows.renditions(channel.id)) {
        await this.#while(() => this.#dropOld(channel, id));
      }
      await this.#while(() => this.#shrinkChannel(channel));
      // Of many channels the looks alone would hold up everybody
      await othersTurn();
    }
    await this.#while(() => this.#shrinkAll());
    this.#notes.say();
  }

  async #while(step: () => Promise<boolean>): Promise<void> {
    while (this.#deps.archivist.isOurs && (await step())) await othersTurn();
  }

  /** What is too old, is not held any more, or stands for nothing. True where there may be more. */
  async #dropOld(channel: ChannelArchive, rendition: number): Promise<boolean> {
    const nowMs = this.#deps.clock.nowMs();
    const keepMs = channel.about?.keepMs ?? 0;
    const judge = (row: SegmentRow) => {
      if (row.gap !== '') return 'gap';
      if (row.untilMs <= nowMs) return 'expired';
      return row.endMs <= nowMs - keepMs && !isWatched(channel, row, nowMs) ? 'age' : undefined;
    };
    const first = this.#deps.rows.first(rendition);
    if (first === undefined || judge(first) === undefined) return false;
    return await this.#drop(channel, rendition, judge);
  }

  async #shrinkChannel(channel: ChannelArchive): Promise<boolean> {
    const mostBytes = channel.about?.sizeBytes;
    if (mostBytes === undefined) return false;
    const renditions = this.#deps.rows.renditions(channel.id);
    const overBytes = sumBytes(renditions) - mostBytes;
    return await this.#shrink(renditions, overBytes, 'size');
  }

  async #shrinkAll(): Promise<boolean> {
    const mostBytes = this.#deps.archivist.totalBytes;
    if (mostBytes === undefined) return false;
    const renditions = this.#deps.rows.renditions();
    return await this.#shrink(renditions, sumBytes(renditions) - mostBytes, 'total');
  }

  /** Of the rendition whose oldest is the oldest of all. */
  async #shrink(
    renditions: readonly RenditionRow[],
    overBytes: number,
    reason: DropReason,
  ): Promise<boolean> {
    if (overBytes <= 0) return false;
    const { rows, archivist, clock } = this.#deps;
    const firsts = renditions
      .map(({ id, channel }) => ({ id, channel, first: rows.first(id) }))
      .filter((each) => each.first !== undefined && each.first.gap === '')
      .toSorted((a, b) => (a.first?.startMs ?? 0) - (b.first?.startMs ?? 0));
    const untilMs = (firsts[1]?.first?.startMs ?? Number.POSITIVE_INFINITY) + STEP_MS;
    for (const { id, channel: name } of firsts) {
      const channel = archivist.get(name);
      if (channel === undefined) continue;
      const nowMs = clock.nowMs();
      let leftBytes = overBytes;
      const isDropped = await this.#drop(channel, id, (row) => {
        if (leftBytes <= 0 || row.startMs > untilMs) return undefined;
        if (isWatched(channel, row, nowMs)) return undefined;
        leftBytes -= row.sizeBytes;
        return reason;
      });
      if (isDropped) return true;
      // Nothing newer goes in the place of what is watched: that would leave a hole
      this.#notes.watched(name, overBytes);
    }
    return false;
  }

  /** Drops from the oldest on, as long as `judge` says why. True where anything went. */
  async #drop(
    channel: ChannelArchive,
    rendition: number,
    judge: (row: SegmentRow) => Verdict | undefined,
  ): Promise<boolean> {
    const { rows, clock } = this.#deps;
    const oldest = rows.oldest(rendition, STEP + 1);
    const gone: SegmentRow[] = [];
    for (const row of oldest.slice(0, STEP)) {
      const reason = judge(row);
      if (reason === undefined) break;
      gone.push(row);
      if (reason === 'gap') continue;
      channel.counts.dropped[reason]++;
      this.#notes.dropped(channel.id, reason, row.sizeBytes);
    }
    const last = gone.at(-1);
    if (last === undefined) return false;
    const nowMs = clock.nowMs();
    const row = rows.renditionById(rendition);
    rows.dropTo(rendition, last.number);
    const next = oldest[gone.length];
    if (row !== undefined) {
      const segments = gone.map((each) => segmentOf(each, each.untilMs - 1));
      const rest = next && segmentOf(next, nowMs);
      await channel.shelf?.drop({ channel: channel.id, rendition: row.rendition }, segments, rest);
    }
    return true;
  }
}

function isWatched(channel: ChannelArchive, row: SegmentRow, nowMs: number): boolean {
  return channel.holds.isHeld({ fromMs: row.startMs, toMs: row.endMs }, nowMs);
}

function sumBytes(renditions: readonly RenditionRow[]): number {
  return renditions.reduce((sum, { bytes }) => sum + bytes, 0);
}
