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
  const dayIn = (feed: GuideFeed) => (day: number) =>
    mergedDays(served, feed, ({ guide, edition }, source) =>
      select.all(guide, edition, source, day, day),
    ).flatMap(({ brief }) => JSON.parse(brief) as Brief);
  return feeds.map((feed) => ({ channel: feed.id, ...around(dayIn(feed), atMs, feed.shiftMs) }));
}

/** Nearly always today is all that is read: there may be tens of thousands of channels. */
function around(
  airingsOf: (day: number) => Brief,
  atMs: number,
  shiftMs = 0,
): Omit<OnAir, 'channel'> {
  const atS = (atMs - shiftMs) / 1000;
  const today = dayOf(atMs - shiftMs);
  const ofToday = airingsOf(today);
  const isOn = ([start, stop]: Brief[number]) => start <= atS && atS < stop;
  const isNext = ([start]: Brief[number]) => start > atS;
  let now = ofToday.find(isOn);
  for (let back = 1; now === undefined && back <= LONGEST_DAYS; back++) {
    now = airingsOf(today - back).find(isOn);
  }
  const next = ofToday.find(isNext) ?? airingsOf(today + 1).find(isNext);
  return {
    ...(now === undefined ? {} : { now: airing(now, shiftMs) }),
    ...(next === undefined ? {} : { next: airing(next, shiftMs) }),
  };
}

function airing([start, stop, title]: Brief[number], shiftMs: number): Airing {
  return { startMs: start * 1000 + shiftMs, stopMs: stop * 1000 + shiftMs, title };
}
