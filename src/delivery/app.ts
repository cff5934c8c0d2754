// This file puts the surfaces together into one application.
import { Elysia } from 'elysia';
import type { Log } from '../base/log.ts';
import type { Config, LogoMode } from '../config/config.ts';
import { guideLogoOf } from '../lineup/guide-channels.ts';
import type { HeldDevice } from '../lineup/hdhomerun/devices.ts';
import type { LineUpStatus } from '../lineup/import/line-ups.ts';
import type { Logos } from '../lineup/logos/logos.ts';
import type { Xtream } from '../lineup/xtream/xtream.ts';
import type { EndlessStreams } from '../packaging/mpegts/endless-streams.ts';
import type { PassedStreams } from '../packaging/mpegts/passed-streams.ts';
import type { ArchiveAnswered } from '../recording/archive/archive-answered.ts';
import type { Archives } from '../recording/archive/archived.ts';
import type { ProviderLeases } from '../source/failover/provider-leases.ts';
import { ancestorPlugin } from './ancestor.ts';
import { archivePlugin } from './archive.ts';
import { ArchiveAnswers } from './archive-answers.ts';
import { ArchiveFiles } from './archive-file.ts';
import { archiveProgrammePlugin } from './archive-programme.ts';
import { createDoor } from './door.ts';
import { endlessPlugin } from './endless.ts';
import { problemResponse } from './error-response.ts';
import { type GuideDeps, guidePlugin } from './guide.ts';
import { guideApiPlugin } from './guide-api.ts';
import { hdHomeRunPlugin } from './hdhomerun.ts';
import { isForAnyPage, PREFLIGHT } from './headers.ts';
import type { HotAnswers } from './hot-answers.ts';
import { lineUpPlugin } from './line-up.ts';
import { lineUpsPlugin } from './line-ups.ts';
import { type AddressOf, livePlugin } from './live.ts';
import { logoPlugin } from './logo.ts';
import { type Operations, operationsPlugin } from './operations.ts';
import { pagePlugin } from './page.ts';
import type { PageFiles } from './page-files.ts';
import { passedStreamPlugin } from './passed-stream.ts';
import { PlaylistAnswers } from './playlist-response.ts';
import { pathOf } from './query.ts';
import type { SendSized } from './sized-answer.ts';
import { type UnbufferedDeps, UnbufferedModes, unbufferedPlugin } from './unbuffered.ts';
import { xtreamPlugin } from './xtream.ts';
import { liveStream } from './xtream-stream.ts';
import { unknownAddress, type XtreamSurface } from './xtream-surface.ts';

export type AppDeps = {
  readonly unbuffered: Omit<UnbufferedDeps, 'addressOf' | 'log'>;
  readonly operations: Operations;
  readonly streams: EndlessStreams;
  readonly passed: PassedStreams;
  readonly archives: Archives;
  readonly archiveAnswered: ArchiveAnswered;
  readonly sendSized: SendSized;
  /** Calls the collector. */
  readonly collect: () => void;
  readonly guide: GuideDeps;
  readonly lineUps: () => readonly LineUpStatus[];
  readonly devices: readonly HeldDevice[];
  readonly logos: Logos;
  readonly logoMode: () => LogoMode;
  readonly archivePad: () => Config['archivePad'];
  readonly xtream: Xtream;
  readonly leases: ProviderLeases;
  readonly addressOf: AddressOf;
  readonly publicUrl: () => string | undefined;
  readonly hot: HotAnswers;
  readonly page: () => Promise<PageFiles>;
  readonly log: Log;
};

/** A host may be a short name; and what a path with a slash more lists would lead astray. */
const ROUTER = { name: 'weir', strictPath: true, handler: { standardHostname: false } } as const;

export function createApp(deps: AppDeps) {
  const { relays } = deps.operations;
  const { addressOf, log } = deps;
  const modes = new UnbufferedModes({ ...deps.unbuffered, addressOf, log });
  const { clock } = deps.unbuffered;
  const archive = new ArchiveAnswers({
    archives: deps.archives,
    answered: deps.archiveAnswered,
    collect: deps.collect,
    relays,
    clock,
  });
  const files = new ArchiveFiles(archive, { clock, log, send: deps.sendSized });
  const live = { relays, answers: new PlaylistAnswers(deps.hot), archive };
  const endless = { relays, streams: deps.streams, addressOf };
  const logoOf = guideLogoOf(deps.publicUrl, deps.logoMode);
  const passing = { relays, streams: deps.passed, addressOf, log, failing: new Map() };
  const { xtream, archives, publicUrl, logoMode, leases } = deps;
  const guide = { ...deps.guide, logoOf };
  const upstreamFiles = { ...deps.unbuffered, leases, log, send: deps.sendSized };
  const beside = { endless, passing, modes, archive, archives, files, guide, upstreamFiles };
  const surface: XtreamSurface = { xtream, live, ...beside, publicUrl, logoMode };
  const router = new Elysia(ROUTER)
    .use(
      livePlugin(live, addressOf, (user, password, name, request) =>
        liveStream(surface, user, password, name, request),
      ),
    )
    .use(endlessPlugin(endless))
    .use(
      hdHomeRunPlugin({
        clock,
        devices: deps.devices,
        endless,
        guide,
        publicUrl: deps.publicUrl,
        logoMode: deps.logoMode,
      }),
    )
    .use(unbufferedPlugin(modes))
    .use(passedStreamPlugin(passing))
    .use(archivePlugin(archive, files))
    .use(archiveProgrammePlugin({ ...deps.guide, answers: archive, files, pad: deps.archivePad }))
    .use(ancestorPlugin(live, modes))
    .use(lineUpPlugin(relays, deps.publicUrl, () => !deps.guide.guides.isEmpty, deps.logoMode))
    .use(logoPlugin({ relays, logos: deps.logos, nowMs: () => clock.nowMs() }))
    .use(guidePlugin(guide))
    .use(guideApiPlugin({ ...deps.guide, archives }))
    .use(lineUpsPlugin(deps.lineUps))
    .use(xtreamPlugin(surface))
    .use(operationsPlugin(deps.operations))
    .use(pagePlugin(deps.page))
    .options('/*', ({ request }) => preflight(request))
    .all('/*', ({ request }) => unrouted(request));
  return {
    fetch: createDoor(router.fetch, log),
    routes: router.routes.map(({ path }) => path),
  };
}

/** A page of another site may play what we serve, and read nothing of how we do. */
function preflight({ url }: Request): Response {
  const headers = isForAnyPage(url) ? PREFLIGHT : { allow: allowedAt(url) };
  return new Response(null, { status: 204, headers });
}

const POSTED =
  /^\/(?:(?:playlist|program)\.m3u|(?:hdhr\/[^/]+\/)?lineup\.post|(?:player_api|panel_api|get|xmltv|streaming\/timeshift)\.php)$/;

function allowedAt(url: string): string {
  return POSTED.test(pathOf(url)) ? 'GET, HEAD, POST, OPTIONS' : 'GET, HEAD, OPTIONS';
}

/** Nothing of ours is at this address, or it is not to be had by this method. */
function unrouted(request: Request): Response {
  const { method, url } = request;
  if (method === 'GET') return unknownAddress(request);
  const allow = allowedAt(url);
  const message = `Cannot ${method} here: wanted one of ${allow}`;
  const problem = { status: 405, code: 'DELIVERY_METHOD', message, headers: { allow } } as const;
  return problemResponse(problem, request);
}
