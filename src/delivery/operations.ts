// This file serves what operators ask: is it alive, is it ready, how is it doing.
import { Elysia } from 'elysia';
import type { ErrorRecord } from '../base/errors.ts';
import type { ChannelConfig } from '../config/config.ts';
import { told } from '../prefetch/answers.ts';
import type { ChannelRelay, RelayStats } from '../prefetch/channel/channel-relay.ts';
import type { Relays } from '../prefetch/channel/relays.ts';
import type { ArchiveStats } from '../recording/archive/archive-stats.ts';
import type { HlsShelfStats } from '../recording/archive/hls/shelf.ts';
import type { TierStats } from '../ring/tiers/tier-stats.ts';
import { describeFolder, describeTier, tierTroubles } from './describe-tiers.ts';
import { problemResponse, unknownChannel } from './error-response.ts';
import { NO_STORE } from './headers.ts';

export type Operations = {
  readonly relays: Relays;
  readonly metrics: () => string;
  /** Undefined when ready, else why not. */
  readonly notReady: () => string | undefined;
  /** The places beyond memory: without them weir plays all the same. */
  readonly tiers: () => readonly TierStats[];
  /** Folders of archives as plain HLS. */
  readonly archiveFolders: () => readonly HlsShelfStats[];
  readonly version: string;
  readonly archives: () => readonly ArchiveStats[];
  readonly ring: () => { readonly heldBytes: number; readonly budgetBytes: number };
};

export function operationsPlugin(operations: Operations) {
  const { relays, metrics, notReady, tiers } = operations;
  return new Elysia({ name: 'operations' })
    .get('/healthz', () => new Response('ok\n', { headers: NO_STORE }))
    .get('/readyz', ({ request }) => {
      const reason = notReady();
      if (reason === undefined)
        return new Response(readiness([...tiers(), ...operations.archiveFolders()]), {
          headers: NO_STORE,
        });
      const message = `Cannot take viewers: ${reason}`;
      return problemResponse({ status: 503, code: 'DELIVERY_NOT_READY', message }, request);
    })
    .get('/metrics', () => {
      const type = 'text/plain; version=0.0.4; charset=utf-8';
      return new Response(metrics(), { headers: { ...NO_STORE, 'content-type': type } });
    })
    .get('/api/status', () => Response.json(describeAll(operations), { headers: NO_STORE }))
    .get('/api/channels', () =>
      Response.json(describeAllChannels(operations), { headers: NO_STORE }),
    )
    .get('/api/channels/:channel', ({ params, request }) => {
      const config = relays.config(params.channel);
      if (config === undefined) return unknownChannel(params.channel, request);
      const archive = archivesById(operations).get(config.id);
      const described = describeChannel(config, relays.peek(config.id), archive);
      return Response.json(described, { headers: NO_STORE });
    });
}

/** Degraded is ready all the same: whoever was sent elsewhere for that would have nothing of it. */
function readiness(tiers: Parameters<typeof tierTroubles>[0]): string {
  const troubles = tierTroubles(tiers);
  if (troubles.length === 0) return 'ready\n';
  return troubles.map((trouble) => `degraded: ${trouble}\n`).join('');
}

/** More are not read; `weir_channel_viewers` and the list of channels have them all. */
const FAILING_MAX = 100;

function describeAll({ relays, notReady, tiers, archiveFolders, version, ring }: Operations) {
  const { heldBytes, budgetBytes } = ring();
  const fetches = new Map<string, number>();
  const failing: string[] = [];
  let viewers = 0;
  let watched = 0;
  for (const relay of relays.all()) {
    const stats = relay.stats();
    viewers += stats.viewers;
    if (stats.viewers > 0) watched++;
    for (const [key, count] of stats.fetches) fetches.set(key, (fetches.get(key) ?? 0) + count);
    if (relay.lastError !== undefined && failing.length < FAILING_MAX)
      failing.push(relay.config.id);
  }
  return {
    version,
    ready: notReady() === undefined,
    channels: relays.channels.length,
    watched,
    viewers,
    heldBytes,
    budgetBytes,
    fetches: Object.fromEntries(fetches),
    failing,
    tiers: tiers().map(describeTier),
    archiveFolders: archiveFolders().map(describeFolder),
  };
}

/** What is wrong, without the address that stands in messages and details. */
function describeError(error: ErrorRecord | undefined) {
  return error === undefined ? null : { code: error.code, message: told(error) };
}

/** Of a channel that nobody has asked for. */
const NOTHING_YET: RelayStats = {
  viewers: 0,
  fetches: new Map(),
  renditions: [],
  stallsAvoided: 0,
  sources: [],
  stream: {},
  switches: new Map(),
};

function describeAllChannels(operations: Operations) {
  const { relays } = operations;
  const archives = archivesById(operations);
  return relays.channels.map((config) =>
    describeChannel(config, relays.peek(config.id), archives.get(config.id)),
  );
}

function archivesById({ archives }: Operations): ReadonlyMap<string, ArchiveStats> {
  return new Map(archives().map((stats) => [stats.channel, stats]));
}

/** What is held of its past; null where nothing ever was. */
function describeArchive(stats: ArchiveStats | undefined) {
  if (stats === undefined) return null;
  const { isKept, segments, bytes, held, queued } = stats;
  const span = held && [new Date(held.fromMs).toISOString(), new Date(held.toMs).toISOString()];
  return { kept: isKept, segments, bytes, from: span?.[0] ?? null, to: span?.[1] ?? null, queued };
}

/** No upstream address: those carry tokens and belong to the operator. */
function describeChannel(
  config: ChannelConfig,
  relay: ChannelRelay | undefined,
  archive: ArchiveStats | undefined,
) {
  const { id, name, number, group, mode } = config;
  const stats = relay?.stats() ?? NOTHING_YET;
  return {
    id,
    name,
    number: number ?? null,
    group: group ?? null,
    mode,
    viewers: stats.viewers,
    fetches: Object.fromEntries(stats.fetches),
    stallsAvoided: stats.stallsAvoided,
    sources: stats.sources.map(({ error, ...source }) => ({
      ...source,
      ...(error === undefined ? {} : { error: describeError(error) }),
    })),
    stream: stats.stream,
    switches: Object.fromEntries(stats.switches),
    error: describeError(relay?.lastError),
    archive: describeArchive(archive),
    renditions: stats.renditions.map((rendition) => ({
      id: rendition.id,
      state: rendition.state,
      targetDurationS: rendition.ring.targetDurationS,
      segments: rendition.ring.listedCount,
      heldBytes: rendition.ring.heldBytes,
      edgeAgeS: rendition.edgeAgeS() ?? null,
      error: describeError(rendition.lastError),
    })),
  };
}
