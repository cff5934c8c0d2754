// This file keeps the days of a guide's channel as a line-up wants them: under its id, at its time.
import type { Database } from 'bun:sqlite';
import { dayOf } from './channel-days.ts';
import { dayProgrammes, movedProgramme } from './day-text.ts';
import type { GuideFeed, Served } from './feed.ts';
import { type GzipPart, gzipPart } from './gzip-parts.ts';

/** The programmes of one day, as a part of a document. */
export type DayPart = GzipPart & { readonly day: number; readonly programmes: number };

/** Those are made once, and kept as long as the edition they are made of. */
type Fed = { readonly served: Served; readonly source: string; readonly feed: GuideFeed };

const COLUMNS = 'day, crc, advance, size AS sizeBytes, programmes, deflated';

/** The parts of what a guide calls `source`, from that day to that. */
export function dayParts(
  database: Database,
  fed: Fed,
  fromDay: number,
  toDay: number,
): readonly DayPart[] {
  const { served, source, feed } = fed;
  const { guide, edition } = served;
  if (isAsItIs(fed)) {
    return database
      .query<DayPart, [string, number, string, number, number]>(
        `SELECT ${COLUMNS} FROM day
         WHERE guide = ? AND edition = ? AND channel = ? AND day BETWEEN ? AND ? ORDER BY day`,
      )
      .all(guide, edition, source, fromDay, toDay);
  }
  const kept = keptParts(database, fed);
  const parts = kept.length > 0 ? kept : movedParts(database, served, source, feed);
  return parts.filter(({ day }) => day >= fromDay && day <= toDay);
}

/** Makes and keeps what is not kept yet; on a connection that may write. */
export function keepDayParts(database: Database, fed: Fed): void {
  if (isAsItIs(fed) || keptParts(database, fed).length > 0) return;
  const { served, source, feed } = fed;
  const { guide, edition } = served;
  const parts = movedParts(database, served, source, feed);
  const insert = database.query(
    `INSERT INTO fed_day (guide, edition, channel, source, shift_ms, day, crc, advance, size, programmes, deflated)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  database.transaction(() => {
    // What fed it before, which nobody asks for again
    database.query('DELETE FROM fed_day WHERE guide = ? AND channel = ?').run(guide, feed.id);
    for (const { day, crc, advance, sizeBytes, programmes, deflated } of parts) {
      insert.run(
        ...[guide, edition, feed.id, source, feed.shiftMs ?? 0, day],
        ...[crc, advance, sizeBytes, programmes, deflated],
      );
    }
  })();
}

function isAsItIs({ source, feed }: Fed): boolean {
  return source === feed.id && (feed.shiftMs ?? 0) === 0;
}

function keptParts(database: Database, { served, source, feed }: Fed): readonly DayPart[] {
  return database
    .query<DayPart, [string, number, string, string, number]>(
      `SELECT ${COLUMNS} FROM fed_day
       WHERE guide = ? AND edition = ? AND channel = ? AND source = ? AND shift_ms = ? ORDER BY day`,
    )
    .all(served.guide, served.edition, feed.id, source, feed.shiftMs ?? 0);
}

/** What is moved in time may come into another day: all of them are made at once. */
function movedParts(
  database: Database,
  { guide, edition }: Served,
  source: string,
  { id, shiftMs = 0 }: GuideFeed,
): readonly DayPart[] {
  const rows = database
    .query<{ size: number; deflated: Uint8Array }, [string, number, string]>(
      'SELECT size, deflated FROM day WHERE guide = ? AND edition = ? AND channel = ? ORDER BY day',
    )
    .all(guide, edition, source);
  const days = new Map<number, { xml: string; programmes: number }>();
  for (const { size, deflated } of rows) {
    for (const programme of dayProgrammes(deflated, size)) {
      const day = dayOf(programme.startMs + shiftMs);
      const sum = days.get(day) ?? { xml: '', programmes: 0 };
      sum.xml += movedProgramme(programme, id, shiftMs);
      sum.programmes++;
      days.set(day, sum);
    }
  }
  return [...days].map(([day, { xml, programmes }]) => ({
    ...gzipPart(xml),
    day,
    programmes,
  }));
}
