// This file serves the line-up: the list of channels that a person adds to a player.
import { Elysia } from 'elysia';
import { ownBaseUrl } from '../lineup/base-url.ts';
import { LINE_UP_TYPE, lineUpOf, programOf } from '../lineup/line-up.ts';
import { type BadParameter, readLineUpRequest, readProgramRequest } from '../lineup/request.ts';
import type { M3uLineUp } from '../media/m3u/entry.ts';
import { formatM3u } from '../media/m3u/format.ts';
import type { Relays } from '../prefetch/relays.ts';
import { problemResponse } from './error-response.ts';
import { CORS } from './headers.ts';
import { queryOf } from './query.ts';

/** Guides are a part that comes later; a line-up must not point to one that is not there. */
const HAS_GUIDE = false;

export function lineUpPlugin(relays: Relays, publicUrl: () => string | undefined) {
  const answer = (
    request: Request,
    write: (query: URLSearchParams, ownBase: string) => M3uLineUp | BadParameter,
  ): Response => {
    const ownBase = ownBaseUrl(publicUrl(), request.headers.get('host'));
    if (ownBase === undefined) return badHost(request);
    const lineUp = write(queryOf(request.url) ?? new URLSearchParams(), ownBase);
    return 'kind' in lineUp ? badParameter(lineUp, request) : lineUpResponse(lineUp);
  };
  const lineUp = ({ request }: { request: Request }) =>
    answer(request, (query, ownBase) => {
      const wanted = readLineUpRequest(query);
      return wanted.kind === 'bad'
        ? wanted
        : lineUpOf(relays.channels, wanted, { ownBase, hasGuide: HAS_GUIDE });
    });
  const program = ({ request }: { request: Request }) =>
    answer(request, (query, ownBase) => {
      const wanted = readProgramRequest(query);
      return wanted.kind === 'bad'
        ? wanted
        : programOf(relays.channels, wanted, { ownBase, hasGuide: HAS_GUIDE });
    });
  return new Elysia({ name: 'line-up' }).get('/playlist.m3u', lineUp).get('/program.m3u', program);
}

/** It may hold the Host header of whoever asked, so it is theirs alone: no cache may keep it. */
function lineUpResponse(lineUp: M3uLineUp): Response {
  const headers = {
    ...CORS,
    'content-type': LINE_UP_TYPE,
    'content-disposition': 'attachment; filename="weir.m3u"',
    'cache-control': 'no-store',
  };
  return new Response(formatM3u(lineUp), { headers });
}

function badParameter({ message }: BadParameter, request: Request): Response {
  return problemResponse({ status: 400, code: 'DELIVERY_PARAMETER', message }, request);
}

function badHost(request: Request): Response {
  const message = 'Cannot write the line-up: the Host header is no name, wanted NAME[:PORT]';
  return problemResponse({ status: 400, code: 'DELIVERY_PARAMETER', message }, request);
}
