// This file turns the settings of one source into the source that the program uses.
import { type DatagramUrl, parseDatagramUrl } from '../net/datagram-target.ts';
import type {
  DatagramSource,
  LoopSource,
  SourceConfig,
  TemplateSource,
  Timeouts,
  UrlSource,
} from './config.ts';
import type { Problems } from './errors.ts';
import type { PathBase } from './path-base.ts';
import { sourceHeaders } from './resolve-headers.ts';
import { isSet, type SectionSetting, sectionAt, settingAt, valueAt, valuesAt } from './setting.ts';

/** Exactly one of these says what a source is. */
const KINDS_OF_SOURCE = ['url', 'template', 'loop'] as const;

/** What only means something beside a `template`. */
const TEMPLATE_ONLY = ['sequence', 'qualities', 'playlist', 'check_every'] as const;

/** What only means something where an upstream may be an endless stream. */
const URL_ONLY = ['segment', 'interface'] as const;

/** What only means something where datagrams are received. */
const DATAGRAM_ONLY = ['interface'] as const;

/** What only means something where there is an upstream to be reached. */
const REACH_ONLY = [
  'headers',
  'user_agent',
  'referer',
  'proxy',
  'tls',
  'allow_downgrade',
  'timeouts',
  'provider',
] as const;

export function resolveSource(
  source: SectionSetting,
  toPath: PathBase,
  problems: Problems,
): SourceConfig | undefined {
  const [kind, ...others] = KINDS_OF_SOURCE.filter((name) => source.entries.has(name));
  if (kind === undefined) {
    // A url that was refused is not missing; it has been spoken of.
    if (!problems.concern(source.key)) {
      const message = 'no source, wanted one of url, template and loop';
      problems.add('CONFIG_KEY_MISSING', source.origin, source.key, message);
    }
    return undefined;
  }
  if (others.length > 0) {
    const message = `${[kind, ...others].join(' and ')} together, wanted one of them`;
    problems.add('CONFIG_KEY_CONFLICT', source.origin, source.key, message);
    return undefined;
  }
  if (kind !== 'template') refuseKeys(source, TEMPLATE_ONLY, 'a template', problems);
  if (kind !== 'url') refuseKeys(source, URL_ONLY, 'a url', problems);
  if (kind === 'loop') refuseKeys(source, REACH_ONLY, 'a url or a template', problems);
  switch (kind) {
    case 'url':
      return urlSource(source, problems);
    case 'template':
      return templateSource(source, problems);
    case 'loop':
      return loopSource(source, toPath);
  }
}

function urlSource(
  source: SectionSetting,
  problems: Problems,
): UrlSource | DatagramSource | undefined {
  const url = valueAt(source, 'channels[].sources[].url');
  const datagram = url === undefined ? undefined : parseDatagramUrl(url);
  if (datagram !== undefined) return datagramSource(source, datagram, problems);
  refuseKeys(source, DATAGRAM_ONLY, 'a url with udp or rtp', problems);
  const segmentMs = valueAt(source, 'channels[].sources[].segment');
  return url === undefined
    ? undefined
    : { kind: 'url', url, segmentMs, ...reach(source, problems) };
}

function datagramSource(
  source: SectionSetting,
  { target }: DatagramUrl,
  problems: Problems,
): DatagramSource {
  const keys = REACH_ONLY.filter((name) => name !== 'timeouts');
  refuseKeys(source, keys, 'a url with http or https', problems);
  const nic = valueAt(source, 'channels[].sources[].interface');
  return {
    kind: 'datagram',
    url: valueAt(source, 'channels[].sources[].url') ?? '',
    target: { ...target, ...(nic === undefined ? {} : { interface: nic }) },
    segmentMs: valueAt(source, 'channels[].sources[].segment'),
    timeouts: resolveTimeouts(source),
  };
}

function loopSource(source: SectionSetting, toPath: PathBase): LoopSource {
  const files = valuesAt(source, 'channels[].sources[].loop');
  const isDemo = files.length === 1 && files[0]?.value === 'demo';
  if (isDemo) return { kind: 'loop', files: 'demo' };
  return { kind: 'loop', files: files.map((file) => toPath(String(file.value), file.origin)) };
}

function templateSource(source: SectionSetting, problems: Problems): TemplateSource | undefined {
  const template = valueAt(source, 'channels[].sources[].template');
  const sequence = sectionAt(source, 'channels[].sources[].sequence');
  if (sequence === undefined && !isSet(source, 'channels[].sources[].sequence')) {
    const message = 'missing, wanted a section with at and duration beside a template';
    problems.add('CONFIG_KEY_MISSING', source.origin, `${source.key}.sequence`, message);
  }
  if (template === undefined || sequence === undefined) return undefined;
  const qualities = resolveQualities(source, problems);
  refuseQualityMismatch(source, template, problems);
  const playlist = valueAt(source, 'channels[].sources[].playlist');
  return {
    kind: 'template',
    template,
    sequence: {
      atMs: valueAt(sequence, 'channels[].sources[].sequence.at'),
      first: valueAt(sequence, 'channels[].sources[].sequence.first'),
      durationMs: valueAt(sequence, 'channels[].sources[].sequence.duration'),
      delayMs: valueAt(sequence, 'channels[].sources[].sequence.delay'),
    },
    qualities,
    ...(playlist === undefined ? {} : { playlist }),
    checkEveryMs: valueAt(source, 'channels[].sources[].check_every'),
    ...reach(source, problems),
  };
}

function resolveQualities(source: SectionSetting, problems: Problems): TemplateSource['qualities'] {
  const section = sectionAt(source, 'channels[].sources[].qualities');
  const qualities: { height: number; value: string }[] = [];
  for (const [name, setting] of section?.entries ?? []) {
    const height = /^[1-9]\d{0,4}$/.test(name) ? Number(name) : undefined;
    if (height === undefined) {
      const message = 'no height, wanted a whole number of lines such as 720';
      problems.add('CONFIG_VALUE', setting.origin, `${section!.key}.${name}`, message);
    } else if (setting.form === 'value') {
      qualities.push({ height, value: String(setting.value) });
    }
  }
  return qualities.sort((a, b) => b.height - a.height);
}

function refuseQualityMismatch(source: SectionSetting, template: string, problems: Problems): void {
  const written = sectionAt(source, 'channels[].sources[].qualities');
  const hasQualities = (written?.entries.size ?? 0) > 0;
  const hasPlace = template.includes('{quality}');
  if (hasPlace === hasQualities) return;
  const name = hasPlace ? 'template' : 'qualities';
  const message = hasPlace
    ? 'holds {quality}, wanted qualities beside it'
    : 'not used, wanted {quality} in the template';
  const origin = settingAt(source, `channels[].sources[].${name}`)?.origin ?? source.origin;
  problems.add('CONFIG_KEY_CONFLICT', origin, `${source.key}.${name}`, message);
}

function reach(source: SectionSetting, problems: Problems) {
  const proxy = valueAt(source, 'channels[].sources[].proxy');
  const provider = valueAt(source, 'channels[].sources[].provider');
  return {
    headers: sourceHeaders(source, problems),
    ...(proxy === undefined ? {} : { proxy }),
    verifyTls: valueAt(source, 'channels[].sources[].tls.verify'),
    allowDowngrade: valueAt(source, 'channels[].sources[].allow_downgrade'),
    timeouts: resolveTimeouts(source),
    ...(provider === undefined ? {} : { provider }),
  };
}

function resolveTimeouts(source: SectionSetting): Timeouts {
  const connectMs = valueAt(source, 'channels[].sources[].timeouts.connect');
  const firstByteMs = valueAt(source, 'channels[].sources[].timeouts.first_byte');
  const betweenBytesMs = valueAt(source, 'channels[].sources[].timeouts.between_bytes');
  const totalMs = valueAt(source, 'channels[].sources[].timeouts.total');
  return {
    ...(connectMs === undefined ? {} : { connectMs }),
    ...(firstByteMs === undefined ? {} : { firstByteMs }),
    ...(betweenBytesMs === undefined ? {} : { betweenBytesMs }),
    ...(totalMs === undefined ? {} : { totalMs }),
  };
}

function refuseKeys(
  source: SectionSetting,
  names: readonly string[],
  beside: string,
  problems: Problems,
): void {
  for (const name of names) {
    const setting = source.entries.get(name);
    if (setting === undefined) continue;
    const message = `no effect here, wanted only beside ${beside}`;
    problems.add('CONFIG_KEY_CONFLICT', setting.origin, `${source.key}.${name}`, message);
  }
}
