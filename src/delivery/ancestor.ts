// This file serves the same things under the names of the server whose users' players we keep.
import { Elysia } from 'elysia';
import { problemResponse } from './error-response.ts';
import { CORS } from './headers.ts';
import { parseHostParameter } from './host-parameter.ts';
import { channelPlaylist, type Live } from './live.ts';
import { queryOf } from './query.ts';
import type { UnbufferedModes } from './unbuffered.ts';

type Call = { readonly id: string; readonly host: string | undefined };

export function ancestorPlugin(live: Live, modes: UnbufferedModes) {
  return new Elysia({ name: 'ancestor' })
    .get('/online.m3u8', ({ request }) =>
      withCall(request, ({ id, host }) =>
        channelPlaylist(
          live,
          id,
          request,
          `${host ?? ''}${host === undefined ? '' : '/'}live/${id}/`,
        ),
      ),
    )
    .get('/channel.m3u8', ({ request }) =>
      withCall(request, ({ id, host }) => {
        const mode = host === undefined ? 'proxy' : 'host';
        return modes.playlist(mode, id, request, `${mode}/${id}/`);
      }),
    )
    .get('/channel2.m3u8', ({ request }) =>
      withCall(request, ({ id }) => {
        const query = queryOf(request.url) as URLSearchParams;
        query.delete('fid');
        const tail = query.size === 0 ? '' : `?${query}`;
        const location = `host/${encodeURIComponent(id)}/index.m3u8${tail}`;
        return new Response(null, { status: 302, headers: { ...CORS, location } });
      }),
    )
    .get('/channel3.m3u8', ({ request }) =>
      withCall(request, ({ id }) => modes.redirect(id, request, '')),
    );
}

function withCall(
  request: Request,
  run: (call: Call) => Response | Promise<Response>,
): Response | Promise<Response> {
  const query = queryOf(request.url);
  const id = query?.get('fid') ?? '';
  const host = parseHostParameter(query?.get('host') ?? null);
  if (id === '' || host === 'invalid') {
    const message = 'Cannot find the channel: wanted ?fid=CHANNEL and, if given, ?host=NAME[:PORT]';
    return problemResponse({ status: 400, code: 'DELIVERY_PARAMETER', message }, request);
  }
  return run({ id, host });
}
