// This file tells the programmes of one channel with what is said of them.
import type { Database } from 'bun:sqlite';
import { parseProgramme } from '../media/xmltv/parse-programme.ts';
import { dayOf, LONGEST_DAYS } from './channel-days.ts';
import { type DayProgramme, dayProgrammes } from './day-text.ts';
import { type GuideFeed, mergedDays, servedOf } from './feed.ts';

export type ProgrammesWanted = {
  /** What ends after it, */
  readonly fromMs: number;
  /** and begins before it. */
  readonly toMs: number;
  readonly limit: number;
};

export type ToldProgramme = {
  /** Digits, the same for as long as it begins at the same time. */
  readonly id: string;
  readonly startMs: number;
  readonly stopMs: number;
  readonly title: string;
  /** Empty where the guide says nothing. */
  readonly description: string;
  /** Of the title. */
  readonly lang?: string;
};

type DayRow = { readonly day: number; readonly size: number; readonly deflated: Uint8Array };

/** In order of time. Of a day, half a millisecond for each: asked for one channel at a time. */
export function programmesOf(
  database: Database,
  guides: readonly string[],
  feed: GuideFeed,
  { fromMs, toMs, limit }: ProgrammesWanted,
): readonly ToldProgramme[] {
  const shiftMs = feed.shiftMs ?? 0;
  const select = database.query<DayRow, [string, number, string, number, number]>(
    `SELECT day, size, deflated FROM day
     WHERE guide = ? AND edition = ? AND channel = ? AND day BETWEEN ? AND ?`,
  );
  const fromDay = dayOf(fromMs - shiftMs) - LONGEST_DAYS;
  const toDay = dayOf(toMs - shiftMs);
  const rows = mergedDays(servedOf(database, guides), feed, ({ guide, edition }, source) =>
    select.all(guide, edition, source, fromDay, toDay),
  );
  const told: ToldProgramme[] = [];
  for (const { deflated, size } of rows) {
    for (const programme of dayProgrammes(deflated, size)) {
      if (told.length >= limit) return told;
      const isIn = programme.stopMs + shiftMs > fromMs && programme.startMs + shiftMs < toMs;
      if (isIn) told.push(toldOf(programme, feed.id, shiftMs));
    }
  }
  return told;
}

function toldOf(
  { startMs, stopMs, text }: DayProgramme,
  id: string,
  shiftMs: number,
): ToldProgramme {
  const programme = parseProgramme(text);
  const said = typeof programme === 'string' ? undefined : programme;
  const title = said?.titles[0];
  return {
    id: String(Bun.hash.crc32(`${id} ${startMs}`)),
    startMs: startMs + shiftMs,
    stopMs: stopMs + shiftMs,
    title: title?.text ?? '',
    description: said?.descriptions[0]?.text ?? '',
    ...(title?.lang === undefined ? {} : { lang: title.lang }),
  };
}
