// This file asks an address for the first time: a playlist is read, an endless stream kept open.
import { type Clock, within } from '../../base/clock.ts';
import { AppError } from '../../base/errors.ts';
import { kindByAddress } from '../../channel/modes.ts';
import type { Timeouts } from '../../config/config.ts';
import { timeoutError } from '../../net/call.ts';
import type {
  Outbound,
  OutboundLimits,
  OutboundPolicy,
  OutboundRequest,
  OutboundResponse,
} from '../../net/outbound.ts';
import { decodeText } from '../../net/text.ts';
import { tooLargeError } from '../../net/wire-body.ts';
import { playlistLimits, TARGET_DURATION_DEFAULT_S } from '../deadlines.ts';
import { parseRetryAfterMs, SourceStatusError } from '../errors.ts';
import type { PlaylistText } from '../pull/hls.ts';
import { streamLimits } from './http-input.ts';
import { type FirstStream, OpenStream } from './open-stream.ts';
import { Sniffer } from './sniff.ts';

/** What is to be looked at, as plain data: it crosses threads. */
export type LookRequest = {
  readonly url: string;
  readonly policy: OutboundPolicy;
  readonly timeouts: Timeouts;
};

/** What an address answered: a playlist, or the beginning of a stream. */
export type FirstAnswer = PlaylistText | FirstStream;

/** Finds out what is behind an address. Throws NetError or SourceStatusError. */
export type Look = (request: LookRequest, signal: AbortSignal) => Promise<FirstAnswer>;

/** What servers call a transport stream: the registered name first, then habits. */
const STREAM_TYPES = /^(video\/(mp2t|mpeg|x-mpegts|mpegts|vnd\.dlna\.mpeg-tts)|audio\/mp2t)\b/i;
/** Whose type has said what will come is not waited for any longer. */
const TYPED_WAIT_MS = 3000;

export function isStream(first: FirstAnswer | undefined): first is FirstStream {
  return first !== undefined && 'kind' in first;
}

/** Looks over `outbound`, in this thread. */
export function lookOver(outbound: Outbound, clock: Clock): Look {
  return (request, signal) => askFirst(outbound, clock, request, signal);
}

/** A stream goes on over the very connection that showed what it is. */
export async function askFirst(
  outbound: Outbound,
  clock: Clock,
  { url, policy, timeouts }: LookRequest,
  signal: AbortSignal,
): Promise<PlaylistText | OpenStream> {
  const limits = playlistLimits(TARGET_DURATION_DEFAULT_S, timeouts);
  // What turns out to be a playlist is held to its limits here; a stream has other ones
  const { betweenBytesMs, totalMs, maxBytes } = streamLimits(timeouts);
  const endless = { ...limits, betweenBytesMs, totalMs, maxBytes };
  return readFirst(outbound, clock, { url, policy, limits: endless, signal }, limits);
}

/** 'stream' where it is endless MPEG-TS: the connection is closed. */
export async function fetchFirst(
  outbound: Outbound,
  clock: Clock,
  request: Pick<OutboundRequest, 'url' | 'policy' | 'limits' | 'signal'>,
): Promise<PlaylistText | 'stream'> {
  const first = await readFirst(outbound, clock, request, request.limits);
  if (!(first instanceof OpenStream)) return first;
  await first.close();
  return 'stream';
}

async function readFirst(
  outbound: Outbound,
  clock: Clock,
  request: Pick<OutboundRequest, 'url' | 'policy' | 'limits' | 'signal'>,
  limits: OutboundLimits,
): Promise<PlaylistText | OpenStream> {
  const dueMs = clock.monotonicMs() + limits.totalMs;
  const response = await outbound({ ...request, compressed: true });
  let read: Uint8Array | OpenStream | undefined;
  try {
    if (response.status !== 200) {
      const retryAfterMs = parseRetryAfterMs(response.headers.get('retry-after'), clock.nowMs());
      throw new SourceStatusError(whatIsAt(request.url), response.status, retryAfterMs);
    }
    read = await readBeginning(response, clock, limits, dueMs);
  } finally {
    if (!(read instanceof OpenStream)) response.cancel();
  }
  return read instanceof OpenStream ? read : { text: decodeText(read), url: response.url };
}

/** As far as its address says what it would have been. */
function whatIsAt(url: string): string {
  const kind = kindByAddress(url);
  return kind === 'list' ? 'playlist' : (kind ?? 'source');
}

/** All of a playlist; of what is neither, its beginning, which is enough for saying what it is. */
async function readBeginning(
  response: OutboundResponse,
  clock: Clock,
  { betweenBytesMs, maxBytes }: OutboundLimits,
  dueMs: number,
): Promise<Uint8Array | OpenStream> {
  const sniffer = new Sniffer();
  const head: Uint8Array[] = [];
  const rest = response.body[Symbol.asyncIterator]();
  const { origin } = new URL(response.url);
  const isTyped = STREAM_TYPES.test(response.headers.get('content-type') ?? '');
  for (let sizeBytes = 0; ; ) {
    const pending = rest.next();
    const mayComeLater = isTyped && head.length === 0;
    const patienceMs = mayComeLater ? Math.min(TYPED_WAIT_MS, betweenBytesMs) : betweenBytesMs;
    const leftMs = dueMs - clock.monotonicMs();
    const next = await within(clock, silenceAsLate(pending), Math.min(patienceMs, leftMs));
    if (next === undefined) {
      // A tuner that is slow to find its picture has said by the type what will come
      if (mayComeLater) return new OpenStream(response, { head, pending, rest }, clock);
      const isStalled = patienceMs < leftMs;
      throw timeoutError(isStalled ? 'NET_TIMEOUT_BETWEEN_BYTES' : 'NET_TIMEOUT_TOTAL', origin);
    }
    if (next.done === true) return Buffer.concat(head);
    head.push(next.value);
    sizeBytes += next.value.byteLength;
    if (sizeBytes > maxBytes) throw tooLargeError(origin, maxBytes);
    const verdict = sniffer.push(next.value);
    if (verdict === 'stream') return new OpenStream(response, { head, rest }, clock);
    if (verdict === 'neither') return Buffer.concat(head);
  }
}

/** Undefined where the connection gave up waiting by itself. */
async function silenceAsLate<T>(pending: Promise<T>): Promise<T | undefined> {
  try {
    return await pending;
  } catch (error) {
    if (error instanceof AppError && error.code === 'NET_TIMEOUT_BETWEEN_BYTES') return undefined;
    throw error;
  }
}
