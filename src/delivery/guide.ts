// This file serves the guide of the channels in a line-up.
import { Elysia } from 'elysia';
import { errorRecord } from '../base/errors.ts';
import { SingleFlight } from '../base/single-flight.ts';
import type { WantedChannel } from '../guide/document.ts';
import { GUIDE_DAYS, type GuideDocument } from '../guide/guide-documents.ts';
import type { Guides } from '../guide/guides.ts';
import { type ChannelsWanted, wantedBy } from '../lineup/groups.ts';
import { feedOf, guideChannelsOf, type LogoOf } from '../lineup/guide-channels.ts';
import { readChannelsWanted } from '../lineup/request.ts';
import type { Relays } from '../prefetch/channel/relays.ts';
import { prefersGzip } from './accept.ts';
import { matchesEtag } from './body-response.ts';
import { guideUnreadable, notNow, problemResponse } from './error-response.ts';
import { headResponse, isHead } from './head.ts';
import { CORS, JSON_NO_STORE, NO_SNIFF, NO_STORE } from './headers.ts';
import { longJson } from './long-answer.ts';
import { queryOf } from './query.ts';

export type GuideDeps = {
  readonly relays: Relays;
  readonly guides: Guides;
  readonly nowMs: () => number;
  /** Where players find the picture of a channel; upstream where absent. */
  readonly logoOf?: LogoOf;
};

/** Nobody knows more of what will be on. */
const DAYS_MAX = 31;
/** A guide is here within about as much. */
const COMES_S = 30;

/** Guides change once a day; players ask each hour, and are told in a few bytes that it is the same. */
const CACHE = 'public, max-age=600';

export function guidePlugin(deps: GuideDeps) {
  // However many look at the same page, it is made once at a time
  const runs = new SingleFlight<readonly string[]>();
  return new Elysia({ name: 'guide' })
    .get('/epg.xml', ({ request }) => guide(deps, request, 'xml'))
    .get('/EPG.xml', ({ request }) => guide(deps, request, 'xml'))
    .get('/epg.xml.gz', ({ request }) => guide(deps, request, 'gz'))
    .get('/api/guide', () => Response.json(deps.guides.status(), { headers: NO_STORE }))
    .get('/api/guide/now', ({ request }) => onAir(deps, runs, request));
}

/**
 * `gz` is a file of gzip and nothing else: Jellyfin unpacks what ends in .gz itself, and gets nothing
 * out of it where the connection unpacked it before.
 */
export async function guide(
  deps: GuideDeps,
  request: Request,
  form: 'xml' | 'gz',
  channelsOf: GuideChannelsOf = lineUpChannels,
): Promise<Response> {
  const { guides } = deps;
  if (guides.isEmpty) return noGuide(request);
  // An empty one would be kept by players for hours
  if (!guides.hasAny) return notNow('no guide has come yet', COMES_S, request);
  const query = queryOf(request.url) ?? new URLSearchParams();
  const days = daysIn(query);
  if (days === undefined) return badDays(request);
  const channels = channelsOf(deps, query);
  let document: GuideDocument;
  try {
    document = await guides.document(channels, days);
  } catch (error) {
    return notNow(`the guide cannot be written (${errorRecord(error).code})`, 10, request);
  }
  const isPacked = form === 'gz' || prefersGzip(request.headers.get('accept-encoding') ?? '');
  const headers = headersOf(document, form, isPacked);
  if (isKnown(request, document, headers['etag'] as string)) {
    return new Response(null, { status: 304, headers });
  }
  if (isPacked) return packed(document, headers, request);
  if (isHead(request)) return headResponse(headers);
  const text = Bun.file(document.path).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(text, { headers });
}

/** Whom a guide is for. */
export type GuideChannelsOf = (deps: GuideDeps, query: URLSearchParams) => readonly WantedChannel[];

const lineUpChannels: GuideChannelsOf = ({ relays, guides, logoOf }, query) => {
  const wanted = relays.channels.filter(wantedBy(readChannelsWanted(query)));
  return guideChannelsOf(wanted, guides, logoOf);
};

function packed(
  document: GuideDocument,
  headers: Readonly<Record<string, string>>,
  request: Request,
): Response {
  if (!isHead(request)) return new Response(Bun.file(document.path), { headers });
  const length = String(document.gzipBytes);
  return new Response(null, { headers: { ...headers, 'content-length': length } });
}

function headersOf(
  { crc, textBytes, modifiedMs }: GuideDocument,
  form: 'xml' | 'gz',
  isPacked: boolean,
): Record<string, string> {
  return {
    ...CORS,
    ...NO_SNIFF,
    'content-type': form === 'gz' ? 'application/gzip' : 'application/xml; charset=utf-8',
    ...(form === 'xml' && isPacked ? { 'content-encoding': 'gzip' } : {}),
    ...(form === 'xml' ? { vary: 'accept-encoding' } : {}),
    // Without it the server would tell the name of the file
    'content-disposition': `inline; filename="epg.${form === 'gz' ? 'xml.gz' : 'xml'}"`,
    // RFC 9110 §8.8.3: other bytes want another tag, whoever counts the editions and since when
    etag: `"${crc.toString(36)}-${textBytes.toString(36)}${isPacked ? '-gz' : ''}"`,
    'last-modified': new Date(modifiedMs).toUTCString(),
    'cache-control': CACHE,
  };
}

// RFC 9110 §13.2.2: the tag decides where there is one
function isKnown(request: Request, { modifiedMs }: GuideDocument, etag: string): boolean {
  const tags = request.headers.get('if-none-match');
  if (tags !== null) return matchesEtag(tags, etag);
  const since = Date.parse(request.headers.get('if-modified-since') ?? '');
  return since >= Math.floor(modifiedMs / 1000) * 1000;
}

/** As they are asked for at once: the thread of the guides and we have our other work in between. */
const STEP_CHANNELS = 200;

async function onAir(
  deps: GuideDeps,
  runs: SingleFlight<readonly string[]>,
  request: Request,
): Promise<Response> {
  if (deps.guides.isEmpty) return noGuide(request);
  const wanted = readChannelsWanted(queryOf(request.url) ?? new URLSearchParams());
  try {
    const shown = await runs.run(JSON.stringify(wanted), () => shownOnAir(deps, wanted));
    return longJson('[', shown, ']', JSON_NO_STORE, request);
  } catch (error) {
    return guideUnreadable(error, request);
  }
}

/** A text of JSON for each channel. */
async function shownOnAir(
  { relays, guides, nowMs }: GuideDeps,
  wanted: ChannelsWanted,
): Promise<readonly string[]> {
  const channels = relays.channels.filter(wantedBy(wanted));
  const shown: string[] = [];
  for (let from = 0; from < channels.length; from += STEP_CHANNELS) {
    const step = channels.slice(from, from + STEP_CHANNELS);
    const feeds = step.map((channel) => feedOf(channel, guides));
    const airings = await guides.onAir(feeds, nowMs());
    for (const [at, { channel, now, next }] of airings.entries()) {
      const told = {
        channel: step[at]?.id,
        guide: channel,
        now: airingOf(now),
        next: airingOf(next),
      };
      shown.push(JSON.stringify(told));
    }
  }
  return shown;
}

type Airing = { readonly startMs: number; readonly stopMs: number; readonly title: string };

function airingOf(airing: Airing | undefined) {
  if (airing === undefined) return null;
  const { startMs, stopMs, title } = airing;
  return { start: new Date(startMs).toISOString(), stop: new Date(stopMs).toISOString(), title };
}

function daysIn(query: URLSearchParams): number | undefined {
  const written = query.get('days') || String(GUIDE_DAYS);
  const days = /^\d{1,2}$/.test(written) ? Number(written) : 0;
  return days >= 1 && days <= DAYS_MAX ? days : undefined;
}

function badDays(request: Request): Response {
  const message = `Cannot write the guide: days is none, wanted 1 to ${DAYS_MAX}`;
  return problemResponse({ status: 400, code: 'DELIVERY_PARAMETER', message }, request);
}

function noGuide(request: Request): Response {
  const message = 'Cannot write the guide: none is configured, wanted guides in the configuration';
  return problemResponse({ status: 404, code: 'DELIVERY_NO_GUIDE', message }, request);
}
