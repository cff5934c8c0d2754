// This file turns settings into the configuration that the program uses.
import { availableParallelism } from 'node:os';
import { pathToFileURL } from 'node:url';
import { nearest } from '../base/nearest.ts';
import type { BlankLimits, ChannelConfig, Config, LoopSource } from './config.ts';
import type { Problems } from './errors.ts';
import type { PathBase } from './path-base.ts';
import { resolveArchive } from './resolve-archive.ts';
import { resolveSource } from './resolve-source.ts';
import {
  originAt,
  type SectionSetting,
  sectionAt,
  sectionsAt,
  valueAt,
  valuesAt,
} from './setting.ts';

/** Which channel a configuration without any has. */
export const DEMO_CHANNEL: ChannelConfig = {
  id: 'demo',
  name: 'weir demo',
  number: 1,
  mode: 'buffered',
  sources: [{ kind: 'loop', files: 'demo' }],
  keepWarm: false,
};

export function resolveConfig(
  root: SectionSetting,
  channels: readonly ChannelConfig[],
  toPath: PathBase,
): Omit<Config, 'overflow' | 'guides' | 'devices' | 'lineUps'> {
  const publicUrl = valueAt(root, 'public_url');
  const workers = valueAt(root, 'prefetch.workers');
  const archiveBytes = valueAt(root, 'archive.size');
  return {
    listen: valueAt(root, 'listen'),
    ...(publicUrl === undefined ? {} : { publicUrl }),
    dataDir: toPath(valueAt(root, 'data'), originAt(root, 'data')),
    memoryBytes: valueAt(root, 'memory'),
    prefetch: {
      ahead: valueAt(root, 'prefetch.ahead'),
      idleStopMs: valueAt(root, 'prefetch.idle_stop'),
      workers: workers === 'auto' ? autoWorkers(availableParallelism()) : workers,
      perOrigin: valueAt(root, 'prefetch.per_origin'),
      segmentMaxBytes: valueAt(root, 'prefetch.segment_max'),
    },
    connections: { perAddress: valueAt(root, 'connections.per_address') },
    allowPrivate: valuesAt(root, 'allow_private').map((block) => String(block.value)),
    trustedProxies: valuesAt(root, 'trusted_proxies').map((block) => String(block.value)),
    log: { level: valueAt(root, 'log.level'), format: valueAt(root, 'log.format') },
    logos: valueAt(root, 'logos'),
    providers: resolveProviders(root),
    ...(archiveBytes === undefined ? {} : { archiveBytes }),
    archivePad: {
      beforeMs: valueAt(root, 'archive.pad_before'),
      afterMs: valueAt(root, 'archive.pad_after'),
    },
    channels,
  };
}

/** Only those that set a limit. */
function resolveProviders(root: SectionSetting): ReadonlyMap<string, number> {
  const limits = new Map<string, number>();
  for (const [name, section] of sectionAt(root, 'providers')?.entries ?? []) {
    if (section.form !== 'section') continue;
    const limit = valueAt(section, 'providers.*.max_connections');
    if (limit !== undefined) limits.set(name, limit);
  }
  return limits;
}

export function autoWorkers(cores: number): number {
  return Math.max(2, Math.min(8, cores));
}

/** The channels of the file in their order; what is wrong goes to `problems` and is left out. */
export function resolveChannels(
  root: SectionSetting,
  toPath: PathBase,
  problems: Problems,
): ChannelConfig[] {
  const firstById = new Map<string, SectionSetting>();
  const channels: ChannelConfig[] = [];
  for (const section of sectionsAt(root, 'channels')) {
    const id: string | undefined = valueAt(section, 'channels[].id');
    if (id === undefined) continue; // said already, as missing or wrong
    const first = firstById.get(id);
    if (first !== undefined) {
      const message = `"${id}" is taken by ${first.key}, wanted an id of its own`;
      const origin = originAt(section, 'channels[].id');
      problems.add('CONFIG_ID_DUPLICATE', origin, `${section.key}.id`, message);
      continue;
    }
    firstById.set(id, section);
    const channel = resolveChannel(root, section, id, toPath, problems);
    if (channel !== undefined) channels.push(channel);
    refuseUnknownProviders(root, section, problems);
  }
  return channels;
}

/** A name that was mistyped would mean no limit at all. */
function refuseUnknownProviders(
  root: SectionSetting,
  channel: SectionSetting,
  problems: Problems,
): void {
  const known = sectionAt(root, 'providers')?.entries ?? new Map();
  for (const source of sectionsAt(channel, 'channels[].sources')) {
    const provider = valueAt(source, 'channels[].sources[].provider');
    if (provider === undefined || known.has(provider)) continue;
    const near = nearest(provider, known.keys());
    const wanted = near === undefined ? 'one of those under providers' : `"${near}"`;
    const origin = originAt(source, 'channels[].sources[].provider');
    const message = `"${provider}" is no provider, wanted ${wanted}`;
    problems.add('CONFIG_VALUE', origin, `${source.key}.provider`, message);
  }
}

function resolveChannel(
  root: SectionSetting,
  section: SectionSetting,
  id: string,
  toPath: PathBase,
  problems: Problems,
): ChannelConfig | undefined {
  const sources = sectionsAt(section, 'channels[].sources')
    .map((source) => resolveSource(source, toPath, problems))
    .filter((source) => source !== undefined);
  if (sources.length === 0) return undefined; // every source was refused, with its reason
  const mode = valueAt(section, 'channels[].mode');
  const needsUpstream = mode === 'host' || mode === 'redirect';
  if (needsUpstream && sources.every(({ kind }) => kind === 'loop' || kind === 'datagram')) {
    const message = `"${mode}" sends viewers to an upstream, wanted a source with a url`;
    const origin = originAt(section, 'channels[].mode');
    problems.add('CONFIG_KEY_CONFLICT', origin, `${section.key}.mode`, message);
  }
  const number = valueAt(section, 'channels[].number');
  const group = valueAt(section, 'channels[].group');
  const logo = logoOf(section, toPath);
  const guide = valueAt(section, 'channels[].guide');
  const guideShiftMs = valueAt(section, 'channels[].guide_shift');
  const slate = valueAt(section, 'channels[].slate');
  const failover = blankLimits(section);
  const archive = resolveArchive(root, section, toPath, problems);
  return {
    id,
    name: valueAt(section, 'channels[].name') ?? id,
    ...(number === undefined ? {} : { number }),
    ...(group === undefined ? {} : { group }),
    ...(logo === undefined ? {} : { logo }),
    ...(guide === undefined ? {} : { guide }),
    ...(guideShiftMs === undefined ? {} : { guideShiftMs }),
    mode,
    sources,
    keepWarm: valueAt(section, 'channels[].keep_warm'),
    ...(slate === undefined ? {} : { slate: slateSource(slate, section, toPath) }),
    ...(failover === undefined ? {} : { failover }),
    ...(archive === undefined ? {} : { archive }),
  };
}

/** What is neither an address nor the picture itself is a file. */
function logoOf(section: SectionSetting, toPath: PathBase): string | undefined {
  const logo = valueAt(section, 'channels[].logo');
  if (logo === undefined || /^(?:https?:\/\/|data:)/i.test(logo)) return logo;
  return pathToFileURL(toPath(logo, originAt(section, 'channels[].logo'))).href;
}

function blankLimits(section: SectionSetting): BlankLimits | undefined {
  const silenceMs = valueAt(section, 'channels[].failover.silence');
  const blackMs = valueAt(section, 'channels[].failover.black');
  if (silenceMs === undefined && blackMs === undefined) return undefined;
  return {
    ...(silenceMs === undefined ? {} : { silenceMs }),
    ...(blackMs === undefined ? {} : { blackMs }),
  };
}

function slateSource(slate: string, section: SectionSetting, toPath: PathBase): LoopSource {
  if (slate === 'card') return { kind: 'loop', files: 'card' };
  return { kind: 'loop', files: [toPath(slate, originAt(section, 'channels[].slate'))] };
}
