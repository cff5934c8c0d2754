// This file answers with a playlist, made once per version and copied for every viewer.
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { gzipSync } from 'bun';
import { renditionPlaylist } from '../packaging/hls/media-playlist.ts';
import type { Rendition } from '../prefetch/rendition/rendition.ts';
import { prefersGzip } from './accept.ts';
import { matchesEtag } from './body-response.ts';
import { headResponse } from './head.ts';
import { CORS, HLS_TYPE, LIVE_CACHE } from './headers.ts';
import { type HotAnswers, WITNESSES } from './hot-answers.ts';

/** An answer in every form a client may ask for. */
type Ready = {
  readonly version: number;
  readonly etag: string;
  /** RFC 9110 §8.8.3: packed it is other bytes, and so has a tag of its own. */
  readonly etagGzipped: string;
  readonly plain: Response;
  readonly text: string;
  gzipped: Response | undefined;
};

/** Under this a gzip frame saves nothing worth its header. */
const GZIP_MIN_CHARS = 200;

const PLAYLIST_HEADERS = { ...CORS, 'content-type': HLS_TYPE, vary: 'Accept-Encoding' };

function ready(text: string, version: number, cache = LIVE_CACHE): Ready {
  const hash = Bun.hash.wyhash(text).toString(36);
  const etag = `"${hash}"`;
  const headers = { ...PLAYLIST_HEADERS, 'cache-control': cache, etag };
  const plain = new Response(text, { headers });
  return { version, etag, etagGzipped: `"${hash}-gzip"`, text, plain, gzipped: undefined };
}

/** Answers in the form asked for. Cloning a response is the cheapest way to answer with a text. */
function respond(entry: Ready, request: Request): Response {
  const { headers } = request;
  const accepts = headers.get('accept-encoding');
  const isPacked = accepts !== null && entry.text.length >= GZIP_MIN_CHARS && prefersGzip(accepts);
  const held = heldTag(entry, isPacked, headers.get('if-none-match'));
  if (held !== undefined) {
    const known = new Headers(entry.plain.headers);
    known.set('etag', held);
    return new Response(null, { status: 304, headers: known });
  }
  return (isPacked ? gzipped(entry) : entry.plain).clone() as Response;
}

/** The tag of the form that the client holds, if it is one that it takes. */
function heldTag(entry: Ready, isPacked: boolean, ifNoneMatch: string | null): string | undefined {
  if (ifNoneMatch === null) return undefined;
  if (isPacked && matchesEtag(ifNoneMatch, entry.etagGzipped)) return entry.etagGzipped;
  // The server itself, where it is let answer, sends the plain form to everybody
  return matchesEtag(ifNoneMatch, entry.etag) ? entry.etag : undefined;
}

function gzipped(entry: Ready): Response {
  if (entry.gzipped === undefined) {
    const headers = new Headers(entry.plain.headers);
    headers.set('content-encoding', 'gzip');
    headers.set('etag', entry.etagGzipped);
    entry.gzipped = new Response(gzipSync(entry.text), { headers });
  }
  return entry.gzipped;
}

/** One rendition's playlist under one prefix, made anew when the rendition's version changes. */
type RenditionAnswer = { entry: Ready; given: number };

/** Answers with the playlists of renditions, and lets the server have those polled fast. */
export class PlaylistAnswers {
  readonly #hot: HotAnswers;
  readonly #answers = new WeakMap<Rendition, Map<string, RenditionAnswer>>();

  constructor(hot: HotAnswers) {
    this.#hot = hot;
  }

  /** The playlist of a rendition that is ready; `prefix` stands before every name in it. */
  respond(rendition: Rendition, prefix: string, request: Request): Response {
    let byPrefix = this.#answers.get(rendition);
    if (byPrefix === undefined) {
      byPrefix = new Map();
      this.#answers.set(rendition, byPrefix);
    }
    const { ring, header } = rendition;
    let answer = byPrefix.get(prefix);
    if (answer === undefined || answer.entry.version !== ring.version) {
      const entry = ready(renditionPlaylist(ring, header, prefix), ring.version);
      answer = { entry, given: answer?.given ?? 0 };
      byPrefix.set(prefix, answer);
    }
    answer.given++;
    if (answer.given % WITNESSES === 0) {
      this.#hot.gave(answer.entry.plain.clone() as Response, answer.given, request.url);
    }
    return respond(answer.entry, request);
  }
}

/**
 * Of a playlist that is not known now. Upstream is never asked: a media server asks HEAD of every
 * channel when it scans.
 */
export function playlistHead(): Response {
  return headResponse({ ...PLAYLIST_HEADERS, 'cache-control': LIVE_CACHE });
}

/** Any other playlist text; made for this one answer. */
export function playlistResponse(text: string, request: Request): Response {
  return respond(ready(text, 0), request);
}

/** What is packed in this turn takes less than a millisecond; more is packed in another thread. */
const LONG_CHARS = 64 * 1024;
/** Lists are the same words over and over: the first level makes a tenth of them already. */
const LONG_LEVEL = 1;
const gzipAside = promisify(gzip) as (text: string, options: object) => Promise<Uint8Array>;

/** A list that may name a day of segments, cached as is said. */
export async function longListResponse(
  text: string,
  request: Request,
  cache: string,
): Promise<Response> {
  const entry = ready(text, 0, cache);
  const accepts = request.headers.get('accept-encoding');
  const isKnown = heldTag(entry, true, request.headers.get('if-none-match')) !== undefined;
  const isPacked = accepts !== null && prefersGzip(accepts) && text.length >= LONG_CHARS;
  if (!isPacked || isKnown) return respond(entry, request);
  const headers = new Headers(entry.plain.headers);
  headers.set('content-encoding', 'gzip');
  headers.set('etag', entry.etagGzipped);
  const packed = await gzipAside(text, { level: LONG_LEVEL });
  return new Response(packed as Uint8Array<ArrayBuffer>, { headers });
}
