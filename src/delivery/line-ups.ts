// This file says how each line-up does, for operators and their scripts.
import { Elysia } from 'elysia';
import type { LineUpStatus } from '../lineup/import/line-ups.ts';
import { NO_STORE } from './headers.ts';

export function lineUpsPlugin(status: () => readonly LineUpStatus[]) {
  return new Elysia({ name: 'line-ups' }).get('/api/lineups', () =>
    Response.json(status().map(shown), { headers: NO_STORE }),
  );
}

function shown({ name, kept, error, isReading }: LineUpStatus) {
  return {
    name,
    isReading,
    readAt: kept === undefined ? null : new Date(kept.fetchedMs).toISOString(),
    channels: kept?.channels ?? 0,
    /** Films, episodes and series. */
    films: kept?.films ?? 0,
    /** Kept for when they come back. */
    gone: kept?.gone ?? 0,
    /** Entries that are another source of a channel. */
    merged: kept?.merged ?? 0,
    problems: kept?.problems.counts ?? {},
    firstProblems: kept?.problems.first ?? [],
    unusedRules: kept?.unusedRules ?? [],
    /** The shared store has not taken it yet: new ids hold on this node alone. */
    isWaiting: kept?.isWaiting ?? false,
    error: error === undefined ? null : { code: error.code, message: error.message },
  };
}
