// This file serves a channel as one endless transport stream.
import { Elysia } from 'elysia';
import type { EndlessStreams } from '../packaging/mpegts/endless-streams.ts';
import type { ChannelRelay } from '../prefetch/channel/channel-relay.ts';
import type { Relays } from '../prefetch/channel/relays.ts';
import { pastFile } from './archive-query.ts';
import { isReplaced, unlessChanged } from './changed-channel.ts';
import {
  badQuality,
  problemResponse,
  refuse,
  unavailable,
  unknownChannel,
} from './error-response.ts';
import { headResponse, isHead } from './head.ts';
import { CORS } from './headers.ts';
import { type AddressOf, renditionFor } from './live.ts';
import { parseHeight, queryOf } from './query.ts';

export const SUFFIX = '.ts';
/** A viewer of a stream asks once; it is counted again this often. */
export const SEEN_EVERY_MS = 10_000;

// Players ask for ranges of what has none, and proxies hold back what they mean to cache
export const STREAM_HEADERS = {
  ...CORS,
  'content-type': 'video/mp2t',
  'cache-control': 'no-store',
  'accept-ranges': 'none',
  'x-accel-buffering': 'no',
};

export type Endless = {
  readonly relays: Relays;
  readonly streams: EndlessStreams;
  readonly addressOf: AddressOf;
};

export function endlessPlugin(endless: Endless) {
  return new Elysia({ name: 'endless' }).get('/live/:channel', ({ params, request }) =>
    params.channel.endsWith(SUFFIX)
      ? channelStream(endless, params.channel.slice(0, -SUFFIX.length), request)
      : noSuchForm('live', request),
  );
}

/**
 * Always 200 and from now on, whatever range is asked for. HEAD never asks upstream. `left` is called
 * once a viewer that was answered has gone; `ended`: he may watch no more.
 */
export async function channelStream(
  endless: Endless,
  id: string,
  request: Request,
  left = () => {},
  ended?: AbortSignal,
): Promise<Response> {
  const { relays } = endless;
  if (relays.config(id) === undefined) return unknownChannel(id, request);
  const past = pastFile(request.url, `archive/${id}.ts`);
  if (past !== undefined) return past;
  const height = parseHeight(queryOf(request.url));
  if (height === 'invalid') return badQuality(request);
  if (isHead(request)) return headResponse(STREAM_HEADERS);
  const relay = relays.get(id) as ChannelRelay;
  const answer = begun(endless, relay, height, request, { left, ended });
  return unlessChanged(relays, relay, answer, () =>
    channelStream(endless, id, request, left, ended),
  );
}

async function begun(
  endless: Endless,
  relay: ChannelRelay,
  height: number | undefined,
  request: Request,
  { left, ended }: { readonly left: () => void; readonly ended: AbortSignal | undefined },
): Promise<Response> {
  using visit = new DisposableStack();
  // Who zaps on while this channel opens is gone at once
  const present = visit.use(relay.attend());
  request.signal.addEventListener('abort', () => present[Symbol.dispose](), { once: true });
  const opened = await relay.open('stays');
  if (opened.kind !== 'open') return refuse(opened, request);
  const main = renditionFor(relay, opened, height);
  const answer = await main.playlist(false);
  if (answer.kind !== 'ready') return refuse(answer, request);
  if (request.signal.aborted) return new Response(null, { status: 499 });
  if (isReplaced(endless.relays, relay)) return unavailable('it was changed', 1, request);
  const viewer = endless.addressOf(request);
  relay.seen(viewer);
  const seen = setInterval(() => relay.seen(viewer), SEEN_EVERY_MS);
  visit.defer(() => clearInterval(seen));
  const stream = endless.streams.of(relay, opened, main);
  const watching = visit.move();
  watching.defer(left);
  const body = stream.watch(() => watching.dispose(), ended);
  return new Response(body, { headers: STREAM_HEADERS });
}

export function noSuchForm(root: 'live' | 'proxy', request: Request): Response {
  const message = `Cannot find it: wanted /${root}/{channel}/index.m3u8 or /${root}/{channel}.ts`;
  return problemResponse({ status: 404, code: 'DELIVERY_UNKNOWN_ADDRESS', message }, request);
}
