// This file is what a viewer may be told of a playlist or a body.
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
