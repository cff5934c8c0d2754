// This file starts the parts of the server in the order media flows, and stops them in reverse.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Server } from 'bun';
import { openUsers } from './access/open-users.ts';
import { systemClock } from './base/clock.ts';
import type { Log } from './base/log.ts';
import { systemRandom } from './base/random.ts';
import { VERSION } from './base/version.ts';
import { Checkpoints } from './channel/checkpoints.ts';
import type { OpenSharedStore } from './channel/open-shared.ts';
import { openMemoryStore, openStore, type Store } from './channel/store.ts';
import type { ChannelList } from './channel-list.ts';
import type { ChannelConfig, Config } from './config/config.ts';
import page from './console/index.html';
import { createApp } from './delivery/app.ts';
import { createConnectionGuard } from './delivery/connection-guard.ts';
import { HotAnswers, type HotRoutes } from './delivery/hot-answers.ts';
import { openPage } from './delivery/page-files.ts';
import { Sealer } from './delivery/seal.ts';
import { createSizedSend } from './delivery/sized-answer.ts';
import { openSocketCalls } from './delivery/socket-calls.ts';
import { createGuideThread } from './guide/guide-thread.ts';
import { Guides } from './guide/guides.ts';
import {
  guideChannelsOf,
  guideLogoOf,
  matchWantedOf,
  programmesOf,
} from './lineup/guide-channels.ts';
import { announceDevices } from './lineup/hdhomerun/announce.ts';
import { createDevices, DEVICE_SECRET_BYTES } from './lineup/hdhomerun/devices.ts';
import { Logos } from './lineup/logos/logos.ts';
import { Xtream } from './lineup/xtream/xtream.ts';
import { collectMetrics } from './metrics/collect.ts';
import { EventLoopLag } from './metrics/event-loop.ts';
import { formatMetrics } from './metrics/prometheus.ts';
import { createOutbound } from './net/outbound-client.ts';
import { EndlessStreams } from './packaging/mpegts/endless-streams.ts';
import { PassedStreams } from './packaging/mpegts/passed-streams.ts';
import { Relays } from './prefetch/channel/relays.ts';
import { WorkerPool } from './prefetch/loop/pool.ts';
import { createAnswered } from './recording/archive/archive-answered.ts';
import { archivePlaces } from './recording/archive/archive-places.ts';
import { openArchive } from './recording/archive/open-archive.ts';
import { MemoryFiles } from './ring/memory-files.ts';
import { Ring } from './ring/ring.ts';
import { openOverflow } from './ring/tiers/open-overflow.ts';
import { daily } from './schedule/daily.ts';
import { ProviderLeases } from './source/failover/provider-leases.ts';
import {
  CHECKPOINT_WORKER,
  ELEMENT_WORKER,
  GUIDE_WORKER,
  PREFETCH_WORKER,
  TIER_WORKER,
} from './threads.ts';

export type Running = {
  /** Where it listens, with the port that was really taken. */
  readonly url: string;
  /** Takes over what can change while running: the channels and the public URL. */
  reload(config: Config, channels: readonly ChannelConfig[]): void;
  /** Lets answers in flight end, for at most `DRAIN_MS`. */
  stop(reason: string): Promise<void>;
};

/** Answers in flight have this long to end after SIGTERM; then they break. */
const DRAIN_MS = 8000;
const SEAL_KEY_BYTES = 32;
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
  const publicUrl = () => current.publicUrl;
  const logoMode = () => current.logos;
  let stopping = false;

  const store = openStoreOrNone(config.dataDir, log);
  const { dataDir } = config;
  const checkpoints = new Checkpoints({ dataDir, entry: CHECKPOINT_WORKER, clock, log });
  const { allowPrivate } = config;
  const outbound = createOutbound({ clock, allowPrivate, userAgent });
  const files = MemoryFiles.create(config.memoryBytes, clock, log);
  const bodyFolder = files === undefined ? {} : { bodyFolder: files.path };
  const pool = new WorkerPool({
    size: config.prefetch.workers,
    entry: PREFETCH_WORKER,
    clock,
    log,
    settings: { perOrigin: config.prefetch.perOrigin, allowPrivate, userAgent, ...bodyFolder },
    onBody: (body) => files?.adopt(body),
  });
  const collect = () => Bun.gc(true);
  const ring = new Ring(clock, config.memoryBytes, collect);
  const marks = archivePlaces(store, 'tiers');
  const tierDeps = { entry: TIER_WORKER, clock, random: systemRandom, log, marks };
  const tiers = openOverflow(config.overflow, tierDeps);
  const limitsOf = ({ providers }: Config) =>
    new Map([...providers, ...list.lineUps.accountLimits]);
  const leases = new ProviderLeases(clock, limitsOf(config));
  const { channels } = list;
  const archive = openArchive(channels, config.archiveBytes, {
    store,
    tiers: tiers?.all,
    clock,
    log,
    memoryBytes: config.memoryBytes,
  });
  const relays = new Relays(channels, {
    clock,
    random: systemRandom,
    leases,
    log,
    outbound,
    ring,
    store,
    look: pool.look,
    openLoop: (spec, sink) => pool.open(spec, sink),
    settings: {
      ahead: config.prefetch.ahead,
      segmentMaxBytes: config.prefetch.segmentMaxBytes,
      idleStopMs: config.prefetch.idleStopMs,
    },
    overflow: tiers?.overflow,
    past: archive.past,
  });
  const streams = new EndlessStreams({ clock, log });
  const passed = new PassedStreams({ clock, outbound, leases, collect });
  const guideThread = createGuideThread({
    entry: GUIDE_WORKER,
    clock,
    log,
    settings: { dataDir: config.dataDir, allowPrivate, userAgent, ...elementReader() },
  });
  const guides: Guides = new Guides({
    guides: config.guides,
    thread: guideThread,
    clock,
    random: systemRandom,
    log,
    folder: join(config.dataDir, 'guide'),
    daily,
    lineUp: {
      shared,
      wanted: () => matchWantedOf(relays.channels, current.channels),
      document: (feeds) =>
        guideChannelsOf(relays.channels, [], feeds, guideLogoOf(publicUrl, logoMode)),
    },
  });
  const logoFolder = join(config.dataDir, 'logos');
  const logos = new Logos({ folder: logoFolder, outbound, clock, random: systemRandom, log });
  const lag = new EventLoopLag(clock);
  const archiveAnswered = createAnswered();
  const metrics = () =>
    formatMetrics(
      collectMetrics({
        relays,
        ring,
        leases,
        streams: () => streams.stats(),
        passed: () => passed.stats(),
        lag,
        pool: () => pool.stats(),
        tiers: () => tiers?.overflow.stats(),
        archives: () => archive.stats(),
        archiveFolders: () => archive.folders(),
        archiveAnswered,
        guides,
        lineUps: () => list.lineUps.status(),
        logos: () => logos.stats(),
        users: () => users.stats(),
        store: () => shared.stats(),
        userConnections: () => xtream.connectionCounts(),
        nowMs: () => clock.nowMs(),
        guard: () => guard.stats(),
        version: VERSION,
        startedAtMs,
      }),
    );
  const users = await openUsers(shared, { clock, log });
  const xtream = new Xtream({
    users,
    store: shared,
    isStoreUp: () => shared.stats().isUp,
    clock,
    log,
    channels: () => relays.channels,
    catalogue: list.lineUps.catalogue,
    programmesOf: (channel, wanted) => programmesOf(guides, channel, wanted),
  });
  xtream.prepare();
  const deviceSecret = await shared.secret('hdhomerun', DEVICE_SECRET_BYTES);
  const devices = createDevices(config.devices, deviceSecret);
  const hot = new HotAnswers(clock, (routes) => server.reload(options(routes)));
  const app = createApp({
    unbuffered: {
      relays,
      outbound,
      clock,
      sealer: new Sealer(await shared.secret('proxy-url', SEAL_KEY_BYTES)),
      segmentMaxBytes: config.prefetch.segmentMaxBytes,
    },
    operations: {
      relays,
      metrics,
      ring: () => ring.stats(),
      archives: () => archive.stats(),
      archiveFolders: () => archive.folders(),
      tiers: () => tiers?.overflow.stats().tiers ?? [],
      version: VERSION,
      notReady: () => (stopping ? 'it is stopping' : undefined),
    },
    streams,
    passed,
    xtream,
    leases,
    archives: archive.archives,
    archiveAnswered,
    collect,
    sendSized: createSizedSend({
      clock,
      open: openSocketCalls,
      peerOf: (request) => server.requestIP(request),
      port: () => server.port as number,
    }),
    guide: { relays, guides, nowMs: () => clock.nowMs() },
    lineUps: () => list.lineUps.status(),
    devices,
    logos,
    logoMode,
    archivePad: () => current.archivePad,
    addressOf: (request) => {
      const address = server.requestIP(request)?.address ?? '';
      return `${address} ${request.headers.get('user-agent') ?? ''}`;
    },
    publicUrl,
    hot,
    page: () => openPage(page),
    log,
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
  pool.start();
  guides.start();
  const announced = await announceDevices({
    devices,
    clock,
    log,
    port: server.port as number,
    publicUrl,
  });
  const guard = createConnectionGuard({
    port: server.port as number,
    limits: { perAddress: config.connections.perAddress },
    clock,
    log,
  });

  return {
    url: `http://${hostForUrl(config.listen.host)}:${server.port}`,
    reload(next, nextChannels) {
      current = next;
      leases.limits = limitsOf(next);
      archive.apply(nextChannels, next.archiveBytes);
      relays.apply(nextChannels, nextChannels === list.channels ? list.byId : undefined);
      void guides.lineUpChanged();
      xtream.prepare();
    },
    async stop(reason) {
      if (stopping) return;
      stopping = true;
      log.info('stopping', { reason });
      guard[Symbol.dispose]();
      hot[Symbol.dispose]();
      // What waits to be put has as long as the answers in flight
      const tiersClosed = archive[Symbol.asyncDispose]().then(() => tiers?.[Symbol.asyncDispose]());
      await drain(server);
      relays[Symbol.dispose]();
      lag[Symbol.dispose]();
      logos[Symbol.dispose]();
      await announced[Symbol.asyncDispose]();
      await guides[Symbol.asyncDispose]();
      await guideThread[Symbol.asyncDispose]();
      await Promise.all([pool[Symbol.asyncDispose](), outbound[Symbol.asyncDispose]()]);
      await tiersClosed;
      xtream[Symbol.dispose]();
      users[Symbol.dispose]();
      files?.[Symbol.dispose]();
      await checkpoints[Symbol.asyncDispose]();
      store[Symbol.dispose]();
      log.info('stopped');
    },
  };
}

/** A second thread reads guides no sooner where there is one core for both. */
function elementReader(): { readonly reader?: string } {
  return availableParallelism() > 1 ? { reader: ELEMENT_WORKER.href } : {};
}

/** No new connections; those in mid-answer end, or break at the deadline. */
async function drain(server: Server<undefined>): Promise<void> {
  const ended = server.stop(false);
  const deadline = new Promise<void>((resolve) => systemClock.after(DRAIN_MS, resolve));
  await Promise.race([ended, deadline]);
  await server.stop(true);
}

/** The data folder is a convenience: without it the picture goes on, the numbering starts anew. */
function openStoreOrNone(dataDir: string, log: Log): Store {
  try {
    return openStore(dataDir, log);
  } catch (error) {
    log.warn('data folder not usable: numbering is not kept over restarts', { dataDir, error });
    return openMemoryStore();
  }
}

function hostForUrl(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
