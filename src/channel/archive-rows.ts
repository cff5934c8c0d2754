// This file keeps the rows of archives: what is held of each channel, beside the bodies themselves.
import type { Database } from 'bun:sqlite';

/**
 * A segment has its row once its body is held, and no sooner. The sums of a rendition are kept by
 * triggers, so that they hold whenever the process ends.
 */
export const ARCHIVE_TABLES = `
  CREATE TABLE archive_channel (channel TEXT PRIMARY KEY, about TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE archive_rendition (
    id INTEGER PRIMARY KEY,
    channel TEXT NOT NULL, rendition TEXT NOT NULL, about TEXT NOT NULL,
    next_number INTEGER NOT NULL DEFAULT 0,
    discontinuity_sequence INTEGER NOT NULL DEFAULT 0,
    segments INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0,
    UNIQUE (channel, rendition)
  );
  CREATE TABLE archive_segment (
    rendition INTEGER NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL,
    start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL, duration_s REAL NOT NULL,
    discontinuity_sequence INTEGER NOT NULL, discontinuity INTEGER NOT NULL,
    gap TEXT NOT NULL, size_bytes INTEGER NOT NULL, until_ms INTEGER NOT NULL,
    needs TEXT NOT NULL,
    PRIMARY KEY (rendition, number)
  ) WITHOUT ROWID;
  CREATE UNIQUE INDEX archive_segment_by_name ON archive_segment (rendition, name);
  CREATE INDEX archive_segment_by_time ON archive_segment (rendition, end_ms);
  CREATE TABLE archive_asset (
    rendition INTEGER NOT NULL, name TEXT NOT NULL, content_type TEXT NOT NULL,
    body BLOB NOT NULL, last_number INTEGER NOT NULL,
    PRIMARY KEY (rendition, name)
  ) WITHOUT ROWID;
  CREATE TRIGGER archive_segment_added AFTER INSERT ON archive_segment BEGIN
    UPDATE archive_rendition SET
      next_number = NEW.number + 1, discontinuity_sequence = NEW.discontinuity_sequence,
      segments = segments + (NEW.gap = ''), bytes = bytes + NEW.size_bytes
    WHERE id = NEW.rendition;
  END;
  CREATE TRIGGER archive_segment_changed AFTER UPDATE OF gap, size_bytes ON archive_segment BEGIN
    UPDATE archive_rendition SET
      segments = segments + (NEW.gap = '') - (OLD.gap = ''),
      bytes = bytes + NEW.size_bytes - OLD.size_bytes
    WHERE id = NEW.rendition;
  END;
  CREATE TRIGGER archive_segment_gone AFTER DELETE ON archive_segment BEGIN
    UPDATE archive_rendition SET
      segments = segments - (OLD.gap = ''), bytes = bytes - OLD.size_bytes
    WHERE id = OLD.rendition;
  END;`;

export type RenditionRow = {
  readonly id: number;
  readonly channel: string;
  readonly rendition: string;
  readonly about: string;
  readonly nextNumber: number;
  /** Of the segment that was added last. */
  readonly discontinuitySequence: number;
  /** Those that are held; gaps are not. */
  readonly segments: number;
  readonly bytes: number;
};

export type SegmentRow = {
  readonly number: number;
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly durationS: number;
  readonly discontinuitySequence: number;
  readonly discontinuity: boolean;
  /** Why there is no body; empty where there is one. */
  readonly gap: string;
  readonly sizeBytes: number;
  /** Whoever holds the body does so until then. */
  readonly untilMs: number;
  /** What else a list says of it, and what it needs: JSON. */
  readonly needs: string;
};

/** What a rendition holds, and from when to when; null where it holds nothing. */
export type HeldRow = Pick<RenditionRow, 'channel' | 'segments' | 'bytes'> & {
  readonly fromMs: number | null;
  readonly toMs: number | null;
};

export type AssetRow = {
  readonly name: string;
  readonly contentType: string;
  readonly body: Uint8Array;
};

type RawSegment = Omit<SegmentRow, 'discontinuity'> & { readonly discontinuity: number };

const RENDITION = `SELECT id, channel, rendition, about, next_number AS nextNumber,
  discontinuity_sequence AS discontinuitySequence, segments, bytes FROM archive_rendition`;
const SEGMENT = `SELECT number, name, start_ms AS startMs, end_ms AS endMs, duration_s AS durationS,
  discontinuity_sequence AS discontinuitySequence, discontinuity, gap, size_bytes AS sizeBytes,
  until_ms AS untilMs, needs FROM archive_segment`;

/** Each call is one step of some ten microseconds, or in proportion to what it is asked for. */
export class ArchiveRows {
  readonly #database: Database;
  /** Whether the data folder is ours to write into, asked anew each time. */
  readonly isOurs: () => boolean;

  constructor(database: Database, isOurs: () => boolean) {
    this.#database = database;
    this.isOurs = isOurs;
  }

  channels(): ReadonlyMap<string, string> {
    const rows = this.#database
      .query<{ channel: string; about: string }, []>('SELECT channel, about FROM archive_channel')
      .all();
    return new Map(rows.map(({ channel, about }) => [channel, about]));
  }

  channel(channel: string): string | undefined {
    const row = this.#database
      .query<{ about: string }, [string]>('SELECT about FROM archive_channel WHERE channel = ?')
      .get(channel);
    return row?.about;
  }

  saveChannel(channel: string, about: string): void {
    const upsert = `INSERT INTO archive_channel (channel, about) VALUES (?, ?)
      ON CONFLICT DO UPDATE SET about = excluded.about`;
    this.#database.query(upsert).run(channel, about);
  }

  /** Of one channel, or of all; in the order in which they were first seen. */
  renditions(channel?: string): RenditionRow[] {
    if (channel === undefined) {
      return this.#database.query<RenditionRow, []>(`${RENDITION} ORDER BY id`).all();
    }
    return this.#database
      .query<RenditionRow, [string]>(`${RENDITION} WHERE channel = ? ORDER BY id`)
      .all(channel);
  }

  rendition(channel: string, rendition: string): RenditionRow | undefined {
    const row = this.#database
      .query<RenditionRow, [string, string]>(`${RENDITION} WHERE channel = ? AND rendition = ?`)
      .get(channel, rendition);
    return row ?? undefined;
  }

  /** Of all renditions, in one step. */
  held(): HeldRow[] {
    const segment = 'FROM archive_segment WHERE rendition = archive_rendition.id ORDER BY number';
    return this.#database
      .query<HeldRow, []>(
        `SELECT channel, segments, bytes, (SELECT start_ms ${segment} LIMIT 1) AS fromMs,
         (SELECT end_ms ${segment} DESC LIMIT 1) AS toMs FROM archive_rendition`,
      )
      .all();
  }

  renditionById(id: number): RenditionRow | undefined {
    const row = this.#database.query<RenditionRow, [number]>(`${RENDITION} WHERE id = ?`).get(id);
    return row ?? undefined;
  }

  /** The rendition as it is from now on; it is made where it is new. */
  saveRendition(channel: string, rendition: string, about: string): RenditionRow {
    const upsert = `INSERT INTO archive_rendition (channel, rendition, about) VALUES (?, ?, ?)
      ON CONFLICT (channel, rendition) DO UPDATE SET about = excluded.about`;
    this.#database.query(upsert).run(channel, rendition, about);
    return this.rendition(channel, rendition) as RenditionRow;
  }

  /** Adds the next segment with what it needs: all of it or nothing. */
  add(rendition: number, row: SegmentRow, assets: readonly AssetRow[]): void {
    const insert = this.#database.query(`INSERT INTO archive_segment (rendition, number, name,
      start_ms, end_ms, duration_s, discontinuity_sequence, discontinuity, gap, size_bytes,
      until_ms, needs) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    const keep = this.#database.query(`INSERT INTO archive_asset (rendition, name, content_type,
      body, last_number) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET last_number = excluded.last_number`);
    this.#database.transaction(() => {
      for (const { name, contentType, body } of assets) {
        keep.run(rendition, name, contentType, body, row.number);
      }
      const { number, name, startMs, endMs, durationS, discontinuitySequence } = row;
      const { discontinuity, gap, sizeBytes, untilMs, needs } = row;
      const place = [rendition, number, name, startMs, endMs, durationS, discontinuitySequence];
      insert.run(...place, discontinuity ? 1 : 0, gap, sizeBytes, untilMs, needs);
    })();
  }

  /** Those that touch the span, the oldest first. */
  between(rendition: number, fromMs: number, toMs: number, countMax: number): SegmentRow[] {
    return this.#segments(
      'WHERE rendition = ? AND end_ms > ? AND start_ms < ? ORDER BY end_ms, number LIMIT ?',
      [rendition, fromMs, toMs, countMax],
    );
  }

  named(rendition: number, name: string): SegmentRow | undefined {
    return this.#segments('WHERE rendition = ? AND name = ?', [rendition, name])[0];
  }

  first(rendition: number): SegmentRow | undefined {
    return this.oldest(rendition, 1)[0];
  }

  last(rendition: number): SegmentRow | undefined {
    return this.#segments('WHERE rendition = ? ORDER BY number DESC LIMIT 1', [rendition])[0];
  }

  oldest(rendition: number, countMax: number): SegmentRow[] {
    return this.#segments('WHERE rendition = ? ORDER BY number LIMIT ?', [rendition, countMax]);
  }

  /** Those that are held, after a number, the oldest first. */
  heldAfter(rendition: number, number: number, countMax: number): SegmentRow[] {
    const where = "WHERE rendition = ? AND gap = '' AND number > ? ORDER BY number LIMIT ?";
    return this.#segments(where, [rendition, number, countMax]);
  }

  /** Those that are held, before a number, the newest first. */
  heldBefore(rendition: number, number: number, countMax: number): SegmentRow[] {
    const where = "WHERE rendition = ? AND gap = '' AND number < ? ORDER BY number DESC LIMIT ?";
    return this.#segments(where, [rendition, number, countMax]);
  }

  /** Those of them that were held are gaps from now on. Returns how many that are. */
  lose(rendition: number, numbers: readonly number[], gap: string): number {
    const update = this.#database.query(`UPDATE archive_segment SET gap = ?, size_bytes = 0
      WHERE rendition = ? AND number = ? AND gap = ''`);
    return this.#database.transaction(() => {
      let lost = 0;
      for (const number of numbers) lost += update.run(gap, rendition, number).changes;
      return lost;
    })();
  }

  /** The oldest, up to this one and with it, and what none of the others needs. */
  dropTo(rendition: number, number: number): void {
    this.#database.transaction(() => {
      this.#database
        .query('DELETE FROM archive_segment WHERE rendition = ? AND number <= ?')
        .run(rendition, number);
      this.#database
        .query('DELETE FROM archive_asset WHERE rendition = ? AND last_number <= ?')
        .run(rendition, number);
    })();
  }

  asset(rendition: number, name: string): AssetRow | undefined {
    const row = this.#database
      .query<AssetRow, [number, string]>(
        `SELECT name, content_type AS contentType, body FROM archive_asset
         WHERE rendition = ? AND name = ?`,
      )
      .get(rendition, name);
    return row ?? undefined;
  }

  #segments(where: string, values: readonly (string | number)[]): SegmentRow[] {
    const rows = this.#database
      .query<RawSegment, (string | number)[]>(`${SEGMENT} ${where}`)
      .all(...values);
    return rows.map((row) => ({ ...row, discontinuity: row.discontinuity === 1 }));
  }
}
