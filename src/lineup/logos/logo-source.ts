// This file says where the picture of a channel comes from.
import { fileURLToPath } from 'node:url';
import { MAX_INLINE_PICTURE_LENGTH } from '../../config/kinds.ts';

export type LogoSource =
  | { readonly kind: 'remote'; readonly url: string }
  /** In the configuration itself. */
  | { readonly kind: 'inline'; readonly bytes: Uint8Array<ArrayBuffer> }
  /** On this machine: only a configuration names any. */
  | { readonly kind: 'file'; readonly path: string };

/** Undefined where it is none that can be had. */
export function logoSourceOf(logo: string): LogoSource | undefined {
  if (/^https?:/i.test(logo)) return { kind: 'remote', url: logo };
  if (/^data:/i.test(logo)) return inline(logo);
  if (!/^file:/i.test(logo)) return undefined;
  try {
    return { kind: 'file', path: fileURLToPath(logo) };
  } catch {
    return undefined;
  }
}

// RFC 2397 §2: what it says of its type does not matter, its bytes tell
function inline(logo: string): LogoSource | undefined {
  const comma = logo.indexOf(',');
  if (comma < 0 || logo.length > MAX_INLINE_PICTURE_LENGTH) return undefined;
  const data = logo.slice(comma + 1);
  try {
    const text = decodeURIComponent(data);
    const isBase64 = /;base64$/i.test(logo.slice(0, comma).trimEnd());
    const bytes = isBase64 ? Uint8Array.fromBase64(text) : new TextEncoder().encode(text);
    return { kind: 'inline', bytes };
  } catch {
    return undefined;
  }
}
