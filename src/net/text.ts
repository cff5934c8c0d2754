// This file fetches small texts: playlists, line-ups, keys of a template.
import type { Outbound, OutboundRequest } from './outbound.ts';

/** A day of two-second segments with long tokens is some 8 MiB; live windows stay below 200 KiB. */
export const PLAYLIST_MAX_BYTES = 2 * 1_048_576;

export type TextResponse = {
  readonly status: number;
  readonly headers: Headers;
  /** After redirects; may hold userinfo. */
  readonly url: string;
  readonly text: string;
};

/** Throws NetError. The text of a failed status is not read. */
export async function fetchText(
  outbound: Outbound,
  request: OutboundRequest,
): Promise<TextResponse> {
  const response = await outbound(request);
  const { status, headers, url } = response;
  if (status < 200 || status > 299) {
    response.cancel();
    return { status, headers, url, text: '' };
  }
  return { status, headers, url, text: decodeText(await response.bytes()) };
}

/**
 * A byte order mark decides and is taken off. Without one it is UTF-8 (RFC 8216 §4); bytes that
 * are not come from servers that write channel names in Latin-1, which cannot fail.
 */
export function decodeText(bytes: Uint8Array): string {
  const bom = (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0);
  if (bom === 0xfeff) return new TextDecoder('utf-16be').decode(bytes);
  if (bom === 0xfffe) return new TextDecoder('utf-16le').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}
