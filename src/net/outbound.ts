// This file holds what a part asks of the outbound client and what it gets.
import type { ConnectionScope } from './connection-scope.ts';

/** Deadlines in milliseconds, sizes in bytes. Every one is enforced by the client. */
export type OutboundLimits = {
  readonly connectMs: number;
  /** From the request being sent to the response headers. */
  readonly firstByteMs: number;
  readonly betweenBytesMs: number;
  /** From the call to the last byte. */
  readonly totalMs: number;
  /** Body size as handed out, that is after decompression. */
  readonly maxBytes: number;
};

/** How one source is reached; the same for its playlists, segments, keys and init segments. */
export type OutboundPolicy = {
  /**
   * Lower-case names. Those that carry a credential (authorization, cookie, x-…-token and the like)
   * are sent to `credentialOrigin` only; the others follow redirects.
   */
  readonly headers: Readonly<Record<string, string>>;
  /** `https://host[:port]` the credentials are meant for; absent: that of each request's `url`. */
  readonly credentialOrigin?: string;
  /** http://, https://, socks5:// or socks5h://[user:password@]host[:port] */
  readonly proxy?: string;
  /** False only where the operator opted out. */
  readonly verifyTls: boolean;
  /** May an https URL redirect to http? */
  readonly allowDowngrade: boolean;
};

export type OutboundRequest = {
  readonly url: string;
  readonly policy: OutboundPolicy;
  readonly limits: OutboundLimits;
  /** RFC 9110 §14.1.2, first and last byte, both included. */
  /** To the end where it has no last byte. */
  readonly range?: { readonly first: number; readonly last?: number };
  /**
   * Offer gzip and deflate, and undo gzip wherever the bytes have it, header or not, so that text
   * is what comes out; segments are asked for as identity, and come as they are unless the answer
   * names an encoding.
   */
  readonly compressed: boolean;
  readonly signal?: AbortSignal;
  /** Whose connections these are; absent: nobody's, and they stay a while for whoever comes. */
  readonly scope?: ConnectionScope;
};

export type OutboundResponse = {
  readonly status: number;
  /** Without Content-Encoding and Content-Length where an encoding was undone or could be. */
  readonly headers: Headers;
  /**
   * After redirects: the base of relative URIs. Userinfo is kept, so that those inherit it; redact
   * it before it is shown.
   */
  readonly url: string;
  /** Declared length of the body, where there was one and no encoding can stand between. */
  readonly lengthBytes?: number;
  /** Declared length on the wire, whatever encoding stands between. */
  readonly declaredBytes?: number;
  /**
   * The body in pieces, once; throws NetError. Nothing is read ahead, so a slow reader slows the
   * upstream down; leaving the loop is the same as `cancel`.
   */
  readonly body: AsyncIterable<Uint8Array>;
  /** The whole body, instead of `body`; throws NetError. */
  bytes(): Promise<Uint8Array>;
  /** Closes the connection at once unless the body was read to its end. Idempotent. */
  cancel(): void;
};

/**
 * Resolves once headers are there, whatever the status; rejects with NetError. A response must be
 * read to its end or cancelled.
 */
export type Outbound = (request: OutboundRequest) => Promise<OutboundResponse>;
