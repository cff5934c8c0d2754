// This file finds out which renditions a configured source has.
import type { DatagramSource, SourceConfig, TemplateSource, UrlSource } from '../config/config.ts';
import { parsePlaylist } from '../media/m3u8/parse-playlist.ts';
import type { MultivariantPlaylist, Variant } from '../media/m3u8/playlist.ts';
import type { OutboundPolicy } from '../net/outbound.ts';
import type { Traits } from './failover/match.ts';
import { nameRenditions } from './pull/renditions.ts';
import type { RenditionSpec } from './source.ts';
import { type FirstAnswer, isStream, type Look } from './stream/first-answer.ts';
import type { FirstStream } from './stream/open-stream.ts';

export type OpenRendition = {
  readonly id: string;
  readonly traits: Traits;
  readonly spec: RenditionSpec;
  /** The answer that told what the source is, where it was this rendition's own. */
  readonly first?: FirstAnswer;
};

export type OpenSource = {
  readonly renditions: readonly OpenRendition[];
  /** Absent where the source has one rendition and says nothing about it. */
  readonly multivariant?: MultivariantPlaylist;
};

/** As long as encoders cut most often: a viewer of the live edge is three of them behind. */
const SEGMENT_DEFAULT_MS = 4000;

/** The one rendition of a source that has no variants. */
const MAIN = { id: 'main', traits: { kind: 'variant' } } as const;

/** Credentials among the headers go to the origin that the operator wrote, and to no other. */
export function policyOf(source: UrlSource | TemplateSource): OutboundPolicy {
  const origin = URL.parse(source.kind === 'url' ? source.url : source.template)?.origin;
  return {
    headers: source.headers,
    ...(origin === undefined ? {} : { credentialOrigin: origin }),
    verifyTls: source.verifyTls,
    allowDowngrade: source.allowDowngrade,
    ...(source.proxy === undefined ? {} : { proxy: source.proxy }),
  };
}

/** Throws NetError, SourceStatusError or FormatError. Only a URL source asks upstream. */
export async function openSource(
  source: SourceConfig,
  look: Look,
  signal: AbortSignal,
): Promise<OpenSource> {
  switch (source.kind) {
    case 'loop':
      return { renditions: [{ ...MAIN, spec: { kind: 'loop', files: source.files } }] };
    case 'datagram':
      return openDatagrams(source);
    case 'template':
      return openTemplate(source);
    case 'url':
      return openUrl(source, look, signal);
  }
}

async function openUrl(source: UrlSource, look: Look, signal: AbortSignal): Promise<OpenSource> {
  const policy = policyOf(source);
  const { url, timeouts } = source;
  const answer = await look({ url, policy, timeouts }, signal);
  if (isStream(answer)) return openStream(source, policy, answer);
  const playlist = parsePlaylist(answer.text, { uri: answer.url });
  const base = { kind: 'hls', policy, timeouts: source.timeouts } as const;
  if (playlist.kind === 'media') {
    const spec = { ...base, url: source.url, imports: [] };
    return { renditions: [{ ...MAIN, spec, first: answer }] };
  }
  const named = nameRenditions(playlist, answer.url);
  const imports = [...playlist.defines];
  return {
    renditions: named.renditions.map(({ id, url, traits }) => ({
      id,
      traits,
      spec: { ...base, url, imports },
    })),
    multivariant: named.playlist,
  };
}

function openStream(source: UrlSource, policy: OutboundPolicy, first: FirstStream): OpenSource {
  const { url, timeouts, segmentMs = SEGMENT_DEFAULT_MS } = source;
  const input = { kind: 'http', url, policy } as const;
  return { renditions: [{ ...MAIN, spec: { kind: 'stream', input, segmentMs, timeouts }, first }] };
}

/** The connection that was left open where the source is an endless stream. */
export function streamOf({ renditions }: OpenSource): FirstStream | undefined {
  const first = renditions[0]?.first;
  return isStream(first) ? first : undefined;
}

function openDatagrams({ target, segmentMs, timeouts }: DatagramSource): OpenSource {
  const input = { kind: 'datagram', target } as const;
  return { renditions: [{ ...MAIN, spec: { kind: 'stream', input, segmentMs, timeouts } }] };
}

function openTemplate(source: TemplateSource): OpenSource {
  const { sequence, template, checkEveryMs, timeouts } = source;
  const specFor = (quality: string): RenditionSpec => ({
    kind: 'computed',
    template,
    quality,
    atMs: sequence.atMs,
    first: sequence.first,
    durationMs: sequence.durationMs,
    delayMs: sequence.delayMs,
    checkEveryMs,
    timeouts,
    policy: policyOf(source),
    ...(source.playlist === undefined ? {} : { playlist: source.playlist }),
  });
  if (source.qualities.length === 0) {
    return { renditions: [{ ...MAIN, spec: specFor('') }] };
  }
  return {
    renditions: source.qualities.map(({ height, value }) => ({
      id: `${height}p`,
      traits: { kind: 'variant', height },
      spec: specFor(value),
    })),
    multivariant: computedPlaylist(source.qualities.map(({ height }) => height)),
  };
}

/** Bits a second usual for a height: a computed source does not say, but BANDWIDTH is required. */
const BANDWIDTH_PER_LINE = 4000;

function computedPlaylist(heights: readonly number[]): MultivariantPlaylist {
  const variants: Variant[] = heights.map((height) => ({
    uri: `${height}p/index.m3u8`,
    bandwidth: height * BANDWIDTH_PER_LINE,
    resolution: { width: 2 * Math.round((height * 16) / 9 / 2), height },
    attributes: new Map(),
  }));
  return {
    kind: 'multivariant',
    version: 3,
    independentSegments: false,
    variants,
    renditions: [],
    iFrames: [],
    sessionData: [],
    sessionKeys: [],
    defines: new Map(),
  };
}
