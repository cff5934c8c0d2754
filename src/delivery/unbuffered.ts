// This file serves the modes that hold nothing: proxy, host and redirect.
import { Elysia } from 'elysia';
import type { Clock } from '../base/clock.ts';
import { errorRecord } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { SingleFlight } from '../base/single-flight.ts';
import { mayBeHad, urlSourceOf, withoutUserinfo } from '../channel/modes.ts';
import type { ChannelConfig, UrlSource } from '../config/config.ts';
import type { Outbound } from '../net/outbound.ts';
import { passedOn } from '../packaging/hls/passed-on.ts';
import { rewriteUris, type UriKind } from '../packaging/hls/unbuffered.ts';
import { busy, told } from '../prefetch/answers.ts';
import type { Relays } from '../prefetch/channel/relays.ts';
import { playlistLimits, TARGET_DURATION_DEFAULT_S } from '../source/deadlines.ts';
import { FULL_STATUS, SourceStatusError } from '../source/errors.ts';
import { policyOf } from '../source/open-source.ts';
import type { PlaylistText } from '../source/pull/hls.ts';
import { fetchFirst } from '../source/stream/first-answer.ts';
import { problemResponse, refuse, unknownChannel } from './error-response.ts';
import { isHead } from './head.ts';
import { CORS } from './headers.ts';
import { parseHostParameter } from './host-parameter.ts';
import type { AddressOf } from './live.ts';
import { playlistHead, playlistResponse } from './playlist-response.ts';
import { parseHeight, queryOf } from './query.ts';
import type { Sealer } from './seal.ts';
import { pipedHead, pipedResponse } from './upstream-pipe.ts';

/** Whoever has the connection that is wanted may give it up at any moment. */
const FULL_RETRY_MS = 5000;
const FULL_RETRY_MS_MAX = 60_000;

export type UnbufferedDeps = {
  readonly relays: Relays;
  readonly outbound: Outbound;
  readonly clock: Clock;
  readonly sealer: Sealer;
  readonly segmentMaxBytes: number;
  readonly addressOf: AddressOf;
  readonly log: Log;
};

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
  readonly #flights = new SingleFlight<PlaylistText | 'stream'>();
  /** Channel → what its upstream last failed with: a player that asks on and on is logged once. */
  readonly #failing = new Map<string, string>();

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
    if (!mayBeHad(config, mode)) return withheld(config, mode, request);
    return this.#rewritten(mode, config, source, source.url, request, base);
  }

  async proxied(id: string, token: string, request: Request): Promise<Response> {
    const opened = this.#open(id, token);
    if (opened === undefined) return unknownToken(request);
    const { config, source, sealed } = opened;
    if (sealed.kind === 'playlist') {
      return this.#rewritten('proxy', config, source, sealed.url, request, '');
    }
    if (isHead(request)) return pipedHead(sealed.url);
    const { addressOf, relays } = this.#deps;
    relays.get(id)?.seen(addressOf(request));
    try {
      const answer = await pipedResponse(this.#deps, source, sealed.url, request);
      this.#came(id, 'segment');
      return answer;
    } catch (error) {
      this.#failed(id, 'segment', error);
      return badGateway(error, request);
    }
  }

  async hosted(id: string, token: string, request: Request): Promise<Response> {
    const opened = this.#open(id, token);
    if (opened === undefined || opened.sealed.kind !== 'playlist') return unknownToken(request);
    const { config, source, sealed } = opened;
    if (!mayBeHad(config, 'host')) return withheld(config, 'host', request);
    return this.#rewritten('host', config, source, sealed.url, request, '');
  }

  /** `up` leads from the request's folder to the root of our routes. */
  redirect(id: string, request: Request, up = '../'): Response {
    const config = this.#deps.relays.config(id);
    if (config === undefined) return unknownChannel(id, request);
    const source = urlSourceOf(config);
    if (source === undefined) return buffered(id, request, up);
    if (!mayBeHad(config, 'redirect')) return withheld(config, 'redirect', request);
    // 302: old set-top boxes take no 307
    return found(withoutUserinfo(source.url));
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
    if (isHead(request)) return playlistHead();
    let answer: PlaylistText;
    let text: string;
    try {
      const first = await this.#flights.run(`${config.id} ${url}`, () =>
        this.#fetchFirst(config.id, source, url),
      );
      if (first === 'stream') return buffered(config.id, request, base === '' ? '../../' : '');
      answer = first;
      text = passedOn(answer, height);
    } catch (error) {
      return badGateway(error, request);
    }
    if (mode === 'host') this.#watchedElsewhere(config.id, text, request);
    const rewrite = (target: string, kind: UriKind): string => {
      const suffix = kind === 'playlist' ? 'm3u8' : extensionOf(target);
      if (mode === 'host' && kind === 'body') return moved(target, host);
      const token = this.#deps.sealer.seal(config.id, { kind, url: target });
      const tail = mode === 'host' && host !== undefined ? `?host=${encodeURIComponent(host)}` : '';
      return `${base}${token}.${suffix}${tail}`;
    };
    return playlistResponse(rewriteUris(text, answer.url, rewrite), request);
  }

  async #fetchFirst(id: string, source: UrlSource, url: string): Promise<PlaylistText | 'stream'> {
    const { outbound, clock } = this.#deps;
    const limits = playlistLimits(TARGET_DURATION_DEFAULT_S, source.timeouts);
    const never = new AbortController().signal;
    try {
      const request = { url, policy: policyOf(source), limits, signal: never };
      const answer = await fetchFirst(outbound, clock, request);
      this.#came(id, 'playlist');
      return answer;
    } catch (error) {
      this.#failed(id, 'playlist', error);
      throw error;
    }
  }

  /** Its segments do not pass here: who polls the list of them is who watches. */
  #watchedElsewhere(id: string, text: string, request: Request): void {
    const { addressOf, relays } = this.#deps;
    if (text.includes('#EXTINF')) relays.get(id)?.seen(addressOf(request));
  }

  #came(id: string, what: 'playlist' | 'segment'): void {
    this.#failing.delete(id);
    this.#deps.relays.get(id)?.fetched(what, 'ok');
  }

  #failed(id: string, what: 'playlist' | 'segment', error: unknown): void {
    const record = errorRecord(error);
    this.#deps.relays.get(id)?.fetched(what, record.code);
    // The viewer left: nothing is wrong with upstream
    if (record.code === 'NET_ABORTED' || this.#failing.get(id) === record.code) return;
    this.#failing.set(id, record.code);
    this.#deps.log.warn('upstream not to be had', { channel: id, what, error });
  }
}

/** Only where upstream has a playlist can it be passed on: anything else is served buffered. */
function buffered(id: string, request: Request, up: string): Response {
  const query = request.url.indexOf('?');
  const location = `${up}live/${id}/index.m3u8${query < 0 ? '' : request.url.slice(query)}`;
  return found(location);
}

/** `why`: for who looks at what was answered. */
export function found(location: string, why: string | null = null): Response {
  const headers = { ...CORS, location, 'cache-control': 'no-store' };
  return new Response(why, { status: 302, headers });
}

/** The same path and query at another host; where none was named, as it is upstream. */
function moved(target: string, host: string | undefined): string {
  if (host === undefined) return withoutUserinfo(target);
  const { pathname, search } = new URL(target);
  return `${host}${pathname}${search}`;
}

function extensionOf(url: string): string {
  return /\.([a-z0-9]{2,4})(?:[?#]|$)/i.exec(url)?.[1]?.toLowerCase() ?? 'ts';
}

function unknownToken(request: Request): Response {
  const message = 'Cannot open the address: it is not one that this channel gave out';
  return problemResponse({ status: 404, code: 'DELIVERY_UNKNOWN_ADDRESS', message }, request);
}

function badParameter(request: Request): Response {
  const message = 'Cannot write the playlist: wanted ?host=NAME[:PORT] and ?quality=HEIGHT';
  return problemResponse({ status: 400, code: 'DELIVERY_PARAMETER', message }, request);
}

/** The address is for the operator to give out, by saying so. */
function withheld({ id }: ChannelConfig, mode: 'host' | 'redirect' | 'proxy', request: Request) {
  const message =
    `Cannot play in the mode ${mode}: it would tell where the source is; ` +
    `play /live/${id}/index.m3u8, or set \`mode: ${mode}\` for the channel`;
  return problemResponse({ status: 403, code: 'DELIVERY_MODE', message }, request);
}

export function badGateway(error: unknown, request: Request): Response {
  const record = errorRecord(error);
  const isRefused = error instanceof SourceStatusError;
  if (isRefused && FULL_STATUS.has(error.status)) {
    const retryAfterMs = Math.min(error.retryAfterMs ?? 0, FULL_RETRY_MS_MAX);
    return refuse(busy(Math.max(FULL_RETRY_MS, retryAfterMs) / 1000, told(record)), request);
  }
  const isMissing = isRefused && (error.status === 404 || error.status === 410);
  const message = `Cannot send it: ${told(record)}`;
  return problemResponse(
    { status: isMissing ? 404 : 502, code: 'DELIVERY_UPSTREAM', message },
    request,
  );
}
