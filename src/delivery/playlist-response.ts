// This file answers with a playlist, made once per version and copied for every viewer.
import { gzipSync } from 'bun';
import { renditionPlaylist } from '../packaging/hls/media-playlist.ts';
import type { Rendition } from '../prefetch/rendition.ts';
import { matchesEtag } from './body-response.ts';
import { CORS, HLS_TYPE, LIVE_CACHE } from './headers.ts';
import { type HotAnswers, WITNESSES } from './hot-answers.ts';

/** An answer in every form a client may ask for. */
type Ready = {
  readonly version: number;
  readonly etag: string;
  readonly plain: Response;
  readonly text: string;
  gzipped: Response | undefined;
};

/** Under this a gzip frame saves nothing worth its header. */
const GZIP_MIN_CHARS = 200;

function ready(text: string, version: number, cacheControl: string): Ready {
  const etag = `"${Bun.hash.wyhash(text).toString(36)}"`;
  const headers = playlistHeaders(etag, cacheControl);
  return { version, etag, text, plain: new Response(text, { headers }), gzipped: undefined };
}

function playlistHeaders(etag: string, cacheControl: string): Record<string, string> {
  return {
    ...CORS,
    'content-type': HLS_TYPE,
    'cache-control': cacheControl,
    etag,
    vary: 'Accept-Encoding',
  };
}

/** Answers in the form asked for. Cloning a response is the cheapest way to answer with a text. */
function respond(entry: Ready, request: Request): Response {
  const { headers } = request;
  if (matchesEtag(headers.get('if-none-match'), entry.etag)) {
    return new Response(null, { status: 304, headers: entry.plain.headers });
  }
  const accepts = headers.get('accept-encoding');
  if (accepts === null || entry.text.length < GZIP_MIN_CHARS || !/\bgzip\b/.test(accepts)) {
    return entry.plain.clone() as Response;
  }
  if (entry.gzipped === undefined) {
    const gzipped = new Headers(entry.plain.headers);
    gzipped.set('content-encoding', 'gzip');
    entry.gzipped = new Response(gzipSync(entry.text), { headers: gzipped });
  }
  return entry.gzipped.clone() as Response;
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
      const entry = ready(renditionPlaylist(ring, header, prefix), ring.version, LIVE_CACHE);
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

/** Any other playlist text; made for this one answer. */
export function playlistResponse(text: string, request: Request): Response {
  return respond(ready(text, 0, LIVE_CACHE), request);
}
