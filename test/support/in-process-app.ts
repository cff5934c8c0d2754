// This file is the whole application without sockets or threads: loops do what a test says.

import { silentLog } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import { openMemoryStore } from '../../src/channel/store.ts';
import type { ChannelConfig, LogoMode, UrlSource } from '../../src/config/config.ts';
import type { DeviceSetting } from '../../src/config/resolve-hdhomerun.ts';
import { createApp } from '../../src/delivery/app.ts';
import { HotAnswers } from '../../src/delivery/hot-answers.ts';
import type { PageFiles } from '../../src/delivery/page-files.ts';
import { Sealer } from '../../src/delivery/seal.ts';
import { sendStreamed } from '../../src/delivery/sized-answer.ts';
import type { Guides } from '../../src/guide/guides.ts';
import { EMPTY_CATALOGUE } from '../../src/lineup/catalogue.ts';
import { createDevices } from '../../src/lineup/hdhomerun/devices.ts';
import { Logos } from '../../src/lineup/logos/logos.ts';
import { Xtream, type XtreamDeps } from '../../src/lineup/xtream/xtream.ts';
import { collectMetrics } from '../../src/metrics/collect.ts';
import { EventLoopLag } from '../../src/metrics/event-loop.ts';
import { formatMetrics } from '../../src/metrics/prometheus.ts';
import { EndlessStreams } from '../../src/packaging/mpegts/endless-streams.ts';
import { PassedStreams } from '../../src/packaging/mpegts/passed-streams.ts';
import { Relays } from '../../src/prefetch/channel/relays.ts';
import type { BodyKey, LoopEvent } from '../../src/prefetch/messages.ts';
import type { OpenLoop } from '../../src/prefetch/rendition/supply.ts';
import { createAnswered } from '../../src/recording/archive/archive-answered.ts';
import type { Archives } from '../../src/recording/archive/archived.ts';
import type { ListedSegment } from '../../src/ring/listing.ts';
import { Ring } from '../../src/ring/ring.ts';
import type { Overflow } from '../../src/ring/tiers/overflow.ts';
import { ProviderLeases } from '../../src/source/failover/provider-leases.ts';
import { FakeClock } from './fake-clock.ts';
import { guidesOf } from './guide-world.ts';
import { listedSegment } from './listed.ts';
import { MemorySharedStore } from './memory-shared-store.ts';
import { type Script, scriptedOutbound } from './outbound-script.ts';
import { scriptedUsers } from './scripted-users.ts';

export type LoopScript = {
  /** What the list names when a loop is opened; undefined: nothing ever. */
  segments: readonly ListedSegment[] | undefined;
  /** What comes of a body that a viewer waits for. */
  onWant: (key: BodyKey, emit: (event: LoopEvent) => void) => void;
};

export type AppState = {
  notReady: string | undefined;
  publicUrl: string | undefined;
  logoMode: LogoMode;
  page: () => Promise<PageFiles>;
};

export function loaded(key: BodyKey, bytes: string): LoopEvent {
  const body = new Blob([bytes]);
  return { type: 'loaded', key, body, contentType: 'video/mp2t', tookMs: 1, attempts: 1 };
}

export function loopChannel(id: string): ChannelConfig {
  const sources = [{ kind: 'loop', files: 'demo' } as const];
  return { id, name: `Channel ${id}`, mode: 'buffered', sources, keepWarm: false };
}

export function urlChannel(id: string, url: string, more: Partial<UrlSource> = {}): ChannelConfig {
  const source: UrlSource = {
    kind: 'url',
    url,
    headers: {},
    verifyTls: true,
    allowDowngrade: false,
    timeouts: {},
    ...more,
  };
  return { id, name: `Channel ${id}`, mode: 'proxy', sources: [source], keepWarm: false };
}

/** What is beside channels and their upstream: nothing where absent. */
export type AppParts = {
  /** Where segments go beyond memory. */
  readonly createOverflow?: (clock: FakeClock) => Overflow;
  readonly createGuides?: (clock: FakeClock) => Guides;
  readonly devices?: readonly DeviceSetting[];
  readonly archives?: Archives;
  /** What Xtream clients are served from. */
  readonly xtream?: Partial<XtreamDeps>;
};

export function createInProcessApp(
  channels: readonly ChannelConfig[],
  upstream: Script = {},
  more: AppParts = {},
) {
  const { createOverflow, devices = [], archives = { channel: () => undefined } } = more;
  const clock = new FakeClock();
  const overflow = createOverflow?.(clock);
  const guides = more.createGuides?.(clock) ?? guidesOf(clock, []);
  const outbound = scriptedOutbound(upstream);
  const ring = new Ring(clock, 1_000_000, () => {});
  const store = openMemoryStore();
  const script: LoopScript = {
    segments: [1, 2, 3, 4].map((sequence) => listedSegment(sequence)),
    onWant: (key, emit) => emit(loaded(key, `body of ${key}`)),
  };
  let loopsOpened = 0;
  const openLoop: OpenLoop = (_spec, { emit }) => {
    loopsOpened++;
    const { segments } = script;
    if (segments !== undefined) queueMicrotask(() => emit(listed(segments)));
    return {
      setMode() {},
      want: (key) => script.onWant(key, emit),
      unwant() {},
      asked() {},
      found() {},
      closed: Promise.resolve(),
      [Symbol.dispose]() {},
    };
  };
  const settings = { ahead: 3, segmentMaxBytes: 100_000, idleStopMs: 60_000 };
  const streams = new EndlessStreams({ clock, log: silentLog });
  const leases = new ProviderLeases(clock, new Map());
  const passed = new PassedStreams({ clock, outbound, leases, collect() {} });
  const random = seededRandom(1);
  const feed = { outbound, leases, openLoop, random, overflow };
  const deps = { clock, log: silentLog, ring, store, settings, ...feed };
  const relays = new Relays(channels, deps);
  const lag = new EventLoopLag(clock);
  const state: AppState = {
    notReady: undefined,
    publicUrl: undefined,
    logoMode: 'serve',
    page: async () => ({ html: '<p>page</p>', assets: new Map() }),
  };
  const archiveAnswered = createAnswered();
  const logos = new Logos({
    folder: '/dev/null/logos',
    outbound,
    clock,
    random,
    log: silentLog,
  });
  const xtream = new Xtream({
    users: scriptedUsers({}),
    store: new MemorySharedStore(),
    clock,
    log: silentLog,
    channels: () => relays.channels,
    catalogue: EMPTY_CATALOGUE,
    programmesOf: async () => [],
    ...more.xtream,
  });
  const heldDevices = createDevices(devices, store.secret('hdhomerun', 32));
  const metrics = () =>
    formatMetrics(
      collectMetrics({
        relays,
        ring,
        leases,
        streams: () => streams.stats(),
        passed: () => passed.stats(),
        lag,
        pool: () => ({ workers: 2, loops: loopsOpened, replaced: 0 }),
        tiers: () => overflow?.stats(),
        archives: () => [],
        archiveFolders: () => [],
        archiveAnswered,
        guides,
        lineUps: () => [],
        logos: () => logos.stats(),
        store: () => undefined,
        userConnections: () => xtream.connectionCounts(),
        devices: heldDevices,
        users: () => ({
          users: 0,
          lockedOut: 0,
          checks: { right: 0, unknown: 0, disabled: 0, expired: 0, 'locked-out': 0, busy: 0 },
        }),
        nowMs: () => clock.nowMs(),
        guard: () => ({ open: 1, closed_idle: 2 }),
        version: '1.2.3',
        startedAtMs: 5000,
      }),
    );
  const app = createApp({
    unbuffered: {
      relays,
      outbound,
      clock,
      sealer: new Sealer(store.secret('proxy-url', 32)),
      segmentMaxBytes: 100_000,
    },
    operations: {
      relays,
      metrics,
      version: '1.2.3',
      notReady: () => state.notReady,
      tiers: () => overflow?.stats().tiers ?? [],
      ring: () => ring.stats(),
      archives: () => [],
      archiveFolders: () => [],
    },
    streams,
    passed,
    xtream,
    leases,
    devices: heldDevices,
    guide: { relays, guides, nowMs: () => clock.nowMs() },
    lineUps: () => [],
    logos,
    logoMode: () => state.logoMode,
    archives,
    archiveAnswered,
    archivePad: () => ({ beforeMs: 60_000, afterMs: 300_000 }),
    collect() {},
    sendSized: sendStreamed,
    addressOf: () => 'viewer',
    publicUrl: () => state.publicUrl,
    hot: new HotAnswers(clock, () => {}),
    page: () => state.page(),
    log: silentLog,
  });
  return {
    clock,
    outbound,
    relays,
    ring,
    leases,
    streams,
    xtream,
    script,
    state,
    /** `/live/:channel/…`, each once. */
    routes: [...new Set(app.routes)],
    get loopsOpened() {
      return loopsOpened;
    },
    /** `headers` with a method of its own where it is not GET. */
    ask: async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
      const answer = await app.fetch(new Request(`http://tv.example${path}`, { method, headers }));
      // The server sends no body then
      return method === 'HEAD' ? new Response(null, answer) : answer;
    },
    /** As it is, where a test makes the request itself. */
    fetch: app.fetch,
    [Symbol.dispose]() {
      xtream[Symbol.dispose]();
      relays[Symbol.dispose]();
      lag[Symbol.dispose]();
    },
  };
}

export type InProcessApp = ReturnType<typeof createInProcessApp>;

function listed(segments: readonly ListedSegment[]): LoopEvent {
  return {
    type: 'listed',
    link: 'cold',
    missed: 0,
    fresh: segments.map((segment, ordinal) => ({ ordinal, segment })),
    targetDurationS: 4,
    onDemand: false,
    independentSegments: false,
    iFramesOnly: false,
  };
}
