// This file writes beside a body when it was put into the tiers, and reads it again.
import type { Stored } from './tier.ts';

/** Unix time, both ends counted in. */
export type Span = { readonly fromMs: number; readonly toMs: number };

const STAMP = '; stored=';

/**
 * Sources that start anew often call other content the same again, and a tier keeps what it holds:
 * only the time tells one from the other.
 */
export function stamped({ body, contentType }: Stored, atMs: number): Stored {
  return { body, contentType: `${contentType}${STAMP}${Math.round(atMs)}` };
}

/** What was put, where it was put within `span`; else undefined. */
export function putWithin(found: Stored | undefined, span: Span): Stored | undefined {
  const [contentType, time, ...more] = found?.contentType.split(STAMP) ?? [];
  if (found === undefined || contentType === undefined || more.length > 0) return undefined;
  if (time === undefined || !/^\d{1,15}$/.test(time)) return undefined;
  const atMs = Number(time);
  if (atMs < span.fromMs || atMs > span.toMs) return undefined;
  return { body: found.body, contentType };
}
