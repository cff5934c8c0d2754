// This file reads what an Xtream client asks for: actions, streams by number, times of the past.
import type { TimeSpan } from '../../recording/archive/archived.ts';

const ACTIONS = [
  'get_live_categories',
  'get_live_streams',
  'get_vod_categories',
  'get_vod_streams',
  'get_vod_info',
  'get_series_categories',
  'get_series',
  'get_series_info',
  'get_short_epg',
  'get_simple_data_table',
] as const;

export type Action = (typeof ACTIONS)[number] | 'login';

/** An action that nobody knows is none. */
export function actionOf(name: string | null): Action {
  return ACTIONS.find((action) => action === name) ?? 'login';
}

/** A number of ours as it stands in a query; undefined where it is none. */
export function numberIn(text: string | null): number | undefined {
  return text !== null && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

export type StreamName = { readonly number: number; readonly form: 'ts' | 'm3u8' };

/** `101`, `101.ts`, `101.m3u8`: no name of our own segments, keys or playlists is such. */
const STREAM_NAME = /^(\d{1,10})(?:\.(ts|m3u8))?$/;

export function streamNameIn(name: string): StreamName | undefined {
  const match = STREAM_NAME.exec(name);
  if (match === null) return undefined;
  return { number: Number(match[1]), form: match[2] === 'm3u8' ? 'm3u8' : 'ts' };
}

export type FileName = { readonly number: number; readonly extension: string };

/** `9001.mp4`; the extension is what a player liked to write. */
export function fileNameIn(name: string): FileName | undefined {
  const match = /^(\d{1,10})(?:\.([A-Za-z0-9]{1,8}))?$/.exec(name);
  if (match === null) return undefined;
  return { number: Number(match[1]), extension: (match[2] ?? '').toLowerCase() };
}

/** A day: what an archive gives as one. */
const MINUTES_MAX = 24 * 60;

/** Of minutes and a beginning, in UTC; undefined where they are none. */
export function spanIn(minutes: string, start: string): TimeSpan | undefined {
  const fromMs = startIn(start);
  const count = /^\d{1,4}$/.test(minutes) ? Number(minutes) : 0;
  if (fromMs === undefined || count < 1) return undefined;
  return { fromMs, toMs: fromMs + Math.min(count, MINUTES_MAX) * 60_000 };
}

/** Panels have `2026-01-01:20-00`; clients write seconds too, and other signs between. */
const START = /^(\d{4})-(\d\d)-(\d\d)[:_ T](\d\d)[-:](\d\d)(?:[-:](\d\d))?Z?$/;

function startIn(text: string): number | undefined {
  if (/^\d{9,11}$/.test(text)) return Number(text) * 1000;
  const parts = START.exec(text)?.slice(1, 7);
  if (parts === undefined) return undefined;
  const [year, month, day, hour, minute, second = '00'] = parts as string[];
  const written = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const ms = Date.parse(`${written}Z`);
  // The 31st of February is no day
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(written) ? ms : undefined;
}
