// This file draws what kind of world a seed is.
import type { ChannelConfig, SourceConfig } from '../../src/config/config.ts';
import type { Form } from './bytes.ts';
import type { Dice } from './dice.ts';
import { SLATE } from './slate.ts';
import type { UpstreamOptions } from './upstream.ts';

export type Kind = 'hls' | 'computed' | 'finished';

export type WorldOptions = {
  readonly kind: Kind;
  /** Of the second source, where there is one. */
  readonly backup?: UpstreamOptions;
  /** The card plays where no source does. */
  readonly hasSlate?: true;
  /** Connections that the provider of both allows; absent: nobody counts. */
  readonly connections?: number;
  readonly upstream: UpstreamOptions;
  /** All of the one upstream; more than one where they compete for memory. */
  readonly channels: readonly ChannelConfig[];
  readonly ahead: number;
  readonly idleStopMs: number;
  readonly memoryBytes: number;
  /** It may be too little: then viewers are turned away, and one that is alone has gaps. */
  readonly isTight: boolean;
  /** More channels than connections: who has a viewer keeps others waiting. */
  readonly isContended: boolean;
};

const CHANNEL = 'news';
/** The part before the dash is the channel that it feeds. */
const BACKUP = `${CHANNEL}-b`;
export const PROVIDER = 'acme';
const REACH = { headers: {}, verifyTls: true, allowDowngrade: false, timeouts: {} } as const;
/** Wall time at which simulated clocks begin. */
const EPOCH_MS = Date.UTC(2026, 0, 1);

export function drawWorld(dice: Dice): WorldOptions {
  const kind: Kind = dice.chance(0.65) ? 'hls' : dice.chance(0.8) ? 'computed' : 'finished';
  const upstream = kind === 'computed' ? drawComputed(dice) : drawHls(dice, kind);
  const source = kind === 'computed' ? templateOf(dice, upstream) : urlOf(dice, upstream);
  const renditions = upstream.renditions.length;
  const segmentBytes = upstream.packets * 190;
  const isTight = dice.chance(0.15);
  const ahead = dice.whole(1, 4);
  const idleStopMs = dice.pick([12_000, 20_000, 30_000]);
  const memoryBytes = isTight ? segmentBytes * dice.whole(4, 14) * renditions : 1e9;
  const count = isTight ? dice.whole(1, 3) : 1;
  const channels = Array.from({ length: count }, (_, index) => channelOf(source, index));
  const size = { isTight, memoryBytes, isContended: false };
  return { kind, upstream, channels, ahead, idleStopMs, ...size };
}

function channelOf(source: SourceConfig, index: number): ChannelConfig {
  const id = index === 0 ? CHANNEL : `${CHANNEL}-${index + 1}`;
  return { id, name: id, mode: 'buffered', sources: [source], keepWarm: false };
}

/** The upstream behind a channel. */
export function upstreamOf(channel: string): string {
  return channel.split('-')[0] as string;
}

/** The same world with a second source; drawn by itself, so that the rest stays what it is. */
export function drawBackup(dice: Dice, world: WorldOptions): WorldOptions {
  const { channels, kind, upstream } = world;
  if (kind === 'finished') return world;
  const drawn = drawHls(dice, 'hls');
  // Half of the backups carry the same, cut alike
  const like = dice.chance(0.5)
    ? { durationMs: upstream.durationMs, jitter: upstream.jitter, hasDates: upstream.hasDates }
    : {};
  const backup = { ...drawn, ...like, channel: BACKUP, form: upstream.form, firstRun: 1000 };
  const connections = dice.pick([undefined, 1, 2]);
  const provider = connections === undefined ? {} : { provider: PROVIDER };
  const spare = urlOf(dice, backup);
  const withSpare = (channel: ChannelConfig): ChannelConfig => ({
    ...channel,
    sources: [...channel.sources, spare].map((source) =>
      source.kind === 'loop' ? source : { ...source, ...provider },
    ),
  });
  const fed = channels.map(withSpare);
  const [only] = fed;
  // Another channel of the same sources, for places at the provider to be had only in turn
  const isShared = connections !== undefined && fed.length === 1 && dice.chance(0.5);
  if (isShared && only !== undefined) fed.push({ ...only, id: `${CHANNEL}-2` });
  return {
    ...world,
    backup,
    ...(connections === undefined ? {} : { connections }),
    isContended: fed.length > (connections ?? fed.length),
    channels: fed,
  };
}

/** The same world with a slate, where there is memory for it. */
export function withSlate(world: WorldOptions): WorldOptions {
  if (world.kind === 'finished' || world.isTight) return world;
  const channels = world.channels.map((channel) => ({ ...channel, slate: SLATE }));
  return { ...world, hasSlate: true, channels };
}

/** The same world with media in its bodies, for endless streams to be made of. */
export function withMedia(world: WorldOptions): WorldOptions {
  if (world.isTight) return world;
  const { upstream, backup } = world;
  const media = backup === undefined ? {} : { backup: mediaOf(backup) };
  return { ...world, ...media, upstream: mediaOf(upstream) };
}

function mediaOf(upstream: UpstreamOptions): UpstreamOptions {
  const form = upstream.form === 'encrypted' ? 'encrypted' : 'ts';
  return { ...upstream, form, isMedia: true };
}

function drawHls(dice: Dice, kind: Kind): UpstreamOptions {
  const form = dice.pick<Form>(['ts', 'ts', 'fmp4', 'encrypted']);
  const window = dice.whole(3, 10);
  return {
    channel: CHANNEL,
    renditions: dice.chance(0.6) ? ['a'] : ['a', 'b'],
    lagMs: dice.pick([0, 0, 150, 900]),
    durationMs: dice.pick([1000, 2000, 2000, 4000, 6000]),
    jitter: dice.pick([0, 0, 0.1, 0.6]),
    firstSequence: dice.pick([0, 1, 100, 1_767_225_600]),
    window: kind === 'finished' ? dice.whole(3, 8) : window,
    kept: kind === 'finished' ? 1000 : window + dice.pick([1, 3, 20]),
    form,
    packets: dice.whole(2, 9),
    changeEvery: dice.pick([undefined, 3, 10]),
    countsCuts: dice.chance(0.6),
    hasDates: dice.chance(0.4),
    hasTokens: dice.chance(0.4),
    signsNames: dice.chance(0.05),
    latencyMs: dice.pick([5, 30, 150]),
    isFinished: kind === 'finished',
    firstRun: 0,
  };
}

function drawComputed(dice: Dice): UpstreamOptions {
  const durationMs = dice.pick([1000, 2000, 4000]);
  return {
    channel: CHANNEL,
    renditions: dice.chance(0.7) ? ['a'] : ['a', 'b'],
    lagMs: dice.pick([0, 0, 150]),
    durationMs,
    jitter: dice.pick([0, 0, 0.05]),
    firstSequence: dice.pick([0, 500]),
    window: 10,
    kept: dice.pick([40, 200]),
    form: 'ts',
    packets: dice.whole(2, 9),
    changeEvery: undefined,
    countsCuts: false,
    hasDates: false,
    hasTokens: false,
    signsNames: false,
    latencyMs: dice.pick([5, 30]),
    isFinished: false,
    firstRun: 0,
  };
}

function urlOf(dice: Dice, { channel, renditions }: UpstreamOptions): SourceConfig {
  const isSingle = renditions.length === 1 && dice.chance(0.6);
  const path = isSingle ? `${renditions[0]}/list.m3u8` : 'master.m3u8';
  return { kind: 'url', url: `https://up.test/${channel}/${path}`, ...REACH };
}

/** What the operator wrote: right, or off by what operators and clocks are off by. */
function templateOf(dice: Dice, upstream: UpstreamOptions): SourceConfig {
  const { channel, renditions, durationMs, firstSequence, window } = upstream;
  const skewMs = dice.pick([0, 0, 700, -700, 9000, -9000]);
  const hasPlaylist = dice.chance(0.3);
  return {
    kind: 'template',
    template: `https://up.test/${channel}/{quality}/{sequence}.ts`,
    // Segment firstSequence + window - 1 is made at the start of the simulation
    sequence: {
      atMs: EPOCH_MS - window * durationMs + skewMs,
      first: firstSequence,
      durationMs,
      delayMs: dice.pick([0, 300]),
    },
    qualities: renditions.map((value, index) => ({ height: 720 - index * 240, value })),
    checkEveryMs: dice.pick([20_000, 60_000]),
    ...(hasPlaylist ? { playlist: `https://up.test/${channel}/${renditions[0]}/list.m3u8` } : {}),
    ...REACH,
  };
}
