// This file fetches what a probe looks at, and notes how the answer came.
import type { Clock } from '../base/clock.ts';
import { redactUrl } from '../base/redact.ts';
import { SNIFF_BYTES } from '../media/container.ts';
import { parsePlaylist } from '../media/m3u8/parse-playlist.ts';
import type { ByteRange, MediaPlaylist } from '../media/m3u8/playlist.ts';
import { playlistError } from '../media/m3u8/playlist-error.ts';
import type { Outbound, OutboundLimits, OutboundPolicy } from '../net/outbound.ts';
import { decodeText, PLAYLIST_MAX_BYTES } from '../net/text.ts';
import { SourceStatusError } from '../source/errors.ts';

export type ProbeParts = {
  readonly outbound: Outbound;
  readonly clock: Clock;
  readonly policy: OutboundPolicy;
};

export type Answer = {
  /** After redirects, redacted. */
  readonly url: string;
  readonly isRedirected: boolean;
  readonly status: number;
  readonly contentType: string;
  readonly lastModifiedMs?: number;
  readonly firstByteMs: number;
  readonly tookMs: number;
  readonly sizeBytes: number;
};

/** An answer with its body; `url` is the base of relative URIs and may hold secrets. */
export type Fetched = { readonly answer: Answer; readonly url: string; readonly bytes: Uint8Array };

/** Patient: whoever probes wants to know how slow it is, not that it is too slow. */
const LIMITS: Omit<OutboundLimits, 'maxBytes'> = {
  connectMs: 10_000,
  firstByteMs: 20_000,
  betweenBytesMs: 15_000,
  totalMs: 60_000,
};
const SEGMENT_MAX_BYTES = 256 * 2 ** 20;
/** Enough of a stream that never ends to see what it is. */
const STREAM_HEAD_BYTES = 512 * 1024;

/** A playlist whole; of anything else the head, since it may have no end. Throws NetError. */
export async function fetchFirst(url: string, parts: ProbeParts): Promise<Fetched> {
  const isEnough = (head: Uint8Array, sizeBytes: number) =>
    sizeBytes >= STREAM_HEAD_BYTES && !isPlaylistHead(head);
  return await fetchBody(url, parts, { maxBytes: PLAYLIST_MAX_BYTES, compressed: true, isEnough });
}

/** Throws NetError, SourceStatusError or FormatError. */
export async function fetchMedia(
  url: string,
  parts: ProbeParts,
): Promise<Fetched & { readonly playlist: MediaPlaylist }> {
  const fetched = await fetchFirst(url, parts);
  const { answer, bytes } = fetched;
  if (answer.status !== 200) throw new SourceStatusError('playlist', answer.status, undefined);
  const playlist = parsePlaylist(decodeText(bytes), { uri: fetched.url });
  if (playlist.kind === 'media') return { ...fetched, playlist };
  const message = 'Cannot use the variant: it is multivariant again, wanted a media playlist';
  throw playlistError(1, 'RFC 8216 §4.3.3', message);
}

/** Whatever the status. Throws NetError. */
export async function fetchWhole(
  url: string,
  parts: ProbeParts,
  byteRange?: ByteRange,
): Promise<Fetched> {
  const range =
    byteRange === undefined
      ? {}
      : { range: { first: byteRange.offset, last: byteRange.offset + byteRange.length - 1 } };
  return await fetchBody(url, parts, { maxBytes: SEGMENT_MAX_BYTES, compressed: false, ...range });
}

type BodyOptions = {
  readonly maxBytes: number;
  readonly compressed: boolean;
  readonly range?: { readonly first: number; readonly last: number };
  /** Stop reading here? */
  readonly isEnough?: (head: Uint8Array, sizeBytes: number) => boolean;
};

async function fetchBody(url: string, parts: ProbeParts, options: BodyOptions): Promise<Fetched> {
  const { outbound, clock, policy } = parts;
  const { maxBytes, isEnough = () => false, ...how } = options;
  const startedMs = clock.monotonicMs();
  const response = await outbound({ url, policy, limits: { ...LIMITS, maxBytes }, ...how });
  const firstByteMs = Math.round(clock.monotonicMs() - startedMs);
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of response.body) {
      chunks.push(chunk);
      sizeBytes += chunk.byteLength;
      if (isEnough(joined(chunks, SNIFF_BYTES), sizeBytes)) break;
    }
  } finally {
    response.cancel();
  }
  const lastModifiedMs = Date.parse(response.headers.get('last-modified') ?? '');
  const answer: Answer = {
    url: redactUrl(response.url),
    isRedirected: response.url !== new URL(url).href,
    status: response.status,
    contentType: response.headers.get('content-type') ?? '',
    ...(Number.isNaN(lastModifiedMs) ? {} : { lastModifiedMs }),
    firstByteMs,
    tookMs: Math.round(clock.monotonicMs() - startedMs),
    sizeBytes,
  };
  return { answer, url: response.url, bytes: joined(chunks, sizeBytes) };
}

function joined(chunks: readonly Uint8Array[], maxBytes: number): Uint8Array {
  return new Uint8Array(Bun.concatArrayBuffers(chunks as Uint8Array<ArrayBuffer>[], maxBytes));
}

/** `#EXTM3U` first, behind a byte order mark or blanks. */
export function isPlaylistHead(head: Uint8Array): boolean {
  return decodeText(head.subarray(0, 512)).trimStart().startsWith('#EXT');
}
