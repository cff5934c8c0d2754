// This file puts the surfaces together into one application.
import { Elysia } from 'elysia';
import type { EndlessStreams } from '../packaging/mpegts/endless-streams.ts';
import { ancestorPlugin } from './ancestor.ts';
import { endlessPlugin } from './endless.ts';
import { problemResponse } from './error-response.ts';
import { CORS, PREFLIGHT } from './headers.ts';
import type { HotAnswers } from './hot-answers.ts';
import { lineUpPlugin } from './line-up.ts';
import { type AddressOf, livePlugin } from './live.ts';
import { type Operations, operationsPlugin } from './operations.ts';
import { pagePlugin } from './page.ts';
import type { PageFiles } from './page-files.ts';
import { PlaylistAnswers } from './playlist-response.ts';
import { type UnbufferedDeps, UnbufferedModes, unbufferedPlugin } from './unbuffered.ts';

export type AppDeps = {
  readonly unbuffered: UnbufferedDeps;
  readonly operations: Operations;
  readonly streams: EndlessStreams;
  readonly addressOf: AddressOf;
  readonly publicUrl: () => string | undefined;
  readonly hot: HotAnswers;
  readonly page: () => Promise<PageFiles>;
};

const ALLOWED = 'GET, HEAD, OPTIONS';

export function createApp(deps: AppDeps) {
  const { relays } = deps.operations;
  const modes = new UnbufferedModes(deps.unbuffered);
  const live = { relays, answers: new PlaylistAnswers(deps.hot) };
  return new Elysia({ name: 'weir' })
    .use(livePlugin(live, deps.addressOf))
    .use(endlessPlugin({ relays, streams: deps.streams, addressOf: deps.addressOf }))
    .use(unbufferedPlugin(modes))
    .use(ancestorPlugin(live, modes))
    .use(lineUpPlugin(relays, deps.publicUrl))
    .use(operationsPlugin(deps.operations))
    .use(pagePlugin(deps.page))
    .options('/*', () => new Response(null, { status: 204, headers: PREFLIGHT }))
    .all('/*', ({ request }) => unrouted(request));
}

/** Nothing of ours is at this address, or it is not to be had by this method. */
function unrouted(request: Request): Response {
  if (request.method === 'GET' || request.method === 'HEAD') {
    const message = 'Cannot find it: there is nothing at this address';
    return problemResponse({ status: 404, code: 'DELIVERY_UNKNOWN_ADDRESS', message }, request);
  }
  const message = `Cannot ${request.method} here: wanted one of ${ALLOWED}`;
  const headers = { ...CORS, allow: ALLOWED };
  return problemResponse({ status: 405, code: 'DELIVERY_METHOD', message, headers }, request);
}
