// This file serves the line-up: the list of channels that a person adds to a player.
import { Elysia } from 'elysia';
import type { ChannelConfig, LogoMode } from '../config/config.ts';
import { ownBaseUrl } from '../lineup/base-url.ts';
import { type LineUpDocument, m3uDocument, writeLineUp } from '../lineup/dialects.ts';
import { type LineUpOptions, lineUpOf, programOf } from '../lineup/line-up.ts';
import { type BadParameter, readLineUpRequest, readProgramRequest } from '../lineup/request.ts';
import { formatM3u } from '../media/m3u/format.ts';
import type { Relays } from '../prefetch/channel/relays.ts';
import { badHost, problemResponse } from './error-response.ts';
import { fieldsOf } from './form.ts';
import { CORS, NO_SNIFF } from './headers.ts';
import { queryOf } from './query.ts';

/** `hasGuide`: a line-up must not point to a guide that is not there. */
export function lineUpPlugin(
  relays: Relays,
  publicUrl: () => string | undefined,
  hasGuide: () => boolean,
  logos: () => LogoMode,
) {
  const answer = (query: URLSearchParams, request: Request, write: Write): Response => {
    const ownBase = ownBaseUrl(publicUrl(), request.headers.get('host'));
    if (ownBase === undefined) return badHost('the line-up', request);
    const lineUp = write(query, relays.channels, {
      ownBase,
      hasGuide: hasGuide(),
      logos: logos(),
    });
    if (lineUp === 'no-base') return badHost('the script', request);
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
      answer(await fieldsOf(request), request, write);
  return new Elysia({ name: 'line-up' })
    .get('/playlist.m3u', get(writePlaylist))
    .get('/program.m3u', get(writeProgram))
    .post('/playlist.m3u', post(writePlaylist), { parse: 'none' })
    .post('/program.m3u', post(writeProgram), { parse: 'none' });
}

type Write = (
  query: URLSearchParams,
  channels: readonly ChannelConfig[],
  options: LineUpOptions,
) => LineUpDocument | BadParameter | 'no-base';

const writePlaylist: Write = (query, channels, options) => {
  const wanted = readLineUpRequest(query);
  if (wanted.kind === 'bad') return wanted;
  // A script has nothing to fetch from
  if (wanted.dialect === 'enigma2-script' && options.ownBase === '') return 'no-base';
  const url = `${options.ownBase}/playlist.m3u`;
  return writeLineUp(lineUpOf(channels, wanted, options), wanted, url);
};

const writeProgram: Write = (query, channels, options) => {
  const wanted = readProgramRequest(query);
  if (wanted.kind === 'bad') return wanted;
  return m3uDocument(formatM3u(programOf(channels, wanted, options)));
};

/** It may hold the Host header of whoever asked, so it is theirs alone: no cache may keep it. */
function lineUpResponse({ text, contentType, fileName }: LineUpDocument): Response {
  const headers = {
    ...CORS,
    ...NO_SNIFF,
    'content-type': contentType,
    'content-disposition': `attachment; filename="${fileName}"`,
    'cache-control': 'no-store',
  };
  return new Response(text, { headers });
}

function badParameter({ message }: BadParameter, request: Request): Response {
  return problemResponse({ status: 400, code: 'DELIVERY_PARAMETER', message }, request);
}
