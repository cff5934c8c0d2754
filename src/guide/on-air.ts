// This file tells what is on, and what comes next.
import type { Database } from 'bun:sqlite';
import { type Brief, dayOf, LONGEST_DAYS } from './channel-days.ts';
import { type GuideFeed, mergedDays, servedOf } from './feed.ts';

export type Airing = { readonly startMs: number; readonly stopMs: number; readonly title: string };
export type OnAir = { readonly channel: string; readonly now?: Airing; readonly next?: Airing };

/** Of each channel, under the id that players know it by. */
export function onAir(
  database: Database,
  guides: readonly string[],
  feeds: readonly GuideFeed[],
  atMs: number,
): readonly OnAir[] {
  const served = servedOf(database, guides);
  const select = database.query<
    { day: number; brief: string },
    [string, number, string, number, number]
  >(
    `SELECT day, brief FROM day
     WHERE guide = ? AND edition = ? AND channel = ? AND day BETWEEN ? AND ?`,
  );
  return feeds.map((feed) => {
    const shiftMs = feed.shiftMs ?? 0;
    const day = dayOf(atMs - shiftMs);
    // What comes next may begin tomorrow
    const rows = mergedDays(served, feed, ({ guide, edition }, source) =>
      select.all(guide, edition, source, day - LONGEST_DAYS, day + 1),
    );
    const airings = rows.flatMap(({ brief }) => JSON.parse(brief) as Brief);
    return { channel: feed.id, ...around(airings, atMs - shiftMs, shiftMs) };
  });
}

function around(airings: Brief, atMs: number, shiftMs: number): Omit<OnAir, 'channel'> {
  const now = airings.find(([start, stop]) => start * 1000 <= atMs && atMs < stop * 1000);
  const next = airings.find(([start]) => start * 1000 > atMs);
  return {
    ...(now === undefined ? {} : { now: airing(now, shiftMs) }),
    ...(next === undefined ? {} : { next: airing(next, shiftMs) }),
  };
}

function airing([start, stop, title]: Brief[number], shiftMs: number): Airing {
  return { startMs: start * 1000 + shiftMs, stopMs: stop * 1000 + shiftMs, title };
}
