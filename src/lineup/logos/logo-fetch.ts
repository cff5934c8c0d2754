// This file fetches the picture of a channel from wherever it lies.
import { errorRecord } from '../../base/errors.ts';
import { type PictureType, pictureTypeOf } from '../../media/picture/picture.ts';
import type { Outbound, OutboundLimits, OutboundResponse } from '../../net/outbound.ts';

/** Far above what logos have, and short enough to be sent by one that is slow. */
export const LOGO_MAX_BYTES = 2 * 1_048_576;

const LIMITS: OutboundLimits = {
  connectMs: 5_000,
  firstByteMs: 10_000,
  betweenBytesMs: 10_000,
  totalMs: 20_000,
  maxBytes: LOGO_MAX_BYTES,
};

const TOO_LARGE = `what upstream has is larger than ${LOGO_MAX_BYTES} bytes`;

/** Old players show no other; what is stored is what all of them get. */
const ACCEPT = 'image/png,image/jpeg,image/*;q=0.5,*/*;q=0.1';

/** What upstream called a version, to be asked about by that. */
export type LogoVersion = { readonly etag?: string; readonly modified?: string };

export type LogoFetched =
  | (LogoVersion & {
      readonly kind: 'fresh';
      readonly bytes: Uint8Array;
      readonly type: PictureType;
    })
  /** It is the version that is held. */
  | { readonly kind: 'same' }
  /** There is none, or nothing that is a picture. */
  | { readonly kind: 'none'; readonly why: string }
  /** It may be had later. */
  | { readonly kind: 'failed'; readonly why: string };

/** Never rejects. `held`: the version that is here. */
export async function fetchLogo(
  outbound: Outbound,
  url: string,
  held: LogoVersion,
  signal: AbortSignal,
): Promise<LogoFetched> {
  const headers = {
    accept: ACCEPT,
    // RFC 9110 §13.1.3: the date does not count where there is a tag
    ...(held.etag === undefined ? {} : { 'if-none-match': held.etag }),
    ...(held.modified === undefined ? {} : { 'if-modified-since': held.modified }),
  };
  const policy = { headers, verifyTls: true, allowDowngrade: false };
  try {
    const response = await outbound({ url, policy, limits: LIMITS, compressed: true, signal });
    return await read(response);
  } catch (error) {
    const { code } = errorRecord(error);
    // It will not shrink: whoever shows it in vain should not come again in a minute
    if (code === 'NET_TOO_LARGE') return { kind: 'none', why: TOO_LARGE };
    return { kind: 'failed', why: code };
  }
}

async function read(response: OutboundResponse): Promise<LogoFetched> {
  const { status, headers } = response;
  if (status === 304) return { kind: 'same' };
  if (status !== 200) {
    response.cancel();
    const isFinal = status >= 400 && status < 500 && status !== 408 && status !== 429;
    return { kind: isFinal ? 'none' : 'failed', why: `upstream answers ${status}` };
  }
  const bytes = await response.bytes();
  const type = pictureTypeOf(bytes);
  if (type === undefined) return { kind: 'none', why: 'what upstream has is no picture' };
  const etag = said(headers.get('etag'));
  const modified = said(headers.get('last-modified'));
  return {
    kind: 'fresh',
    bytes,
    type,
    ...(etag === undefined ? {} : { etag }),
    ...(modified === undefined ? {} : { modified }),
  };
}

/** What can be sent back as it came. */
function said(value: string | null): string | undefined {
  return value !== null && /^[\x21-\x7e](?:[\x20-\x7e]{0,200}[\x21-\x7e])?$/.test(value)
    ? value
    : undefined;
}
