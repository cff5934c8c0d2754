// This file tells what is on, and what comes next.
import type { Database } from 'bun:sqlite';
import { type Brief, dayOf } from './edition.ts';

export type Airing = { readonly startMs: number; readonly stopMs: number; readonly title: string };
export type OnAir = { readonly channel: string; readonly now?: Airing; readonly next?: Airing };

/** For each channel, from the first guide that has anything for the day. */
export function onAir(
  database: Database,
  guides: readonly string[],
  channels: readonly string[],
  atMs: number,
): readonly OnAir[] {
  const select = database.query<{ brief: string }, [string, string, number, number]>(
    `SELECT brief FROM day JOIN guide ON guide.id = day.guide AND guide.edition = day.edition
     WHERE guide.id = ? AND day.channel = ? AND day.day BETWEEN ? AND ? ORDER BY day.day`,
  );
  const day = dayOf(atMs);
  return channels.map((channel) => {
    for (const guide of guides) {
      // What began yesterday may still be on, and what comes next may begin tomorrow
      const rows = select.all(guide, channel, day - 1, day + 1);
      const airings = rows.flatMap(({ brief }) => JSON.parse(brief) as Brief);
      if (airings.length > 0) return { channel, ...around(airings, atMs) };
    }
    return { channel };
  });
}

function around(airings: Brief, atMs: number): Omit<OnAir, 'channel'> {
  const now = airings.find(([start, stop]) => start * 1000 <= atMs && atMs < stop * 1000);
  const next = airings.find(([start]) => start * 1000 > atMs);
  return {
    ...(now === undefined ? {} : { now: airing(now) }),
    ...(next === undefined ? {} : { next: airing(next) }),
  };
}

function airing([start, stop, title]: Brief[number]): Airing {
  return { startMs: start * 1000, stopMs: stop * 1000, title };
}
