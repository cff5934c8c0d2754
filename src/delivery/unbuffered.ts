// This file serves the modes that hold nothing: proxy, host and redirect.
import { Elysia } from 'elysia';
import type { Clock } from '../base/clock.ts';
import { errorRecord } from '../base/errors.ts';
import { SingleFlight } from '../base/single-flight.ts';
import type { ChannelConfig, UrlSource } from '../config/config.ts';
import { formatMediaPlaylist } from '../media/m3u8/format-media.ts';
import { formatMultivariantPlaylist } from '../media/m3u8/format-multivariant.ts';
import { parsePlaylist } from '../media/m3u8/parse-playlist.ts';
import type { Outbound } from '../net/outbound.ts';
import { rewriteUris, type UriKind } from '../packaging/hls/unbuffered.ts';
import type { Relays } from '../prefetch/relays.ts';
import { playlistLimits, segmentLimits, TARGET_DURATION_DEFAULT_S } from '../source/deadlines.ts';
import { policyOf } from '../source/open-source.ts';
import { fetchPlaylist, type PlaylistText } from '../source/pull/hls.ts';
import { onlyVariant, pickVariant } from '../source/pull/renditions.ts';
import { problemResponse, unknownChannel } from './error-response.ts';
import { CORS, HLS_TYPE, OCTETS } from './headers.ts';
import { parseHostParameter } from './host-parameter.ts';
import { playlistResponse } from './playlist-response.ts';
import { parseHeight, queryOf } from './query.ts';
import type { Sealer } from './seal.ts';

export type UnbufferedDeps = {
  readonly relays: Relays;
  readonly outbound: Outbound;
  readonly clock: Clock;
  readonly sealer: Sealer;
  readonly segmentMaxBytes: number;
};

/** Response headers of an upstream body that mean something to a player. */
const PASSED_HEADERS = ['content-type', 'content-range', 'accept-ranges', 'etag', 'last-modified'];

export function unbufferedPlugin(modes: UnbufferedModes) {
  return new Elysia({ name: 'unbuffered' })
    .get('/proxy/:channel/index.m3u8', ({ params, request }) =>
      modes.playlist('proxy', params.channel, request),
    )
    .get('/proxy/:channel/:token', ({ params, request }) =>
      modes.proxied(params.channel, params.token, request),
    )
    .get('/host/:channel/index.m3u8', ({ params, request }) =>
      modes.playlist('host', params.channel, request),
    )
    .get('/host/:channel/:token', ({ params, request }) =>
      modes.hosted(params.channel, params.token, request),
    )
    .get('/redirect/:channel', ({ params, request }) => modes.redirect(params.channel, request));
}

export class UnbufferedModes {
  readonly #deps: UnbufferedDeps;
  /** Polls of the same moment share one fetch; nothing is kept beyond it. */
  readonly #flights = new SingleFlight<PlaylistText>();

  constructor(deps: UnbufferedDeps) {
    this.#deps = deps;
  }

  /** `base` stands before every URI of ours: empty for relative ones. */
  async playlist(
    mode: 'proxy' | 'host',
    id: string,
    request: Request,
    base = '',
  ): Promise<Response> {
    const config = this.#deps.relays.config(id);
    if (config === undefined) return unknownChannel(id, request);
    const source = urlSourceOf(config);
    if (source === undefined) return buffered(id, request, base === '' ? '../../' : '');
    if (request.method === 'HEAD') return headResponse(HLS_TYPE);
    return this.#rewritten(mode, config, source, source.url, request, base);
  }

  async proxied(id: string, token: string, request: Request): Promise<Response> {
    const opened = this.#open(id, token);
    if (opened === undefined) return unknownToken(request);
    const { config, source, sealed } = opened;
    if (request.method === 'HEAD') {
      return headResponse(sealed.kind === 'playlist' ? HLS_TYPE : OCTETS);
    }
    if (sealed.kind === 'playlist') {
      return this.#rewritten('proxy', config, source, sealed.url, request, '');
    }
    return this.#piped(source, sealed.url, request);
  }

  async hosted(id: string, token: string, request: Request): Promise<Response> {
    const opened = this.#open(id, token);
    if (opened === undefined || opened.sealed.kind !== 'playlist') return unknownToken(request);
    const { config, source, sealed } = opened;
    if (request.method === 'HEAD') return headResponse(HLS_TYPE);
    return this.#rewritten('host', config, source, sealed.url, request, '');
  }

  /** `up` leads from the request's folder to the root of our routes. */
  redirect(id: string, request: Request, up = '../'): Response {
    const config = this.#deps.relays.config(id);
    if (config === undefined) return unknownChannel(id, request);
    const source = urlSourceOf(config);
    if (source === undefined) return buffered(id, request, up);
    // 302: old set-top boxes take no 307
    const headers = { ...CORS, location: source.url, 'cache-control': 'no-store' };
    return new Response(null, { status: 302, headers });
  }

  #open(id: string, name: string) {
    const config = this.#deps.relays.config(id);
    const source = config === undefined ? undefined : urlSourceOf(config);
    if (config === undefined || source === undefined) return undefined;
    const dot = name.indexOf('.');
    const sealed = this.#deps.sealer.open(id, dot < 0 ? name : name.slice(0, dot));
    return sealed === undefined ? undefined : { config, source, sealed };
  }

  async #rewritten(
    mode: 'proxy' | 'host',
    config: ChannelConfig,
    source: UrlSource,
    url: string,
    request: Request,
    base: string,
  ): Promise<Response> {
    const query = queryOf(request.url);
    const host = parseHostParameter(query?.get('host') ?? null);
    const height = parseHeight(query);
    if (host === 'invalid' || height === 'invalid') return badParameter(request);
    let answer: PlaylistText;
    let text: string;
    try {
      answer = await this.#flights.run(`${config.id} ${url}`, () =>
        this.#playlistText(source, url),
      );
      text = passedOn(answer, height);
    } catch (error) {
      return badGateway(error, request);
    }
    const rewrite = (target: string, kind: UriKind): string => {
      const suffix = kind === 'playlist' ? 'm3u8' : extensionOf(target);
      if (mode === 'host' && kind === 'body') return moved(target, host);
      const token = this.#deps.sealer.seal(config.id, { kind, url: target });
      const tail = mode === 'host' && host !== undefined ? `?host=${encodeURIComponent(host)}` : '';
      return `${base}${token}.${suffix}${tail}`;
    };
    return playlistResponse(rewriteUris(text, answer.url, rewrite), request);
  }

  #playlistText(source: UrlSource, url: string): Promise<PlaylistText> {
    const { outbound, clock } = this.#deps;
    const limits = playlistLimits(TARGET_DURATION_DEFAULT_S, source.timeouts);
    const never = new AbortController().signal;
    return fetchPlaylist(outbound, clock, url, policyOf(source), limits, never);
  }

  /** Upstream's bytes as they come; a viewer that leaves closes the upstream connection. */
  async #piped(source: UrlSource, url: string, request: Request): Promise<Response> {
    const { outbound, segmentMaxBytes } = this.#deps;
    const limits = segmentLimits(TARGET_DURATION_DEFAULT_S, source.timeouts, segmentMaxBytes, 1);
    const range = openRange(request.headers.get('range'));
    try {
      const answer = await outbound({
        url,
        policy: policyOf(source),
        // A viewer reads as slowly as it likes; the guard of inbound connections bounds it
        limits: { ...limits, totalMs: 3_600_000, betweenBytesMs: 60_000 },
        compressed: false,
        signal: request.signal,
        ...(range === undefined ? {} : { range }),
      });
      if (answer.status !== 200 && answer.status !== 206) {
        answer.cancel();
        return badGatewayStatus(answer.status, request);
      }
      const headers: Record<string, string> = { ...CORS, 'cache-control': 'no-store' };
      for (const name of PASSED_HEADERS) {
        const value = answer.headers.get(name);
        if (value !== null) headers[name] = value;
      }
      return new Response(pulled(answer.body, answer.cancel), { status: answer.status, headers });
    } catch (error) {
      return badGateway(error, request);
    }
  }
}

/** HEAD asks nothing of upstream. */
function headResponse(type: string): Response {
  const headers = { ...CORS, 'content-type': type, 'cache-control': 'no-store' };
  return new Response(null, { headers });
}

/** One chunk is read upstream when the viewer has taken the one before it. */
function pulled(body: AsyncIterable<Uint8Array>, cancel: () => void): ReadableStream<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await chunks.next();
          if (done === true) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          controller.error(error);
        }
      },
      cancel,
    },
    { highWaterMark: 0 },
  );
}

function urlSourceOf(config: ChannelConfig): UrlSource | undefined {
  return config.sources.find((source) => source.kind === 'url');
}

/** A computed or looped channel has no playlist upstream to pass on: it is served buffered. */
function buffered(id: string, request: Request, up: string): Response {
  const query = request.url.indexOf('?');
  const location = `${up}live/${id}/index.m3u8${query < 0 ? '' : request.url.slice(query)}`;
  return new Response(null, { status: 302, headers: { ...CORS, location } });
}

/**
 * The playlist as it is, unless something in it must be worked out: which variant is wanted, or
 * what its variables stand for (RFC 8216bis §4.4.2.3), which no URL could be told from.
 */
function passedOn(answer: PlaylistText, height: number | undefined): string {
  const hasVariables = answer.text.includes('#EXT-X-DEFINE');
  if (height === undefined && !hasVariables) return answer.text;
  const playlist = parsePlaylist(answer.text, { uri: answer.url });
  if (playlist.kind === 'media') {
    return hasVariables ? formatMediaPlaylist(playlist) : answer.text;
  }
  const variant = height === undefined ? undefined : pickVariant(playlist, height);
  return formatMultivariantPlaylist(
    variant === undefined ? playlist : onlyVariant(playlist, variant),
  );
}

/** The same path and query at another host; where none was named, as it is upstream. */
function moved(target: string, host: string | undefined): string {
  if (host === undefined) return target;
  const { pathname, search } = new URL(target);
  return `${host}${pathname}${search}`;
}

function extensionOf(url: string): string {
  return /\.([a-z0-9]{2,4})(?:[?#]|$)/i.exec(url)?.[1]?.toLowerCase() ?? 'ts';
}

/** Only a single interval is passed on; an open end is as far as there is. */
function openRange(header: string | null): { first: number; last: number } | undefined {
  const match = header === null ? null : /^bytes=(\d{1,15})-(\d{0,15})$/.exec(header.trim());
  if (match === null) return undefined;
  const last = match[2] === '' ? Number.MAX_SAFE_INTEGER : Number(match[2]);
  return { first: Number(match[1]), last };
}

function unknownToken(request: Request): Response {
  const message = 'Cannot open the address: it is not one that this channel gave out';
  return problemResponse({ status: 404, code: 'DELIVERY_UNKNOWN_ADDRESS', message }, request);
}

function badParameter(request: Request): Response {
  const message = 'Cannot write the playlist: wanted ?host=NAME[:PORT] and ?quality=HEIGHT';
  return problemResponse({ status: 400, code: 'DELIVERY_PARAMETER', message }, request);
}

function badGateway(error: unknown, request: Request): Response {
  const { message } = errorRecord(error);
  return problemResponse({ status: 502, code: 'DELIVERY_UPSTREAM', message }, request);
}

function badGatewayStatus(status: number, request: Request): Response {
  const message = `Cannot send it: upstream answered ${status}`;
  const isMissing = status === 404 || status === 410;
  return problemResponse(
    { status: isMissing ? 404 : 502, code: 'DELIVERY_UPSTREAM', message },
    request,
  );
}
