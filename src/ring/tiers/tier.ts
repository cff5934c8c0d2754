// This file is what every place for segments beyond memory can do.

/** Of a segment, an init segment or a key: unique for ever, and the same in every weir. */
export type TierKey = {
  readonly channel: string;
  readonly rendition: string;
  /** As in the URL; it names one content for ever. */
  readonly name: string;
};

export type Stored = {
  readonly body: Blob;
  readonly contentType: string;
};

/**
 * How a body is wanted: in memory, or to be read piece by piece. The latter is the file itself where
 * there is one: it costs no memory, and is gone when the file is. No server may be handed that, as it
 * would read on its own thread and hang with the disk.
 */
export type BodyForm = 'memory' | 'pieces';

/** What one sweep took away. */
export type Swept = {
  /** Because they were too old. */
  readonly expired: number;
  /** Because there was too little room; the oldest first. */
  readonly evicted: number;
};

export type TierUse = {
  readonly segments: number;
  readonly bytes: number;
};

/**
 * A place for segments: a folder or a database. Nothing here retries or waits for long: whoever
 * calls has a deadline in `signal`, and a breaker. Every method throws AppError with a `TIER_…`
 * code where it cannot do its work, and leaves nothing half done: a key has its whole body or none.
 */
export interface Tier extends AsyncDisposable {
  readonly kind: 'disk' | 'redis' | 'postgres' | 'mysql';
  /** Where it is, without what is secret: for the log. */
  readonly place: string;
  /** It says of itself that it is the one that was meant. */
  readonly isMarked?: boolean;
  /**
   * Makes or migrates what it needs. May be called again after it failed or was lost. `mustBeThere`:
   * what we have promised lies there, so it is not begun anew.
   */
  open(signal: AbortSignal, mustBeThere?: boolean): Promise<void>;
  /** Undefined where it is not held, or not any more. */
  get(key: TierKey, signal: AbortSignal, form?: BodyForm): Promise<Stored | undefined>;
  /** Which of them are held, in their order, without reading any: a moment each. */
  holds(keys: readonly TierKey[], signal: AbortSignal): Promise<readonly boolean[]>;
  /** Held until `expiresAtMs` (Unix time). A key that is held keeps its body; its time is extended. */
  put(key: TierKey, stored: Stored, expiresAtMs: number, signal: AbortSignal): Promise<void>;
  delete(keys: readonly TierKey[], signal: AbortSignal): Promise<void>;
  /** Takes away what has expired and what is over the size, in small steps that hold up nobody. */
  sweep(nowMs: number, signal: AbortSignal): Promise<Swept>;
  use(signal: AbortSignal): Promise<TierUse>;
}
