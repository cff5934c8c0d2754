// This file decodes small texts of upstreams, whatever their bytes are.

/** A day of two-second segments with long tokens is some 8 MiB; live windows stay below 200 KiB. */
export const PLAYLIST_MAX_BYTES = 2 * 1_048_576;

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
