// This file holds what a part asks of the outbound client and what it gets.

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
  /** Lower-case names. Sent only to the origin of `url` and never across origins if a credential. */
  readonly headers: Readonly<Record<string, string>>;
  /** http://, https:// or socks5://[user:password@]host:port */
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
  readonly range?: { readonly first: number; readonly last: number };
  /** Offer and undo gzip and deflate; segments are asked for as identity. */
  readonly compressed: boolean;
  readonly signal?: AbortSignal;
};

export type OutboundResponse = {
  readonly status: number;
  readonly headers: Headers;
  /** After redirects: the base of relative URIs. */
  readonly url: string;
  /** Declared length of the identity body, where there was one. */
  readonly lengthBytes?: number;
  /** The body in pieces; throws NetError. To stop early call `cancel`. */
  readonly body: AsyncIterable<Uint8Array>;
  /** The whole body; throws NetError. */
  bytes(): Promise<Uint8Array>;
  /** Closes the connection unless the body was read to its end. Idempotent. */
  cancel(): void;
};

/**
 * Resolves once headers are there, whatever the status; rejects with NetError. A response must be
 * read to its end or cancelled.
 */
export type Outbound = (request: OutboundRequest) => Promise<OutboundResponse>;
