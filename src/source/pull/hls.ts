// This file follows an HLS media playlist.
import type { Clock } from '../../base/clock.ts';
import { FormatError } from '../../base/errors.ts';
import { extensionOf } from '../../media/container.ts';
import { readDateRanges } from '../../media/m3u8/date-range.ts';
import { parsePlaylist } from '../../media/m3u8/parse-playlist.ts';
import type { Key, MediaMap, MediaPlaylist, MediaSegment } from '../../media/m3u8/playlist.ts';
import type {
  Outbound,
  OutboundLimits,
  OutboundPolicy,
  OutboundResponse,
} from '../../net/outbound.ts';
import { decodeText } from '../../net/text.ts';
import type {
  Asset,
  BodyRef,
  ListedKey,
  ListedMap,
  ListedSegment,
  Listing,
} from '../../ring/listing.ts';
import { assetName } from '../../ring/name.ts';
import { playlistLimits } from '../deadlines.ts';
import { parseRetryAfterMs, SourceChangedError, SourceStatusError } from '../errors.ts';
import type { BodyAnswer, HlsSpec, RenditionSource } from '../source.ts';
import { Sniffer } from '../stream/sniff.ts';
import { carriedDates, type SegmentDate } from './carried-dates.ts';
import { openHttpBody } from './http-body.ts';
import { InitNames } from './init-names.ts';

/** A playlist as it was answered: its text and the URL its relative URIs are resolved against. */
export type PlaylistText = { readonly text: string; readonly url: string };

/** Fetches a playlist of whatever kind; throws NetError or SourceStatusError. */
export async function fetchPlaylist(
  outbound: Outbound,
  clock: Clock,
  url: string,
  policy: OutboundPolicy,
  limits: OutboundLimits,
  signal: AbortSignal,
): Promise<PlaylistText> {
  const response = await outbound({ url, policy, limits, compressed: true, signal });
  if (response.status !== 200) {
    response.cancel();
    const retryAfterMs = parseRetryAfterMs(response.headers.get('retry-after'), clock.nowMs());
    throw new SourceStatusError('playlist', response.status, retryAfterMs);
  }
  return { text: decodeText(await readList(response)), url: response.url };
}

/** An endless stream in place of it is seen by its first bytes, or it would be read for seconds. */
async function readList({ body }: OutboundResponse): Promise<Uint8Array> {
  const sniffer = new Sniffer();
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) {
    if (sniffer.push(chunk) === 'stream') throw new SourceChangedError('an endless stream');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export class HlsSource implements RenditionSource {
  readonly #spec: HlsSpec;
  readonly #outbound: Outbound;
  readonly #clock: Clock;
  readonly #names = new InitNames();
  #first: PlaylistText | undefined;

  /** `first` is an answer already at hand, used for the first poll. */
  constructor(spec: HlsSpec, outbound: Outbound, clock: Clock, first?: PlaylistText) {
    this.#spec = spec;
    this.#outbound = outbound;
    this.#clock = clock;
    this.#first = first;
  }

  async poll(targetDurationS: number, signal: AbortSignal): Promise<Listing> {
    const { spec, answer } = { spec: this.#spec, answer: this.#first };
    this.#first = undefined;
    const limits = playlistLimits(targetDurationS, spec.timeouts);
    const { text, url } =
      answer ??
      (await fetchPlaylist(this.#outbound, this.#clock, spec.url, spec.policy, limits, signal));
    const playlist = parsePlaylist(text, { uri: url, imports: new Map(spec.imports) });
    if (playlist.kind !== 'media') {
      const message = 'Cannot follow the playlist: it is multivariant, wanted a media playlist';
      throw new FormatError('m3u8', 1, message, 'RFC 8216 §4.3.3');
    }
    return listingOf(playlist, url, this.#names);
  }

  open(ref: BodyRef, limits: OutboundLimits, signal: AbortSignal): Promise<BodyAnswer> {
    return openHttpBody(this.#outbound, this.#clock, this.#spec.policy, ref, limits, signal);
  }
}

/** What a media playlist names, its URIs absolute. */
export function listingOf(playlist: MediaPlaylist, url: string, names = new InitNames()): Listing {
  let discontinuitySequence = playlist.discontinuitySequence;
  names.begin();
  const dates = [...carriedDates(playlist.segments)];
  const segments = playlist.segments.map((segment, index) => {
    if (segment.discontinuity) discontinuitySequence++;
    const date = dates[index] as SegmentDate;
    return { ...listedSegment(segment, url, discontinuitySequence, names), ...date };
  });
  names.end();
  const dateRanges = readDateRanges(playlist.segments.flatMap((segment) => segment.dateRanges));
  return {
    segments,
    targetDurationS: targetDurationOf(playlist),
    ended: playlist.endList,
    independentSegments: playlist.independentSegments,
    iFramesOnly: playlist.iFramesOnly,
    ...(playlist.type === undefined ? {} : { type: playlist.type }),
    ...(playlist.start === undefined ? {} : { start: playlist.start }),
    ...(dateRanges.length === 0 ? {} : { dateRanges }),
  };
}

/** RFC 8216 §4.3.3.1: no EXTINF rounds above it; upstreams that break this are corrected. */
function targetDurationOf(playlist: MediaPlaylist): number {
  let seconds = Math.max(1, Math.ceil(playlist.targetDuration));
  for (const segment of playlist.segments) {
    seconds = Math.max(seconds, Math.round(segment.duration));
  }
  return seconds;
}

function listedSegment(
  segment: MediaSegment,
  base: string,
  discontinuitySequence: number,
  names: InitNames,
): ListedSegment {
  const url = absolute(segment.uri, base);
  const identity = identityOf(url, segment);
  return {
    sequence: segment.sequence,
    identity,
    ref: httpRef(url, segment),
    durationS: segment.duration,
    title: segment.title,
    discontinuity: segment.discontinuity,
    discontinuitySequence,
    keys: segment.keys.map((key) => listedKey(key, base)),
    gap: segment.gap,
    extension: extensionOf(segment.map === undefined ? 'unknown' : 'fmp4', url),
    ...(segment.map === undefined
      ? {}
      : { map: listedMap(segment.map, base, `${segment.sequence} ${identity}`, names) }),
    ...(segment.bitrate === undefined ? {} : { bitrate: segment.bitrate }),
  };
}

function absolute(uri: string, base: string): string {
  return URL.parse(uri, base)?.href ?? uri;
}

function httpRef(
  url: string,
  range: Pick<MediaSegment, 'byteRange'> | Pick<MediaMap, 'byteRange'>,
): BodyRef {
  return {
    kind: 'http',
    url,
    ...(range.byteRange === undefined ? {} : { byteRange: range.byteRange }),
  };
}

/** Tokens rotate in the query and in folders; the last path component names the content. */
function identityOf(url: string, segment: MediaSegment): string {
  const end = url.search(/[?#]/);
  const path = end < 0 ? url : url.slice(0, end);
  const name = path.slice(path.lastIndexOf('/') + 1);
  const range = segment.byteRange;
  return range === undefined ? name : `${name}@${range.offset}+${range.length}`;
}

function listedMap(map: MediaMap, base: string, segment: string, names: InitNames): ListedMap {
  const url = absolute(map.uri, base);
  const range = map.byteRange;
  const suffix = range === undefined ? '' : `@${range.offset}+${range.length}`;
  const asset = { name: names.nameOf(segment, { url, suffix }), ref: httpRef(url, map) };
  return { asset, keys: map.keys.map((key) => listedKey(key, base)) };
}

/**
 * Whole-segment AES-128 keys are fetched and served by us; every other method is passed on as it
 * is, its URI made absolute where it is a plain one.
 */
function listedKey(key: Key, base: string): ListedKey {
  if (key.uri === undefined) return { key };
  const url = absolute(key.uri, base);
  const isPlainKey = key.keyFormat === undefined || key.keyFormat === 'identity';
  if (key.method === 'AES-128' && isPlainKey && /^https?:/.test(url)) {
    const asset: Asset = { name: assetName('key', url, 'key'), ref: { kind: 'http', url } };
    return { key, asset };
  }
  return { key: { ...key, uri: url } };
}
