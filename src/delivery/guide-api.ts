// This file tells as JSON what feeds the channels, and what is on them.
import { Elysia } from 'elysia';
import type { ChannelConfig } from '../config/config.ts';
import type { Guides } from '../guide/guides.ts';
import { feedOf, guideIdOf, programmesOf } from '../lineup/guide-channels.ts';
import type { Relays } from '../prefetch/channel/relays.ts';
import type { Archives } from '../recording/archive/archived.ts';
import { parseTime } from './archive-query.ts';
import { guideUnreadable, problemResponse, unknownChannel } from './error-response.ts';
import { JSON_NO_STORE, NO_STORE } from './headers.ts';
import { longJson, textsOf } from './long-answer.ts';
import { queryOf } from './query.ts';

export type GuideApiDeps = {
  readonly relays: Relays;
  readonly guides: Guides;
  readonly archives: Archives;
  readonly nowMs: () => number;
};

const DAY_MS = 24 * 3600_000;
/** As much as any guide has of a channel for a month. */
const SPAN_MAX_MS = 31 * DAY_MS;
const PROGRAMMES_MAX = 2000;

export function guideApiPlugin(deps: GuideApiDeps) {
  return new Elysia({ name: 'guide-api' })
    .get('/api/guide/match', ({ request }) => matches(deps, request))
    .get('/api/guide/channel/:channel', ({ params, request }) =>
      programmes(deps, params.channel, request),
    );
}

/** What `weir guide match` shows. */
function matches({ relays, guides }: GuideApiDeps, request: Request): Response {
  const byId = new Map(guides.matches().map((match) => [match.channel, match]));
  const channels = relays.channels.filter(({ id }) => byId.has(id));
  const matched = channels.filter(({ id }) => byId.get(id)?.found !== undefined).length;
  const open = `{"matched":${matched},"unmatched":${channels.length - matched},"channels":[`;
  const rows = textsOf(channels, (channel) => {
    const { found, said, proposals = [] } = byId.get(channel.id) ?? {};
    const { shiftMs = 0 } = feedOf(channel, guides);
    return {
      channel: channel.id,
      name: channel.name,
      guide: guideIdOf(channel),
      found: found ?? null,
      ...(said === undefined ? {} : { said }),
      ...(shiftMs === 0 ? {} : { shift_seconds: shiftMs / 1000 }),
      proposals,
    };
  });
  return longJson(open, rows, ']}', JSON_NO_STORE, request);
}

/** Of a day from now on, or of the span that is asked for. */
async function programmes(deps: GuideApiDeps, id: string, request: Request): Promise<Response> {
  const { relays, guides, nowMs } = deps;
  const channel = relays.config(id);
  if (channel === undefined) return unknownChannel(id, request);
  const query = queryOf(request.url);
  const fromMs = timeIn(query, 'from', nowMs());
  const toMs = timeIn(query, 'to', (fromMs ?? 0) + DAY_MS);
  const lengthMs = fromMs === undefined || toMs === undefined ? 0 : toMs - fromMs;
  if (fromMs === undefined || toMs === undefined || lengthMs <= 0 || lengthMs > SPAN_MAX_MS) {
    const message =
      'Cannot tell the programmes: wanted from= and a later to= as 2026-11-21T20:00:00Z or Unix seconds, 31 days at most';
    return problemResponse({ status: 400, code: 'DELIVERY_PARAMETER', message }, request);
  }
  try {
    const wanted = { fromMs, toMs, limit: PROGRAMMES_MAX };
    const told = await programmesOf(guides, channel, wanted);
    const isHeld = heldOf(deps.archives, channel);
    const rows = told.map(({ startMs, stopMs, ...said }) => ({
      ...said,
      start: new Date(startMs).toISOString(),
      stop: new Date(stopMs).toISOString(),
      ...(isHeld(startMs, stopMs) ? { catchup: catchupLink(id, startMs) } : {}),
    }));
    return Response.json(
      { channel: id, guide: guideIdOf(channel), programmes: rows },
      { headers: NO_STORE },
    );
  } catch (error) {
    return guideUnreadable(error, request);
  }
}

/** Relative to the server, as links of the API are. */
function catchupLink(id: string, startMs: number): string {
  return `/archive/${id}/programme/${startMs / 1000}.m3u8`;
}

/** Whether any of it can be watched. */
function heldOf(
  archives: Archives,
  { id }: ChannelConfig,
): (startMs: number, stopMs: number) => boolean {
  const held = archives.channel(id)?.renditions[0]?.held();
  return (startMs, stopMs) => held !== undefined && startMs < held.toMs && stopMs > held.fromMs;
}

function timeIn(
  query: URLSearchParams | undefined,
  key: string,
  otherwise: number,
): number | undefined {
  const text = query?.get(key);
  return text === undefined || text === null || text === '' ? otherwise : parseTime(text);
}
