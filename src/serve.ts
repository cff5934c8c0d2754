// This file starts the parts of the server in the order media flows, and stops them in reverse.
import type { Server } from 'bun';
import { systemClock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import { VERSION } from './base/version.ts';
import type { OpenSharedStore } from './channel/open-shared.ts';
import type { ChannelList } from './channel-list.ts';
import type { ChannelConfig, Config } from './config/config.ts';
import page from './console/index.html';
import { createApp } from './delivery/app.ts';
import { createConnectionGuard } from './delivery/connection-guard.ts';
import { HotAnswers, type HotRoutes } from './delivery/hot-answers.ts';
import { openPage } from './delivery/page-files.ts';
import { Sealer } from './delivery/seal.ts';
import { createSizedSend } from './delivery/sized-answer.ts';
import { isLoopback } from './delivery/socket-address.ts';
import { openSocketCalls } from './delivery/socket-calls.ts';
import {
  addressBehind,
  asAsked,
  createNetworkTrust,
  createTrust,
} from './delivery/viewer-address.ts';
import { announceDevices } from './lineup/hdhomerun/announce.ts';
import { collectMetrics } from './metrics/collect.ts';
import { EventLoopLag } from './metrics/event-loop.ts';
import { formatMetrics } from './metrics/prometheus.ts';
import { openListings } from './open-listings.ts';
import { openMedia } from './open-media.ts';
import { createAnswered } from './recording/archive/archive-answered.ts';

export type Running = {
  /** Where it listens, with the port that was really taken. */
  readonly url: string;
  /** Takes over what can change while running: the channels and the public URL. */
  reload(config: Config, channels: readonly ChannelConfig[]): void;
  /** Reads all guides now. Never rejects: what fails is logged. */
  readGuides(): Promise<void>;
  /** Lets answers in flight end, for at most `DRAIN_MS`. */
  stop(reason: string): Promise<void>;
};

/** Answers in flight have this long to end after SIGTERM; then they break. */
const DRAIN_MS = 8000;
const SEAL_KEY_BYTES = 32;
/** What was needed to begin, or was replaced, is much of the memory, and the collector comes late to it. */
const TIDY_AFTER_MS = 500;
/** Nothing we serve takes a body; this is room for a form that is refused politely. */
const REQUEST_BODY_MAX_BYTES = 64 * 1024;

/** `list` are the channels of the configuration and those of line-ups; `shared` stays open. */
export async function serve(
  config: Config,
  list: Pick<ChannelList, 'channels' | 'byId' | 'lineUps'>,
  log: Log,
  shared: OpenSharedStore,
): Promise<Running> {
  const clock = systemClock;
  const userAgent = `weir/${VERSION}`;
  const startedAtMs = clock.nowMs();
  let current = config;
  let stopping = false;
  const limitsOf = ({ providers }: Config) =>
    new Map([...providers, ...list.lineUps.accountLimits]);
  const publicUrl = () => current.publicUrl;
  const trust = createTrust(config.trustedProxies);

  const { channels } = list;
  const media = openMedia({ config, channels, limits: limitsOf(config), userAgent, log });
  const { relays, ring, leases, streams, passed, pool, tiers, archive, collect } = media;
  const now = () => current;
  const listings = await openListings({ current: now, list, media, shared, userAgent, log });
  const { guides, logos, users, xtream, devices } = listings;
  const lag = new EventLoopLag(clock);
  // With tens of thousands of channels it takes 50 ms, for which no viewer shall wait
  const tidy = () => pool.stats().loops === 0 && collect();
  const archiveAnswered = createAnswered();
  const lineUps = () => list.lineUps.status();
  const archiveStats = {
    archives: () => archive.stats(),
    archiveFolders: () => archive.folders(),
  };
  const metrics = () =>
    formatMetrics(
      collectMetrics({
        ...{ relays, ring, leases, lag, archiveAnswered, guides, lineUps, devices, startedAtMs },
        ...archiveStats,
        streams: () => streams.stats(),
        passed: () => passed.stats(),
        pool: () => pool.stats(),
        tiers: () => tiers?.overflow.stats(),
        logos: () => logos.stats(),
        users: () => users.stats(),
        store: () => shared.stats(),
        userConnections: () => xtream.connectionCounts(),
        nowMs: () => clock.nowMs(),
        guard: () => guard.stats(),
        version: VERSION,
      }),
    );
  const hot = new HotAnswers(clock, (routes) => server.reload(options(routes)));
  const app = createApp({
    ...{ streams, passed, xtream, leases, archiveAnswered, collect, lineUps, devices, logos },
    ...{ publicUrl, hot, log },
    unbuffered: {
      relays,
      outbound: media.outbound,
      clock,
      sealer: new Sealer(await shared.secret('proxy-url', SEAL_KEY_BYTES)),
      segmentMaxBytes: config.prefetch.segmentMaxBytes,
    },
    operations: {
      ...{ relays, metrics },
      ...archiveStats,
      ring: () => ring.stats(),
      tiers: () => tiers?.overflow.stats().tiers ?? [],
      version: VERSION,
      notReady: () => (stopping ? 'it is stopping' : undefined),
    },
    archives: archive.archives,
    sendSized: createSizedSend({
      clock,
      open: openSocketCalls,
      peerOf: (request) => server.requestIP(asAsked(request)),
      port: () => server.port as number,
    }),
    guide: { relays, guides, nowMs: () => clock.nowMs() },
    logoMode: () => current.logos,
    archivePad: () => current.archivePad,
    addressOf: (request) => {
      const peer = server.requestIP(asAsked(request))?.address ?? '';
      const forwardedFor = request.headers.get('x-forwarded-for');
      const address = addressBehind(peer, forwardedFor, trust);
      return `${address} ${request.headers.get('user-agent') ?? ''}`;
    },
    page: () => openPage(page),
  });
  const options = (routes: HotRoutes) => ({
    hostname: config.listen.host,
    port: config.listen.port,
    // Bun counts silence of the handler too; our own deadlines bound every wait
    idleTimeout: 0,
    maxRequestBodySize: REQUEST_BODY_MAX_BYTES,
    development: false,
    // Without development Bun would share the port with whoever else listens there, unsaid
    reusePort: false,
    routes,
    fetch: app.fetch,
  });
  const server: Server<undefined> = Bun.serve(options({}));
  const port = server.port as number;
  pool.start();
  guides.start();
  const announced = await announceDevices({ devices, clock, log, port, publicUrl });
  const limits = { perAddress: config.connections.perAddress };
  const isProxy = createNetworkTrust(config.trustedProxies);
  const isExempt = (network: string) => isLoopback(network) || isProxy(network);
  const guard = createConnectionGuard({ port, limits, clock, log, isExempt });
  let tidying = clock.after(TIDY_AFTER_MS, tidy);

  return {
    url: `http://${hostForUrl(config.listen.host)}:${port}`,
    reload(next, nextChannels) {
      current = next;
      leases.limits = limitsOf(next);
      archive.apply(nextChannels, next.archiveBytes);
      relays.apply(nextChannels, nextChannels === list.channels ? list.byId : undefined);
      listings.changed();
      tidying[Symbol.dispose]();
      tidying = clock.after(TIDY_AFTER_MS, tidy);
    },
    readGuides: () => guides.refresh(),
    async stop(reason) {
      if (stopping) return;
      stopping = true;
      log.info('stopping', { reason });
      tidying[Symbol.dispose]();
      guard[Symbol.dispose]();
      hot[Symbol.dispose]();
      media.beginToClose();
      await drain(server);
      lag[Symbol.dispose]();
      await announced[Symbol.asyncDispose]();
      await Promise.all([listings[Symbol.asyncDispose](), media[Symbol.asyncDispose]()]);
      log.info('stopped');
    },
  };
}

/** No new connections; those in mid-answer end, or break at the deadline. */
async function drain(server: Server<undefined>): Promise<void> {
  const ended = server.stop(false);
  const deadline = new Promise<void>((resolve) => systemClock.after(DRAIN_MS, resolve));
  await Promise.race([ended, deadline]);
  await server.stop(true);
}

function hostForUrl(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
