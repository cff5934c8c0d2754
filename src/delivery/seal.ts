// This file seals upstream URLs into path components that only this weir can open.
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';

export type Sealed = { readonly kind: 'playlist' | 'body'; readonly url: string };

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Longer than any URL a CDN signs; a path component must fit into a request line. */
const TOKEN_MAX = 8192;

/**
 * AES-256-GCM over kind and URL, bound to the channel. The nonce is a MAC of what is sealed, so
 * that the same URL has the same name for ever and caches can work, and a nonce is never used for
 * two texts.
 */
export class Sealer {
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  seal(channel: string, sealed: Sealed): string {
    const text = `${sealed.kind === 'playlist' ? 'p' : 'b'}${sealed.url}`;
    const nonce = createHmac('sha256', this.#key)
      .update(`${channel.length}:${channel}${text}`)
      .digest()
      .subarray(0, NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(channel));
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64url');
  }

  /** Undefined for anything that this channel's seal did not make. */
  open(channel: string, token: string): Sealed | undefined {
    if (token.length > TOKEN_MAX || !/^[A-Za-z0-9_-]+$/.test(token)) return undefined;
    const bytes = Buffer.from(token, 'base64url');
    if (bytes.byteLength <= NONCE_BYTES + TAG_BYTES) return undefined;
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce)
      .setAAD(Buffer.from(channel))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      const body = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
      const text = Buffer.concat([body, decipher.final()]).toString('utf8');
      return { kind: text.startsWith('p') ? 'playlist' : 'body', url: text.slice(1) };
    } catch {
      return undefined;
    }
  }
}
