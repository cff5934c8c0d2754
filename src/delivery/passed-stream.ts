// This file serves the mode proxy of an endless stream: upstream's bytes, to each viewer his own.
import { Elysia } from 'elysia';
import { errorFields, errorRecord } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { kindByAddress, urlSourceOf } from '../channel/modes.ts';
import type { UrlSource } from '../config/config.ts';
import type { PassedStreams } from '../packaging/mpegts/passed-streams.ts';
import { told, unavailable } from '../prefetch/answers.ts';
import { ProviderBusyError } from '../prefetch/channel/channel-places.ts';
import type { ChannelRelay } from '../prefetch/channel/channel-relay.ts';
import type { Relays } from '../prefetch/channel/relays.ts';
import { noSuchForm, SEEN_EVERY_MS, STREAM_HEADERS, SUFFIX } from './endless.ts';
import { badQuality, refuse, unknownChannel } from './error-response.ts';
import { headResponse, isHead } from './head.ts';
import type { AddressOf } from './live.ts';
import { parseHeight, queryOf } from './query.ts';
import { badGateway, found } from './unbuffered.ts';

/** Channel → what its upstream last failed with: a player that asks on and on is logged once. */
export type Failing = Map<string, string>;

export type Passing = {
  readonly relays: Relays;
  readonly streams: PassedStreams;
  readonly addressOf: AddressOf;
  readonly log: Log;
  readonly failing: Failing;
};

/** Whoever has the connection that is wanted may give it up at any moment. */
const BUSY_RETRY_S = 5;

export function passedStreamPlugin(passing: Passing) {
  return new Elysia({ name: 'passed-stream' }).get('/proxy/:channel', ({ params, request }) =>
    params.channel.endsWith(SUFFIX)
      ? passedChannel(passing, params.channel.slice(0, -SUFFIX.length), request)
      : noSuchForm('proxy', request),
  );
}

/**
 * Always 200 and from now on, whatever range is asked for. HEAD never asks upstream. Where there is
 * no stream to pass on, one would have to be made: that is made once for all, at /live. `left` is
 * called once a viewer that was answered has gone; `ended`: he may watch no more.
 */
export async function passedChannel(
  passing: Passing,
  id: string,
  request: Request,
  left = () => {},
  ended?: AbortSignal,
): Promise<Response> {
  const { relays } = passing;
  const config = relays.config(id);
  if (config === undefined) return unknownChannel(id, request);
  if (parseHeight(queryOf(request.url)) === 'invalid') return badQuality(request);
  const source = urlSourceOf(config);
  if (source === undefined || kindByAddress(source.url) === 'list') return madeOnce(id, request);
  if (isHead(request)) return headResponse(STREAM_HEADERS);
  return passedOn(passing, relays.get(id) as ChannelRelay, source, request, {
    left,
    gone: ended === undefined ? request.signal : AbortSignal.any([request.signal, ended]),
  });
}

async function passedOn(
  { streams, addressOf, log, failing }: Passing,
  relay: ChannelRelay,
  source: UrlSource,
  request: Request,
  visit: { readonly left: () => void; readonly gone: AbortSignal },
): Promise<Response> {
  const { id } = relay.config;
  const viewer = addressOf(request);
  const gone = AbortSignal.any([visit.gone, relay.closed]);
  let seen: Timer | undefined;
  try {
    const onEnd = (error?: unknown) => {
      clearInterval(seen);
      visit.left();
      if (error !== undefined) brokeOff(relay, log, error);
    };
    const body = await streams.open({ channel: id, gone, onEnd }, source);
    relay.fetched('stream', 'ok');
    failing.delete(id);
    if (body === 'playlist') return madeOnce(id, request);
    if (gone.aborted) return new Response(null, { status: 499 });
    relay.seen(viewer);
    seen = setInterval(() => relay.seen(viewer), SEEN_EVERY_MS);
    return new Response(body, { headers: STREAM_HEADERS });
  } catch (error) {
    if (request.signal.aborted) return new Response(null, { status: 499 });
    const record = errorRecord(error);
    relay.fetched('stream', record.code);
    if (failing.get(id) !== record.code) {
      failing.set(id, record.code);
      log.warn('stream not to be passed on', { channel: id, ...errorFields(record) });
    }
    return refused(error, request);
  }
}

export function refused(error: unknown, request: Request): Response {
  if (!(error instanceof ProviderBusyError)) return badGateway(error, request);
  const busy = unavailable(BUSY_RETRY_S, told(errorRecord(error)));
  return refuse({ ...busy, isBusy: true }, request);
}

/** Where the viewer left, or the channel was taken away, nothing is wrong with upstream. */
function brokeOff(relay: ChannelRelay, log: Log, error: unknown): void {
  const record = errorRecord(error);
  if (record.code === 'NET_ABORTED') return;
  relay.fetched('stream', record.code);
  log.warn('stream broke off', { channel: relay.config.id, ...errorFields(record) });
}

function madeOnce(id: string, { url }: Request): Response {
  const query = url.indexOf('?');
  const why = `The source of ${id} has no endless stream to pass on: one is made of it at /live\n`;
  return found(`../live/${id}${SUFFIX}${query < 0 ? '' : url.slice(query)}`, why);
}

type Timer = ReturnType<typeof setInterval>;
