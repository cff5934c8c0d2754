// This file is the channels of one weir whose loops and upstreams do what a test says.
import { sleep } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { openMemoryStore } from '../../src/channel/store.ts';
import type { ChannelConfig } from '../../src/config/config.ts';
import type { Outbound } from '../../src/net/outbound.ts';
import type { ChannelRelay, Opened } from '../../src/prefetch/channel/channel-relay.ts';
import { Relays } from '../../src/prefetch/channel/relays.ts';
import type { PastKeeper } from '../../src/prefetch/rendition/past.ts';
import { Ring } from '../../src/ring/ring.ts';
import { ProviderLeases } from '../../src/source/failover/provider-leases.ts';
import { FakeClock } from './fake-clock.ts';
import { urlChannel } from './in-process-app.ts';
import { listedSegment } from './listed.ts';
import { type Script, scriptedOutbound } from './outbound-script.ts';
import { type RecordedLoop, RecordedLoops } from './recorded-loops.ts';

export const MEDIA = '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n1.ts\n';
export const IDLE_STOP_MS = 30_000;

export const address = (host: string) => `http://${host}.example/l`;

/** Each source is a host, and a provider where one is named behind it: `a p`. */
export function channelOf(
  id: string,
  sources: readonly string[],
  more: Partial<ChannelConfig> = {},
): ChannelConfig {
  const configs = sources.flatMap((source) => {
    const [host = '', provider] = source.split(' ');
    return urlChannel(id, address(host), provider === undefined ? {} : { provider }).sources;
  });
  return { ...urlChannel(id, ''), sources: configs, ...more };
}

type Setup = {
  readonly answers?: Script;
  readonly limits?: Record<string, number>;
  readonly idleStopMs?: number;
  /** Of each answer. */
  readonly latencyMs?: number;
  readonly past?: PastKeeper;
};

export class RelayWorld implements Disposable {
  readonly clock = new FakeClock();
  readonly loops = new RecordedLoops();
  readonly script: Record<string, Script[string]> = {};
  readonly outbound: ReturnType<typeof scriptedOutbound>;
  readonly leases: ProviderLeases;
  readonly relays: Relays;
  /** Addresses that are being asked now. */
  readonly asking: string[] = [];
  /** Called whenever something is asked. */
  onStep: () => void = () => {};

  constructor(
    channels: readonly ChannelConfig[],
    { answers = {}, limits = {}, idleStopMs = IDLE_STOP_MS, latencyMs = 0, past }: Setup = {},
  ) {
    const { clock, loops, script } = this;
    for (const host of ['a', 'b', 'c']) script[address(host)] = { body: MEDIA };
    Object.assign(script, answers);
    this.outbound = scriptedOutbound(script);
    this.leases = new ProviderLeases(clock, new Map(Object.entries(limits)));
    const { leases } = this;
    const outbound: Outbound = async (request) => {
      this.asking.push(request.url);
      this.onStep();
      try {
        if (latencyMs > 0) await sleep(clock, latencyMs, request.signal);
        request.signal?.throwIfAborted();
        return await this.outbound(request);
      } finally {
        this.asking.splice(this.asking.indexOf(request.url), 1);
      }
    };
    this.relays = new Relays(channels, {
      clock,
      random: () => 1,
      log: silentLog,
      outbound,
      leases,
      ring: new Ring(clock, 1e9, () => {}),
      store: openMemoryStore(),
      openLoop: loops.open,
      settings: { ahead: 3, segmentMaxBytes: 1000, idleStopMs },
      past,
    });
  }

  relay(id = 'x'): ChannelRelay {
    return this.relays.get(id) as ChannelRelay;
  }

  /** Loops that run now, oldest first. */
  get open(): RecordedLoop[] {
    return this.loops.all.filter((loop) => !loop.isClosed);
  }

  /** Where they get what they give. */
  get sources(): string[] {
    return this.open.map(({ spec: { source } }) =>
      source.kind === 'hls' ? source.url : source.kind,
    );
  }

  /** A channel that is watched, all its renditions listed and loaded from 1 to 3. */
  async watch(id = 'x'): Promise<Opened> {
    const opened = await this.relay(id).open();
    if (opened.kind !== 'open') throw new Error(`not open: ${opened.reason}`);
    for (const { id: name } of this.relay(id).stats().renditions) {
      const rendition = await this.relay(id).rendition(name);
      if (rendition === undefined || 'kind' in rendition) throw new Error(`no ${name}`);
      const answer = rendition.playlist(false);
      give(this.loops.last);
      await answer;
    }
    return opened;
  }

  used(provider = 'p'): number {
    return this.leases.stats().find((use) => use.provider === provider)?.used ?? 0;
  }

  [Symbol.dispose](): void {
    this.relays[Symbol.dispose]();
  }
}

/** Names three segments from `first` on, and all of them come. */
export function give(loop: RecordedLoop, first = 1): void {
  const link = loop.spec.join === undefined ? 'cold' : 'reset';
  loop.list(
    [0, 1, 2].map((n) => listedSegment(first + n)),
    { link },
  );
  for (let ordinal = 0; ordinal < 3; ordinal++) loop.load(ordinal);
}

export function breakDown(loop: RecordedLoop | undefined): void {
  for (let failures = 1; failures <= 3; failures++) loop?.pollFailed(failures);
}
