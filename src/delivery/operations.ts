// This file serves what operators ask: is it alive, is it ready, how is it doing.
import { Elysia } from 'elysia';
import type { ChannelConfig } from '../config/config.ts';
import type { ChannelRelay, RelayStats } from '../prefetch/channel-relay.ts';
import type { Relays } from '../prefetch/relays.ts';
import { problemResponse, unknownChannel } from './error-response.ts';
import { CORS } from './headers.ts';

export type Operations = {
  readonly relays: Relays;
  readonly metrics: () => string;
  /** Undefined when ready, else why not. */
  readonly notReady: () => string | undefined;
  readonly version: string;
};

const NO_STORE = { 'cache-control': 'no-store' };

export function operationsPlugin(operations: Operations) {
  const { relays, metrics, notReady, version } = operations;
  return new Elysia({ name: 'operations' })
    .get('/healthz', () => new Response('ok\n', { headers: NO_STORE }))
    .get('/readyz', ({ request }) => {
      const reason = notReady();
      if (reason === undefined) return new Response('ready\n', { headers: NO_STORE });
      const message = `Cannot take viewers: ${reason}`;
      return problemResponse({ status: 503, code: 'DELIVERY_NOT_READY', message }, request);
    })
    .get('/metrics', () => {
      const type = 'text/plain; version=0.0.4; charset=utf-8';
      return new Response(metrics(), { headers: { ...NO_STORE, 'content-type': type } });
    })
    .get('/api/status', () =>
      Response.json({ version, ready: notReady() === undefined }, { headers: NO_STORE }),
    )
    .get('/api/channels', () =>
      Response.json(
        relays.channels.map((config) => describeChannel(config, relays.peek(config.id))),
        { headers: { ...CORS, ...NO_STORE } },
      ),
    )
    .get('/api/channels/:channel', ({ params, request }) => {
      const config = relays.config(params.channel);
      if (config === undefined) return unknownChannel(params.channel, request);
      const described = describeChannel(config, relays.peek(config.id));
      return Response.json(described, { headers: { ...CORS, ...NO_STORE } });
    });
}

/** Of a channel that nobody has asked for. */
const NOTHING_YET: RelayStats = {
  viewers: 0,
  fetches: new Map(),
  renditions: [],
  stallsAvoided: 0,
  sources: [],
  switches: new Map(),
};

/** No upstream address: those carry tokens and belong to the operator. */
function describeChannel(config: ChannelConfig, relay: ChannelRelay | undefined) {
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
    sources: stats.sources,
    switches: Object.fromEntries(stats.switches),
    error: relay?.lastError ?? null,
    renditions: stats.renditions.map((rendition) => ({
      id: rendition.id,
      state: rendition.state,
      targetDurationS: rendition.ring.targetDurationS,
      segments: rendition.ring.listedCount,
      heldBytes: rendition.ring.heldBytes,
      edgeAgeS: rendition.edgeAgeS() ?? null,
      error: rendition.lastError ?? null,
    })),
  };
}
