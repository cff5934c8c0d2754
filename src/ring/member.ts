// This file is what the ring must know of a rendition beside its segments.
import type { RenditionRing } from './rendition-ring.ts';

/** What decides how soon its segments go, and whether it may have any. */
export type RingMember = {
  readonly ring: RenditionRing;
  /** Monotonic time of a viewer's last request; the least recently watched goes first. */
  lastWatchedMs(): number;
  /** Monotonic time since which it is kept up with its source; undefined where it is not. */
  followedSinceMs(): number | undefined;
  /** It must stop at once: its memory is needed by others. */
  giveWay(): void;
};
