// This file answers with a playlist, made once per version and copied for every viewer.
import { gzipSync } from 'bun';
import { renditionPlaylist } from '../packaging/hls/media-playlist.ts';
import type { Rendition } from '../prefetch/rendition.ts';
import { matchesEtag } from './body-response.ts';
import { CORS, HLS_TYPE, LIVE_CACHE } from './headers.ts';
import type { HotPlaylists } from './hot-playlists.ts';

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
class RenditionAnswer {
  readonly path: string;
  readonly rendition: Rendition;
  readonly #prefix: string;
  #entry: Ready | undefined;
  asked = 0;

  constructor(rendition: Rendition, prefix: string, path: string) {
    this.rendition = rendition;
    this.#prefix = prefix;
    this.path = path;
  }

  get entry(): Ready {
    const { ring, header } = this.rendition;
    if (this.#entry === undefined || this.#entry.version !== ring.version) {
      const text = renditionPlaylist(ring, header, this.#prefix);
      this.#entry = ready(text, ring.version, LIVE_CACHE);
    }
    return this.#entry;
  }

  /** The answer of this moment, without a look at the request; it promises what it lists. */
  readonly respond = (): Response => {
    this.rendition.promise();
    return this.entry.plain.clone() as Response;
  };
}

/** Answers with the playlists of renditions, and lets the server have those asked for most. */
export class PlaylistAnswers {
  readonly #hot: HotPlaylists;
  readonly #answers = new WeakMap<Rendition, Map<string, RenditionAnswer>>();

  constructor(hot: HotPlaylists) {
    this.#hot = hot;
  }

  /**
   * The playlist of a rendition that is ready to be served. `prefix` stands before every name in
   * it; `path` is where it was asked for, undefined where that is not all that decides the answer.
   */
  respond(
    rendition: Rendition,
    prefix: string,
    path: string | undefined,
    request: Request,
  ): Response {
    let byPrefix = this.#answers.get(rendition);
    if (byPrefix === undefined) {
      byPrefix = new Map();
      this.#answers.set(rendition, byPrefix);
    }
    let answer = byPrefix.get(prefix);
    if (answer === undefined) {
      answer = new RenditionAnswer(rendition, prefix, path ?? '');
      byPrefix.set(prefix, answer);
    }
    if (path !== undefined && answer.asked++ === 0) this.#hot.add(answer);
    return respond(answer.entry, request);
  }
}

/** Any other playlist text; made for this one answer. */
export function playlistResponse(text: string, request: Request): Response {
  return respond(ready(text, 0, LIVE_CACHE), request);
}
