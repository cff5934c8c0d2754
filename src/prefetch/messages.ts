// This file holds what the serving thread and a rendition loop say to each other.
import type { ErrorRecord } from '../base/errors.ts';
import type { Judged, WatchFor } from '../media/content/judgement.ts';
import type { Start } from '../media/m3u8/playlist.ts';
import type { Form } from '../media/remux/form.ts';
import type { NamedDateRanges } from '../ring/date-ranges.ts';
import type { ListedSegment } from '../ring/listing.ts';
import type { Link } from '../ring/timeline.ts';
import type { RenditionSpec, StreamCounts, StreamMotion } from '../source/source.ts';
import type { FirstAnswer } from '../source/stream/first-answer.ts';
import type { TrackerResume } from '../source/tracker.ts';
import type { Taken } from './loop/body-remux.ts';

/** What a loop must know to go on where another was. Plain data: it crosses threads. */
export type LoopResume = {
  readonly tracker: TrackerResume;
  /** Named and not yet settled: fetched without being named again. */
  readonly pending: readonly Numbered[];
  /** On demand: those of them that are held, so that they are not fetched ahead again. */
  readonly held: readonly number[];
  readonly nextOrdinal: number;
  readonly targetDurationS: number;
  readonly onDemand: boolean;
};

/** A segment under the number by which both sides know it. */
export type Numbered = { readonly ordinal: number; readonly segment: ListedSegment };

/** The source takes over from another in mid-play. */
export type Join = {
  /** Media that viewers lack: what went by since the other source's last segment. */
  readonly missingMs: number;
  /** Program date and time at the end of that segment, where it told. */
  readonly endMs?: number;
  /** Where what is listed came from: of a source that is returned to, nothing is shown twice. */
  readonly seen?: readonly string[];
};

export type LoopSpec = {
  readonly source: RenditionSpec;
  readonly ahead: number;
  readonly segmentMaxBytes: number;
  /** Segments of the source's list that a cold start names, from the newest back. */
  readonly coldSegments: number;
  /** What its segments are to be judged for; absent: nothing. */
  readonly watchFor?: WatchFor;
  /** An answer already at hand, used for the first poll. */
  readonly first?: FirstAnswer;
  /** What was named before a stop or restart: its numbers are known, nothing of it is held. */
  readonly before?: TrackerResume;
  /** Its first listing is no continuation of anything, and is named from there on. */
  readonly join?: Join;
  /** What players of the rendition began with: set where it was another source's. */
  readonly form?: Form;
  /** Set where this loop replaces one that died. */
  readonly resume?: LoopResume;
  /** Which bodies it asks for with `look` before it fetches them; absent: none. */
  readonly lookAside?: 'always' | 'on-demand';
};

/**
 * probe: look at the list once, fetch only what a viewer waits for.
 * follow: keep up with the source.
 */
export type LoopMode = 'probe' | 'follow';

export type BodyKind = 'segment' | 'asset';

/** A body both sides know: a segment by its ordinal, an init segment or key by its name. */
export type BodyKey = number | string;

export type Listed = {
  readonly type: 'listed';
  readonly link: Link;
  readonly missed: number;
  readonly fresh: readonly Numbered[];
  readonly targetDurationS: number;
  /** A finished stream from the start. */
  readonly onDemand: boolean;
  readonly independentSegments: boolean;
  readonly iFramesOnly: boolean;
  readonly start?: Start;
};

/** What a segment that was loaded has to hear and to see. */
export type JudgedEvent = { readonly type: 'judged'; readonly key: number } & Judged;

export type LoopEvent =
  | Listed
  | JudgedEvent
  /** The date ranges of the list have changed, whether or not it names a new segment. */
  | ({ readonly type: 'date-ranges' } & NamedDateRanges)
  /** What is live says that nothing will follow, or that something will after all. */
  | { readonly type: 'says-end'; readonly isEnd: boolean }
  /** The source has said for long enough that nothing will follow. */
  | { readonly type: 'ended' }
  /** Bytes of a body that a viewer waits for, and where in it they stand. */
  | {
      readonly type: 'chunk';
      readonly key: BodyKey;
      readonly offset: number;
      readonly bytes: Uint8Array;
    }
  /** What was sent of the body so far is not how it goes on. */
  | { readonly type: 'broken'; readonly key: BodyKey }
  | ({
      readonly type: 'loaded';
      readonly key: BodyKey;
      readonly body: Blob;
      readonly contentType: string;
      readonly tookMs: number;
      readonly attempts: number;
      /** Where its own clock begins, 90 kHz; absent where it is not MPEG-TS or encrypted. */
      readonly clockTicks?: number;
      /** Of a key: the same for the same bytes, and for no others. */
      readonly fingerprint?: string;
    } & Omit<Taken, 'chunks' | 'contentType'>)
  /** Is it in the tiers? It is fetched where `found` does not come in time. */
  | { readonly type: 'look'; readonly key: BodyKey }
  | { readonly type: 'failed'; readonly key: BodyKey; readonly error: ErrorRecord }
  /** One upstream request ended; `outcome` is 'ok' or an error code. */
  | { readonly type: 'fetched'; readonly what: 'playlist' | BodyKind; readonly outcome: string }
  /** Of an endless stream, since it was last told. */
  | {
      readonly type: 'stream';
      readonly counts: StreamCounts | undefined;
      readonly motion: StreamMotion;
    }
  | {
      readonly type: 'poll-failed';
      readonly error: ErrorRecord;
      /** Polls in a row that failed. */
      readonly failures: number;
    };

/** What the serving thread may ask of a loop. */
export interface LoopHandle extends Disposable {
  setMode(mode: LoopMode): void;
  /** A viewer waits for this body: it goes first, and its bytes are sent as they arrive. */
  want(key: BodyKey): void;
  /** No viewer waits for it any longer. */
  unwant(key: BodyKey): void;
  /** The newest segment that any viewer has asked for. */
  asked(ordinal: number): void;
  /** The answer to `look`: undefined where the tiers do not have it. */
  found(key: BodyKey, body: Blob | undefined): void;
  /** Resolves once it was disposed and all it had open upstream is closed. */
  readonly closed: Promise<void>;
}
