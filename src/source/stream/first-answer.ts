// This file asks an address for the first time: a playlist is read, an endless stream let go of.
import type { Clock } from '../../base/clock.ts';
import { AppError } from '../../base/errors.ts';
import type { Outbound, OutboundRequest, OutboundResponse } from '../../net/outbound.ts';
import { decodeText } from '../../net/text.ts';
import { parseRetryAfterMs, SourceStatusError } from '../errors.ts';
import type { PlaylistText } from '../pull/hls.ts';
import { Sniffer, type Verdict } from './sniff.ts';

export type FirstRequest = Pick<OutboundRequest, 'url' | 'policy' | 'limits' | 'signal'>;

/** What servers call a transport stream: the registered name first, then habits. */
const STREAM_TYPES = /^(video\/(mp2t|mpeg|x-mpegts|mpegts|vnd\.dlna\.mpeg-tts)|audio\/mp2t)\b/i;

/**
 * 'stream' where it is endless MPEG-TS: the connection is closed, since another thread reads it.
 * Throws NetError or SourceStatusError.
 */
export async function fetchFirst(
  outbound: Outbound,
  clock: Clock,
  request: FirstRequest,
): Promise<PlaylistText | 'stream'> {
  const response = await outbound({ ...request, compressed: true });
  if (response.status !== 200) {
    response.cancel();
    const retryAfterMs = parseRetryAfterMs(response.headers.get('retry-after'), clock.nowMs());
    throw new SourceStatusError('playlist', response.status, retryAfterMs);
  }
  const read = await readFirst(response);
  return read === 'stream' ? 'stream' : { text: decodeText(read), url: response.url };
}

async function readFirst(response: OutboundResponse): Promise<Uint8Array | 'stream'> {
  const sniffer = new Sniffer();
  const chunks: Uint8Array[] = [];
  let verdict: Verdict = 'unknown';
  try {
    for await (const chunk of response.body) {
      chunks.push(chunk);
      if (verdict === 'unknown') verdict = sniffer.push(chunk);
      if (verdict === 'stream') return 'stream';
      // Its beginning is enough for saying what it is instead
      if (verdict === 'neither') break;
    }
  } catch (error) {
    // A tuner that is slow to find its picture has said by the type what will come
    if (!isSilence(error) || chunks.length > 0 || !isStreamType(response)) throw error;
    return 'stream';
  } finally {
    response.cancel();
  }
  return Buffer.concat(chunks);
}

function isSilence(error: unknown): boolean {
  return error instanceof AppError && error.code === 'NET_TIMEOUT_BETWEEN_BYTES';
}

function isStreamType({ headers }: OutboundResponse): boolean {
  return STREAM_TYPES.test(headers.get('content-type') ?? '');
}
