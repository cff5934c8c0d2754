// This file holds the response headers that players and caches need.
import { pathOf } from './query.ts';

/** Players in browsers come from any page; nothing here is answered by cookie or credential. */
export const CORS: Readonly<Record<string, string>> = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'Content-Length, Content-Range, Date, ETag',
};

/** Media and line-ups are; what operators ask is for our own page, on our own origin. */
export function isForAnyPage(url: string): boolean {
  return !/^\/(?:api(?:\/|$)|metrics$|healthz$|readyz$|$)/.test(pathOf(url));
}

export const PREFLIGHT: Readonly<Record<string, string>> = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, HEAD, OPTIONS',
  'access-control-allow-headers': 'Range, If-None-Match',
  'access-control-max-age': '86400',
};

/** The type that is said is the type: no browser is to guess another from the bytes. */
export const NO_SNIFF: Readonly<Record<string, string>> = { 'x-content-type-options': 'nosniff' };

/** No CORS: what an operator asks is not for the pages of others. */
export const NO_STORE: Readonly<Record<string, string>> = {
  ...NO_SNIFF,
  'cache-control': 'no-store',
};
/** The same, where JSON is not written by the server itself. */
export const JSON_NO_STORE: Readonly<Record<string, string>> = {
  ...NO_STORE,
  'content-type': 'application/json; charset=utf-8',
};

/** Apple's validator refuses application/x-mpegURL; Kodi and hls.js take either. */
export const HLS_TYPE = 'application/vnd.apple.mpegurl';

/** A live list is old within a second; a cache in front of us collapses the polls of one second. */
export const LIVE_CACHE = 'public, max-age=1';
/** The name of a segment never means other bytes. */
export const IMMUTABLE_CACHE = 'public, max-age=31536000, immutable';
