// This file puts the programmes of a channel in order, as a part of a gzip file for each day.
import { MAX_LENGTH_MS } from '../media/xmltv/parse-programme.ts';
import { writeShowing } from '../media/xmltv/write-programme.ts';
import { type GzipPart, gzipPart } from './gzip-parts.ts';
import type { IncomingProgramme } from './incoming.ts';

/** Begin and end in seconds of Unix time, and the title: of every programme of a day. */
export type Brief = readonly (readonly [startS: number, stopS: number, title: string])[];

/** The programmes of a channel that begin on one day. */
export type ChannelDay = GzipPart & {
  readonly day: number;
  readonly programmes: number;
  /** A `Brief` as JSON. */
  readonly brief: string;
};

export const DAY_MS = 86_400_000;
/** One that says not when it ends, and has none after it, ends after this. */
const LAST_LENGTH_MS = 30 * 60_000;

/** What is on may have begun so many days before. */
export const LONGEST_DAYS = MAX_LENGTH_MS / DAY_MS;

/** The day (UTC, since 1970) in which this moment lies. */
export function dayOf(timeMs: number): number {
  return Math.floor(timeMs / DAY_MS);
}

/** `programmes` in order of time. A part for each day on which any begins. */
export function channelDays(
  channel: string,
  programmes: readonly IncomingProgramme[],
): readonly ChannelDay[] {
  const days = Map.groupBy(inOrder(programmes), ({ startMs }) => dayOf(startMs));
  return [...days].map(([day, all]) => {
    let xml = '';
    for (const each of all) xml += `${showing(channel, each)}\n`;
    const brief = JSON.stringify(briefOf(all));
    return { ...gzipPart(xml), day, programmes: all.length, brief };
  });
}

type Timed = Omit<IncomingProgramme, 'stopMs'> & { readonly stopMs: number };

/**
 * One at a time: of two that begin at once the first stays, and one that ends after the next begins
 * ends there, since players show nothing, or both, where two overlap.
 */
function inOrder(programmes: readonly IncomingProgramme[]): readonly Timed[] {
  const apart = programmes.filter(({ startMs }, at) => programmes[at - 1]?.startMs !== startMs);
  return apart.map((programme, at) => {
    const { startMs, stopMs } = programme;
    const nextMs = apart[at + 1]?.startMs ?? Number.POSITIVE_INFINITY;
    const endMs = stopMs ?? (nextMs - startMs <= DAY_MS ? nextMs : startMs + LAST_LENGTH_MS);
    return { ...programme, stopMs: Math.min(endMs, nextMs) };
  });
}

function showing(channel: string, { startMs, stopMs, catchupId, body }: Timed): string {
  const times = catchupId === null ? { channel, startMs } : { channel, startMs, catchupId };
  return writeShowing(times, stopMs, body);
}

function briefOf(programmes: readonly Timed[]): Brief {
  return programmes.map(({ startMs, stopMs, title }) => [startMs / 1000, stopMs / 1000, title]);
}
