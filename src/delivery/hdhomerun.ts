// This file looks like HDHomeRun tuners to the clients that know how to use those.
import { Elysia } from 'elysia';
import type { Clock } from '../base/clock.ts';
import type { ChannelConfig, LogoMode } from '../config/config.ts';
import { ownBaseUrl } from '../lineup/base-url.ts';
import { deviceGuideOf } from '../lineup/hdhomerun/device-guide.ts';
import { channelsOf, deviceAt, type HeldDevice } from '../lineup/hdhomerun/devices.ts';
import {
  deviceXml,
  discoverOf,
  LINEUP_STATUS,
  lineUpRows,
  lineUpXml,
  numbered,
} from '../lineup/hdhomerun/documents.ts';
import type { HeldTuner } from '../lineup/hdhomerun/tuners.ts';
import { LINE_UP_TYPE, toEntry } from '../lineup/line-up.ts';
import { logoUrlOf } from '../lineup/logos/logo-url.ts';
import { formatM3u } from '../media/m3u/format.ts';
import { channelStream, type Endless, STREAM_HEADERS } from './endless.ts';
import { badHost } from './error-response.ts';
import { type GuideDeps, guide } from './guide.ts';
import { ERROR, inUse, noChannel, noDevice, unknownDocument } from './hdhomerun-problems.ts';
import { headResponse, isHead } from './head.ts';
import { CORS, NO_SNIFF } from './headers.ts';
import { found } from './unbuffered.ts';

export type HdHomeRun = {
  readonly clock: Clock;
  readonly devices: readonly HeldDevice[];
  readonly endless: Endless;
  readonly guide: GuideDeps;
  readonly publicUrl: () => string | undefined;
  readonly logoMode: () => LogoMode;
};

const NO_STORE = { ...CORS, ...NO_SNIFF, 'cache-control': 'no-store' };
const XML = { ...NO_STORE, 'content-type': 'application/xml; charset=utf-8' };

/** The first device is at the root too: Plex takes a host and a port, and no path. */
export function hdHomeRunPlugin(hdHomeRun: HdHomeRun) {
  const { devices } = hdHomeRun;
  const root = new Elysia({ name: 'hdhomerun-tuners' });
  // A name within a part of a path is no parameter to the router
  for (let index = 0; index < (devices[0]?.tuners.count ?? 0); index++) {
    root.get(`/tuner${index}/:channel`, ({ params, request }) =>
      tune(hdHomeRun, undefined, `tuner${index}`, params.channel, request),
    );
  }
  return new Elysia({ name: 'hdhomerun' })
    .use(root)
    .get('/hdhr/:device', ({ params, request }) => introduced(hdHomeRun, params.device, request))
    .get('/hdhr/:device/:part', ({ params, request }) =>
      document(hdHomeRun, params.device, params.part, request),
    )
    .post('/hdhr/:device/lineup.post', () => Response.json({}, { headers: NO_STORE }))
    .get('/hdhr/:device/:part/:channel', ({ params, request }) =>
      tune(hdHomeRun, params.device, params.part, params.channel, request),
    )
    .get('/discover.json', ({ request }) => atRoot(hdHomeRun, 'discover.json', request))
    .get('/lineup.json', ({ request }) => atRoot(hdHomeRun, 'lineup.json', request))
    .get('/lineup.xml', ({ request }) => atRoot(hdHomeRun, 'lineup.xml', request))
    .get('/lineup.m3u', ({ request }) => atRoot(hdHomeRun, 'lineup.m3u', request))
    .get('/lineup_status.json', ({ request }) => atRoot(hdHomeRun, 'lineup_status.json', request))
    .get('/status.json', ({ request }) => atRoot(hdHomeRun, 'status.json', request))
    .get('/device.xml', ({ request }) => atRoot(hdHomeRun, 'device.xml', request))
    .post('/lineup.post', () => Response.json({}, { headers: NO_STORE }))
    .get('/auto/:channel', ({ params, request }) =>
      tune(hdHomeRun, undefined, 'auto', params.channel, request),
    );
}

/** What a person types into a browser is what clients are given: it should not look broken. */
function introduced({ devices }: HdHomeRun, id: string, request: Request): Response {
  return find(devices, id) === undefined ? noDevice(id, request) : found(`${id}/discover.json`);
}

function atRoot(hdHomeRun: HdHomeRun, name: string, request: Request): Answer {
  return document(hdHomeRun, undefined, name, request);
}

type Answer = Response | Promise<Response>;

function document(
  { guide: guideDeps, devices, endless, publicUrl, logoMode }: HdHomeRun,
  id: string | undefined,
  name: string,
  request: Request,
): Answer {
  const held = find(devices, id);
  if (held === undefined) return noDevice(id, request);
  const own = ownBaseUrl(publicUrl(), request.headers.get('host'));
  if (own === undefined || own === '') return badHost('the address', request);
  const base = id === undefined ? own : `${own}/hdhr/${id}`;
  const device = deviceAt(held, base);
  const channels = channelsOf(held, endless.relays.channels);
  switch (name) {
    case 'discover.json':
      return Response.json(discoverOf(device), { headers: NO_STORE });
    case 'lineup.json':
      return Response.json(lineUpRows(channels, base), { headers: NO_STORE });
    case 'lineup.xml':
      return new Response(lineUpXml(lineUpRows(channels, base)), { headers: XML });
    case 'lineup.m3u':
      return m3uResponse(channels, base, !guideDeps.guides.isEmpty, (channel) =>
        logoUrlOf(channel, own, logoMode()),
      );
    case 'lineup_status.json':
      return Response.json(LINEUP_STATUS, { headers: NO_STORE });
    case 'status.json':
      return Response.json(statusOf(held), { headers: NO_STORE });
    case 'epg.xml':
    case 'epg.xml.gz':
      return guide(guideDeps, request, name === 'epg.xml' ? 'xml' : 'gz', ({ guides, logoOf }) =>
        deviceGuideOf(numbered(channels), guides, logoOf),
      );
    case 'device.xml':
      return new Response(deviceXml(device), { headers: XML });
    default:
      return unknownDocument(request);
  }
}

function m3uResponse(
  channels: readonly ChannelConfig[],
  base: string,
  hasGuide: boolean,
  logoOf: (channel: ChannelConfig) => string | undefined,
): Response {
  const entries = numbered(channels).map((channel) =>
    toEntry(channel, `${base}/auto/v${channel.number}`, logoOf(channel)),
  );
  const guideUrl = hasGuide ? { guideUrl: `${base}/epg.xml.gz` } : {};
  return new Response(formatM3u({ ...guideUrl, entries }), {
    headers: { ...NO_STORE, 'content-type': LINE_UP_TYPE },
  });
}

function statusOf({ tuners }: HeldDevice) {
  return tuners.all().map((tuned, index) => ({
    Resource: `tuner${index}`,
    ...(tuned === undefined ? {} : { VctNumber: String(tuned.number), VctName: tuned.name }),
  }));
}

/** `/auto/v101` on any tuner, `/tuner0/v101` on that one. HEAD takes none. */
async function tune(
  { devices, endless, clock }: HdHomeRun,
  id: string | undefined,
  tuner: string,
  wanted: string,
  request: Request,
): Promise<Response> {
  const held = find(devices, id);
  if (held === undefined) return noDevice(id, request);
  const at = tunerIn(tuner, held);
  if (at === undefined) return unknownDocument(request);
  // Lists number channels such as 5.1 too
  const number = /^v?(\d{1,5}(?:\.\d{1,3})?)(?:\.ts)?$/.exec(wanted)?.[1];
  const channel = channelsOf(held, endless.relays.channels).find(
    (each) => String(each.number) === number,
  );
  if (channel === undefined) return noChannel(wanted, request);
  if (isHead(request)) return headResponse(STREAM_HEADERS);
  const tuned = { number: Number(number), name: channel.name, viewer: endless.addressOf(request) };
  const wantedAt = at === 'any' ? undefined : at;
  const taken = await held.tuners.take(tuned, wantedAt, clock, request.signal);
  if (taken === undefined) return inUse(at === 'any', request);
  return await watch(endless, channel, taken, request);
}

async function watch(
  endless: Endless,
  channel: ChannelConfig,
  tuner: HeldTuner,
  request: Request,
): Promise<Response> {
  using failing = new DisposableStack();
  failing.use(tuner);
  const response = await channelStream(endless, channel.id, request, () => tuner[Symbol.dispose]());
  if (response.status === 200) failing.move();
  else if (response.status >= 400 && !response.headers.has(ERROR))
    response.headers.set(ERROR, '807 No Video Data');
  return response;
}

function find(devices: readonly HeldDevice[], id: string | undefined): HeldDevice | undefined {
  return id === undefined ? devices[0] : devices.find(({ setting }) => setting.id === id);
}

function tunerIn(name: string, { tuners }: HeldDevice): number | 'any' | undefined {
  if (name === 'auto') return 'any';
  const index = /^tuner(\d{1,3})$/.exec(name)?.[1];
  return index !== undefined && Number(index) < tuners.count ? Number(index) : undefined;
}
