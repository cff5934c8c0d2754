// This file serves the line-up: the list of channels that a person adds to a player.
import { Elysia } from 'elysia';
import type { ChannelConfig } from '../config/config.ts';
import { ownBaseUrl } from '../lineup/base-url.ts';
import { LINE_UP_TYPE, type LineUpOptions, lineUpOf, programOf } from '../lineup/line-up.ts';
import { type BadParameter, readLineUpRequest, readProgramRequest } from '../lineup/request.ts';
import type { M3uLineUp } from '../media/m3u/entry.ts';
import { formatM3u } from '../media/m3u/format.ts';
import type { Relays } from '../prefetch/channel/relays.ts';
import { badHost, problemResponse } from './error-response.ts';
import { CORS, NO_SNIFF } from './headers.ts';
import { queryOf } from './query.ts';

/** Longer than any query of ours; a form of more says something else. */
const FORM_MAX_CHARS = 8192;

/** `hasGuide`: a line-up must not point to a guide that is not there. */
export function lineUpPlugin(
  relays: Relays,
  publicUrl: () => string | undefined,
  hasGuide: () => boolean,
) {
  const answer = (query: URLSearchParams, request: Request, write: Write): Response => {
    const ownBase = ownBaseUrl(publicUrl(), request.headers.get('host'));
    if (ownBase === undefined) return badHost('the line-up', request);
    const lineUp = write(query, relays.channels, { ownBase, hasGuide: hasGuide() });
    return 'kind' in lineUp ? badParameter(lineUp, request) : lineUpResponse(lineUp);
  };
  const get =
    (write: Write) =>
    ({ request }: { request: Request }) =>
      answer(queryOf(request.url) ?? new URLSearchParams(), request, write);
  // IPTV Smarters asks for lists by POST
  const post =
    (write: Write) =>
    async ({ request }: { request: Request }) =>
      answer(await formOf(request), request, write);
  return new Elysia({ name: 'line-up' })
    .get('/playlist.m3u', get(writeLineUp))
    .get('/program.m3u', get(writeProgram))
    .post('/playlist.m3u', post(writeLineUp), { parse: 'none' })
    .post('/program.m3u', post(writeProgram), { parse: 'none' });
}

type Write = (
  query: URLSearchParams,
  channels: readonly ChannelConfig[],
  options: LineUpOptions,
) => M3uLineUp | BadParameter;

const writeLineUp: Write = (query, channels, options) => {
  const wanted = readLineUpRequest(query);
  return wanted.kind === 'bad' ? wanted : lineUpOf(channels, wanted, options);
};

const writeProgram: Write = (query, channels, options) => {
  const wanted = readProgramRequest(query);
  return wanted.kind === 'bad' ? wanted : programOf(channels, wanted, options);
};

/** The query, then the fields of the form; where both name one, the query's is the first. */
async function formOf(request: Request): Promise<URLSearchParams> {
  const query = queryOf(request.url) ?? new URLSearchParams();
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/x-www-form-urlencoded\b/i.test(type)) return query;
  const text = await request.text().catch(() => '');
  if (text.length > FORM_MAX_CHARS) return query;
  for (const [name, value] of new URLSearchParams(text)) query.append(name, value);
  return query;
}

/** It may hold the Host header of whoever asked, so it is theirs alone: no cache may keep it. */
function lineUpResponse(lineUp: M3uLineUp): Response {
  const headers = {
    ...CORS,
    ...NO_SNIFF,
    'content-type': LINE_UP_TYPE,
    'content-disposition': 'attachment; filename="weir.m3u"',
    'cache-control': 'no-store',
  };
  return new Response(formatM3u(lineUp), { headers });
}

function badParameter({ message }: BadParameter, request: Request): Response {
  return problemResponse({ status: 400, code: 'DELIVERY_PARAMETER', message }, request);
}
