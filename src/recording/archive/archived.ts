// This file is what an archive holds, as those see it who serve it.
import type { Key, MultivariantPlaylist } from '../../media/m3u8/playlist.ts';
import type { TransportMarks } from '../../media/mpegts/transport-marks.ts';
import type { SoundMarks } from '../../media/remux/sound-marks.ts';
import type { BodyForm } from '../../ring/tiers/tier.ts';

/** A stretch of real time, Unix milliseconds: `fromMs` belongs to it, `toMs` does not. */
export type TimeSpan = { readonly fromMs: number; readonly toMs: number };

/** An init segment or a key that segments need, by the name under which the archive has it. */
export type ArchivedKey = { readonly key: Key; readonly asset?: string };

export type ArchivedSegment = {
  /**
   * The archive's own number in its rendition: contiguous, ascending with time, never used twice.
   * Lists are numbered by it, whatever our media sequence was when it was live.
   */
  readonly number: number;
  /** File name in addresses: names one content for ever. */
  readonly name: string;
  /** Real time at which it begins, by our clock. */
  readonly startMs: number;
  readonly durationS: number;
  /** Discontinuities up to this one and its own. */
  readonly discontinuitySequence: number;
  readonly discontinuity: boolean;
  /** It was named and never came, or was lost: listed with EXT-X-GAP. */
  readonly gap: boolean;
  /** 0 of a gap. */
  readonly sizeBytes: number;
  readonly contentType: string;
  readonly map?: { readonly asset: string; readonly keys: readonly ArchivedKey[] };
  readonly keys: readonly ArchivedKey[];
} & SegmentMarks;

/** What is known of it so that it can be sent within one file; absent of a gap. */
export type SegmentMarks = {
  /** `transportMarks` of its bytes in the clear, or of the MPEG-TS that is made of them. */
  readonly marks?: TransportMarks;
  /** It has to be made, with this: see TransportPiece. */
  readonly made?: { readonly earlierTicks: number };
  /** Of sound that lies apart. */
  readonly sound?: SoundMarks;
};

export type ArchivedBody =
  | {
      readonly kind: 'whole';
      readonly body: Blob;
      readonly contentType: string;
      /** Of a segment: what is asked for next lies behind it. */
      readonly startMs?: number;
    }
  /** No such name, or a gap. */
  | { readonly kind: 'missing' }
  /** Was here, and is not any more. */
  | { readonly kind: 'gone' }
  /** It is held, and who holds it does not answer in time. */
  | { readonly kind: 'late'; readonly retryAfterS: number };

/** Never opens a connection to an upstream. */
export interface ArchivedRendition {
  readonly id: string;
  readonly kind: 'video' | 'audio' | 'subtitles';
  /** Of the longest segment it ever held, whole seconds. */
  readonly targetDurationS: number;
  readonly independentSegments: boolean;
  /** From the oldest segment to the end of the newest; undefined where it holds nothing. */
  held(): TimeSpan | undefined;
  /** Those that touch the span, the oldest first, at most `countMax` of them. */
  segments(span: TimeSpan, countMax: number): readonly ArchivedSegment[];
  /** A segment, an init segment or a key; in memory, where no form is wanted. */
  body(name: string, form?: BodyForm): Promise<ArchivedBody>;
  /** A viewer is here: what touches the span is not dropped before `untilMs` (Unix time). */
  keep(span: TimeSpan, untilMs: number): void;
}

export interface ArchivedChannel {
  /** The first is what a player without choice plays. */
  readonly renditions: readonly ArchivedRendition[];
  /** Where more than one rendition belongs together; the URIs are ids of renditions. */
  readonly multivariant?: MultivariantPlaylist;
  rendition(id: string): ArchivedRendition | undefined;
}

export interface Archives {
  /** Undefined where nothing of it is archived, nor ever was. */
  channel(id: string): ArchivedChannel | undefined;
}
