// This file asks every part for its numbers and gives them their names.
import type { UsersStats } from '../access/open-users.ts';
import type { SharedStats } from '../channel/shared-store.ts';
import type { ChannelConfig } from '../config/config.ts';
import type { Guides } from '../guide/guides.ts';
import type { HeldDevice } from '../lineup/hdhomerun/devices.ts';
import type { LineUpStatus } from '../lineup/import/line-ups.ts';
import type { Logos } from '../lineup/logos/logos.ts';
import type { ConnectionCounts } from '../lineup/xtream/connections.ts';
import type { StreamStats } from '../packaging/mpegts/endless-streams.ts';
import type { PassedStats } from '../packaging/mpegts/passed-streams.ts';
import type { ChannelRelay } from '../prefetch/channel/channel-relay.ts';
import type { Relays } from '../prefetch/channel/relays.ts';
import type { ArchiveAnswered } from '../recording/archive/archive-answered.ts';
import type { ArchiveStats } from '../recording/archive/archive-stats.ts';
import type { HlsShelfStats } from '../recording/archive/hls/shelf.ts';
import type { Ring } from '../ring/ring.ts';
import type { OverflowStats } from '../ring/tiers/overflow.ts';
import type { ProviderLeases, ProviderUse } from '../source/failover/provider-leases.ts';
import type { StreamCounts } from '../source/source.ts';
import { archiveAnswerMetric, archiveFolderMetrics, archiveMetrics } from './archive-metrics.ts';
import type { EventLoopLag } from './event-loop.ts';
import { guideMetrics } from './guide-metrics.ts';
import { lineUpMetrics } from './line-up-metrics.ts';
import { logoMetrics } from './logo-metrics.ts';
import { byLabel, counter, gauge, type Metric, one, type Sample } from './prometheus.ts';
import { storeMetrics } from './store-metrics.ts';
import { tierMetrics } from './tier-metrics.ts';
import { tunerMetrics } from './tuner-metrics.ts';
import { userMetrics } from './user-metrics.ts';
import { connectionMetrics } from './xtream-metrics.ts';

export type Sources = {
  readonly relays: Relays;
  readonly ring: Ring;
  readonly leases: ProviderLeases;
  readonly streams: () => readonly StreamStats[];
  readonly passed: () => readonly PassedStats[];
  readonly lag: EventLoopLag;
  readonly pool: () => {
    readonly workers: number;
    readonly loops: number;
    readonly replaced: number;
  };
  /** Undefined where there are none. */
  readonly tiers: () => OverflowStats | undefined;
  readonly archives: () => readonly ArchiveStats[];
  readonly archiveFolders: () => readonly HlsShelfStats[];
  readonly archiveAnswered: Readonly<ArchiveAnswered>;
  readonly guides: Pick<Guides, 'status' | 'matches'>;
  readonly lineUps: () => readonly LineUpStatus[];
  readonly logos: () => ReturnType<Logos['stats']>;
  readonly users: () => UsersStats;
  readonly store: () => SharedStats | undefined;
  /** Undefined while there are no users. */
  readonly userConnections: () => ConnectionCounts | undefined;
  readonly devices: readonly HeldDevice[];
  /** Unix milliseconds. */
  readonly nowMs: () => number;
  readonly guard: () => Readonly<Record<string, number>>;
  readonly version: string;
  readonly startedAtMs: number;
};

export function collectMetrics(sources: Sources): readonly Metric[] {
  return [
    ...channelMetrics([...sources.relays.all()]),
    ...channelViewers(sources.relays),
    insecureChannels(sources.relays.channels),
    ...streamMetrics(sources.streams()),
    ...passedMetrics(sources.passed()),
    ...providerMetrics(sources.leases.stats()),
    ...tierMetrics(sources.tiers()),
    ...archiveMetrics(sources.archives()),
    ...archiveFolderMetrics(sources.archiveFolders()),
    archiveAnswerMetric(sources.archiveAnswered),
    ...guideMetrics(sources.guides.status(), sources.nowMs(), sources.guides.matches()),
    ...lineUpMetrics(sources.lineUps(), sources.nowMs()),
    ...logoMetrics(sources.logos()),
    ...userMetrics(sources.users()),
    ...storeMetrics(sources.store()),
    ...connectionMetrics(sources.userConnections()),
    ...tunerMetrics(sources.devices),
    ...processMetrics(sources),
  ];
}

function channelMetrics(relays: readonly ChannelRelay[]): readonly Metric[] {
  const fetches: Sample[] = [];
  const held: Sample[] = [];
  const ages: Sample[] = [];
  const stalls: Sample[] = [];
  const remuxed: Sample[] = [];
  const switches: Sample[] = [];
  const scores: Sample[] = [];
  const mediaAges: Sample[] = [];
  const coolDowns: Sample[] = [];
  const streams = new Map<keyof StreamCounts, Sample[]>();
  for (const relay of relays) {
    const channel = relay.config.id;
    const stats = relay.stats();
    stalls.push({ labels: { channel }, value: stats.stallsAvoided });
    for (const [reason, value] of stats.switches) {
      switches.push({ labels: { channel, reason }, value });
    }
    for (const [what, value] of Object.entries(stats.stream)) {
      const name = what as keyof StreamCounts;
      const samples = streams.get(name) ?? [];
      samples.push({ labels: { channel }, value });
      streams.set(name, samples);
    }
    for (const { source, active, score, goodAgoMs, coolDownLeftMs } of stats.sources) {
      const labels = { channel, source: String(source) };
      scores.push({ labels: { ...labels, active: String(active) }, value: score });
      coolDowns.push({ labels, value: coolDownLeftMs / 1000 });
      if (goodAgoMs !== undefined) mediaAges.push({ labels, value: goodAgoMs / 1000 });
    }
    for (const [key, value] of stats.fetches) {
      const [what = '', outcome = ''] = key.split(' ');
      fetches.push({ labels: { channel, what, outcome }, value });
    }
    for (const rendition of stats.renditions) {
      const labels = { channel, rendition: rendition.id };
      held.push({ labels, value: rendition.ring.heldBytes });
      for (const [outcome, value] of Object.entries(rendition.remuxed)) {
        if (value > 0) remuxed.push({ labels: { ...labels, outcome }, value });
      }
      const ageS = rendition.edgeAgeS();
      if (ageS !== undefined) ages.push({ labels, value: ageS });
    }
  }
  return [
    counter('weir_upstream_fetches_total', 'Upstream requests by outcome.', fetches),
    gauge('weir_ring_bytes', 'Bytes of segments held, by rendition.', held),
    gauge('weir_edge_age_seconds', 'Since the newest listed segment came.', ages),
    counter(
      'weir_remuxed_segments_total',
      'Segments of a source that took over: made into the container players know, or not.',
      remuxed,
    ),
    counter(
      'weir_stalls_avoided_total',
      'Segments that came whole although a fetch of them had failed.',
      stalls,
    ),
    counter(
      'weir_source_switches_total',
      'Times another source took over in mid-play, by reason.',
      switches,
    ),
    gauge('weir_source_score', 'How well a source has done: 1 always, 0 never.', scores),
    gauge('weir_source_media_age_seconds', 'Since it last gave media.', mediaAges),
    gauge('weir_source_cool_down_seconds', 'Until it may be tried again.', coolDowns),
    ...STREAM_METRICS.map(([what, name, help]) => counter(name, help, streams.get(what) ?? [])),
  ];
}

function streamMetrics(streams: readonly StreamStats[]): Metric[] {
  const samples = (value: (stats: StreamStats) => number): Sample[] => {
    const sums = new Map<string, number>();
    for (const stats of streams) {
      sums.set(stats.channel, (sums.get(stats.channel) ?? 0) + value(stats));
    }
    return [...sums].map(([channel, sum]) => ({ labels: { channel }, value: sum }));
  };
  return [
    gauge(
      'weir_ts_viewers',
      'Viewers of the endless stream.',
      samples(({ viewers }) => viewers),
    ),
    gauge(
      'weir_ts_bytes',
      'Bytes of it held for them.',
      samples(({ bytes }) => bytes),
    ),
    gauge(
      'weir_ts_skips',
      'Times viewers of the running stream were too slow and were skipped forward.',
      samples(({ skips }) => skips),
    ),
    gauge(
      'weir_ts_splices',
      'Places at which the running stream was joined anew.',
      samples(({ splices }) => splices),
    ),
  ];
}

function passedMetrics(streams: readonly PassedStats[]): Metric[] {
  const viewers = streams.map(({ channel, viewers: value }) => ({ labels: { channel }, value }));
  const bytes = streams.map(({ channel, bytes: value }) => ({ labels: { channel }, value }));
  const help = 'Viewers that an endless stream is passed on to unbuffered.';
  return [
    gauge('weir_proxy_ts_viewers', help, viewers),
    counter('weir_proxy_ts_bytes_total', 'Bytes passed on so.', bytes),
  ];
}

/**
 * With more channels than this, those that nobody has asked for yet have no series: 20,000 idle
 * ones would be a megabyte to write, send and store every 15 s, to say nothing.
 */
const ALL_CHANNELS_MAX = 1000;

function channelViewers(relays: Relays): Metric[] {
  const { channels } = relays;
  const listed =
    channels.length <= ALL_CHANNELS_MAX
      ? channels.map(({ id }) => ({ id, relay: relays.peek(id) }))
      : [...relays.all()].map((relay) => ({ id: relay.config.id, relay }));
  const viewers = listed.map(({ id: channel, relay }) => ({
    labels: { channel },
    value: relay?.viewers ?? 0,
  }));
  return [
    gauge('weir_channels', 'Channels that can be watched.', one(channels.length)),
    gauge('weir_channel_viewers', 'Sessions that watched lately.', viewers),
  ];
}

const STREAM_METRICS: readonly (readonly [keyof StreamCounts, string, string])[] = [
  ['connects', 'weir_stream_connects_total', 'Times an endless stream was opened.'],
  ['receivedBytes', 'weir_stream_received_bytes_total', 'Bytes of endless streams.'],
  [
    'continuityErrors',
    'weir_stream_continuity_errors_total',
    'Times packets of an endless stream were missing.',
  ],
  ['lostSyncs', 'weir_stream_resyncs_total', 'Times the packets had to be found anew.'],
  [
    'keylessCuts',
    'weir_stream_keyless_cuts_total',
    'Segments of an endless stream that begin without a key frame, since none came in time.',
  ],
  ['rtpLost', 'weir_stream_rtp_lost_total', 'RTP packets that never came.'],
  ['rtpReordered', 'weir_stream_rtp_reordered_total', 'RTP packets put back in order.'],
  ['rtpDuplicates', 'weir_stream_rtp_duplicates_total', 'RTP packets that came twice.'],
  [
    'datagramsDropped',
    'weir_stream_datagrams_dropped_total',
    'Datagrams of another sender, or more than could be taken.',
  ],
];

function providerMetrics(uses: readonly ProviderUse[]): Metric[] {
  const used = uses.map(({ provider, used: value }) => ({ labels: { provider }, value }));
  const limits = uses.flatMap(({ provider, limit }) =>
    limit === undefined ? [] : [{ labels: { provider }, value: limit }],
  );
  const waiting = uses.map((use) => ({ labels: { provider: use.provider }, value: use.waiting }));
  const passed = uses.map((use) => ({ labels: { provider: use.provider }, value: use.passed }));
  return [
    gauge('weir_provider_connections', 'Connections in use, by provider.', used),
    gauge('weir_provider_connections_max', 'The max_connections setting.', limits),
    gauge('weir_provider_waiting', 'Channels that wait for one, for a viewer.', waiting),
    counter(
      'weir_provider_passed_total',
      'Connections that a channel without viewers gave up for one with some.',
      passed,
    ),
  ];
}

function insecureChannels(channels: readonly ChannelConfig[]): Metric {
  const samples = channels
    .filter(({ sources }) => sources.some((source) => 'verifyTls' in source && !source.verifyTls))
    .map(({ id: channel }) => ({ labels: { channel }, value: 1 }));
  const help = 'Channels whose upstream is not verified.';
  return gauge('weir_tls_unverified', help, samples);
}

/** What the guard counts begins with this; the rest is as it is now. */
const CLOSED = 'closed_';

function processMetrics(sources: Sources): readonly Metric[] {
  const ring = sources.ring.stats();
  const pool = sources.pool();
  const lag = sources.lag.stats();
  const guard = Object.entries(sources.guard());
  const open = guard.filter(([name]) => !name.startsWith(CLOSED));
  const closed = guard.filter(([name]) => name.startsWith(CLOSED));
  return [
    gauge('weir_ring_held_bytes', 'Bytes of segments held.', one(ring.heldBytes)),
    gauge('weir_ring_budget_bytes', 'The memory setting.', one(ring.budgetBytes)),
    counter('weir_ring_evicted_total', 'Segments let go.', one(ring.evictedSegments)),
    counter(
      'weir_ring_refused_total',
      'Segments that found no room: raise memory.',
      one(ring.refusedSegments),
    ),
    counter(
      'weir_ring_turned_away_total',
      'Requests for a channel that found no room for it: raise memory.',
      one(ring.turnedAway),
    ),
    counter(
      'weir_ring_gave_way_total',
      'Channels stopped for the memory of others: raise memory.',
      one(ring.gaveWay),
    ),
    gauge('weir_loops', 'Renditions being followed.', one(pool.loops)),
    counter('weir_workers_replaced_total', 'Workers that died.', one(pool.replaced)),
    gauge(
      'weir_connections',
      'Connections of viewers and the addresses they come from.',
      byLabel('what', Object.fromEntries(open)),
    ),
    counter(
      'weir_connections_closed_total',
      'Connections that the guard closed, by reason.',
      closed.map(([name, value]) => ({ labels: { why: name.slice(CLOSED.length) }, value })),
    ),
    gauge('weir_event_loop_lag_seconds', 'Worst of 10 s.', one(lag.maxMs / 1000)),
    gauge('process_resident_memory_bytes', 'Resident memory.', one(process.memoryUsage.rss())),
    gauge('process_start_time_seconds', 'Start, Unix time.', one(sources.startedAtMs / 1000)),
    gauge('weir_build_info', 'Version.', [
      { labels: { version: sources.version, bun: Bun.version }, value: 1 },
    ]),
  ];
}
