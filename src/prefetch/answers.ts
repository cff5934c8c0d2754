// This file is what a viewer may be told of a playlist or a body.
import type { ErrorRecord } from '../base/errors.ts';
import type { InFlight } from '../ring/in-flight.ts';

/** How long a viewer waits for a cold channel or a segment that is late; then 503. */
export const VIEWER_WAIT_MS = 10_000;

/** Why there is nothing to play right now; the viewer should come again. */
export type Unavailable = {
  readonly kind: 'unavailable';
  readonly retryAfterS: number;
  readonly reason: string;
  /** Nothing is wrong: all that may be watched at once is being watched. */
  readonly isBusy?: true;
};

export type PlaylistAnswer = { readonly kind: 'ready' } | Unavailable;

export type BodyResult =
  | { readonly kind: 'whole'; readonly body: Blob; readonly contentType: string }
  | { readonly kind: 'streaming'; readonly inFlight: InFlight; readonly contentType: string }
  /** Never was, or given up as a gap. */
  | { readonly kind: 'missing' }
  /** Was, and has left the ring. */
  | { readonly kind: 'gone' }
  | Unavailable;

/** Listed and not here yet: whoever asks for it will get it. */
export type Awaited = { readonly kind: 'awaited'; readonly contentType: string };

export function unavailable(retryAfterS: number, reason: string): Unavailable {
  return { kind: 'unavailable', retryAfterS: Math.max(1, Math.ceil(retryAfterS)), reason };
}

/** The same where nothing is wrong: all that may be watched at once is being watched. */
export function busy(retryAfterS: number, reason: string): Unavailable {
  return { ...unavailable(retryAfterS, reason), isBusy: true };
}

const UNREACHED = 'the source is not to be reached';
const LATE = 'the source does not answer in time';
const UNUSABLE = 'what the source sends cannot be used';

const TOLD: Readonly<Record<string, string>> = {
  MEDIA_FORMAT: UNUSABLE,
  NET_ADDRESS_BLOCKED: UNREACHED,
  NET_CONNECT: UNREACHED,
  NET_DNS: UNREACHED,
  NET_ENCODING: UNUSABLE,
  NET_PROTOCOL: UNUSABLE,
  NET_PROXY: UNREACHED,
  NET_TIMEOUT_BETWEEN_BYTES: LATE,
  NET_TIMEOUT_CONNECT: LATE,
  NET_TIMEOUT_FIRST_BYTE: LATE,
  NET_TIMEOUT_TOTAL: LATE,
  NET_TLS: UNREACHED,
  NET_TOO_LARGE: UNUSABLE,
  NET_TRUNCATED: UNUSABLE,
  RING_BODY_BROKEN: 'it broke off',
  SOURCE_ASSET: UNUSABLE,
  SOURCE_BODY: UNUSABLE,
  SOURCE_EMPTY: 'the source names nothing',
  SOURCE_ENDED: 'the source has ended',
  SOURCE_PROVIDER_BUSY: 'all connections that the source allows are in use',
  SOURCE_STALLED: 'the source names nothing new',
};

/** What the source that played was left for, or one that was tried again refused for. */
const TROUBLES: Readonly<Record<string, string>> = {
  stall: 'the source stalled',
  frozen: 'the clock of the source stands still',
  ended: 'the source has ended',
  silent: 'the source is silent',
  black: 'the picture of the source is of one colour',
};

/**
 * What went wrong as viewers are told it: the messages of errors say where the source is, which is
 * the operator's to know. The code leads there, by the log.
 */
export function told({ code, detail }: ErrorRecord): string {
  const status = detail['status'];
  const trouble = TROUBLES[String(detail['trouble'])];
  const isStatus = code === 'SOURCE_STATUS' && typeof status === 'number';
  const what = isStatus
    ? `the source answers ${status}`
    : (TOLD[code] ?? trouble ?? 'the source fails');
  return `${what} (${code})`;
}
