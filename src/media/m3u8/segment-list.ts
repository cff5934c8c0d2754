// This file puts the segments of a media playlist together from the tags before them.
import { parseByteRange } from './byte-range.ts';
import type { Inf } from './inf.ts';
import type { Attributes, ByteRange, Key, MediaMap, MediaSegment } from './playlist.ts';
import { playlistError } from './playlist-error.ts';

/** Most segments. A day of 6 s segments is 14,400; a longer list is no live window. */
export const MAX_SEGMENTS = 20_000;

/** Target duration where nothing in the list says how long its segments are: Apple's own advice. */
const DEFAULT_TARGET_DURATION = 6;

/** A segment while its playlist is read. */
type Draft = { -readonly [Field in keyof MediaSegment]: MediaSegment[Field] };

export type SegmentList = {
  readonly drafts: Draft[];
  /** Segments whose duration is not known before the list is read. */
  readonly undated: Draft[];
  longest: number;

  // In force until changed.
  keys: readonly Key[];
  map: MediaMap | undefined;
  bitrate: number | undefined;
  /** URI → end of the last range of it; made for lists with ranges only. */
  rangeEnds: Map<string, number> | undefined;

  // Of the next segment only.
  inf: Inf | undefined;
  byteRange: string | undefined;
  discontinuity: boolean;
  gap: boolean;
  programDateTimeMs: number | undefined;
  dateRanges: Attributes[];
};

export const NO_KEYS: readonly Key[] = [];
const NO_DATE_RANGES: readonly Attributes[] = [];

export function createSegmentList(): SegmentList {
  return {
    drafts: [],
    undated: [],
    longest: 0,
    keys: NO_KEYS,
    map: undefined,
    bitrate: undefined,
    rangeEnds: undefined,
    inf: undefined,
    byteRange: undefined,
    discontinuity: false,
    gap: false,
    programDateTimeMs: undefined,
    dateRanges: [],
  };
}

/** The URI line: the segment is complete and the tags before it are used up. */
export function endSegment(list: SegmentList, uri: string, line: number): void {
  if (list.drafts.length >= MAX_SEGMENTS) {
    const message = `Cannot parse the playlist: it has too many segments, wanted ${MAX_SEGMENTS}`;
    throw playlistError(line, 'RFC 8216 §4.3.2', message);
  }
  const duration = list.inf?.duration;
  const draft: Draft = {
    uri,
    sequence: list.drafts.length,
    duration: duration ?? 0,
    title: list.inf?.title ?? '',
    discontinuity: list.discontinuity,
    keys: list.keys,
    dateRanges: list.dateRanges.length === 0 ? NO_DATE_RANGES : list.dateRanges,
    gap: list.gap,
  };
  if (list.map !== undefined) draft.map = list.map;
  if (list.programDateTimeMs !== undefined) draft.programDateTimeMs = list.programDateTimeMs;
  if (list.byteRange !== undefined) draft.byteRange = resolveRange(list, list.byteRange, uri, line);
  else if (list.bitrate !== undefined) draft.bitrate = list.bitrate;
  if (duration === undefined) list.undated.push(draft);
  else if (duration > list.longest) list.longest = duration;
  list.drafts.push(draft);
  startSegment(list);
}

function startSegment(list: SegmentList): void {
  list.inf = undefined;
  list.byteRange = undefined;
  list.discontinuity = false;
  list.gap = false;
  list.programDateTimeMs = undefined;
  if (list.dateRanges.length > 0) list.dateRanges = [];
}

/**
 * RFC 8216 §4.3.2.2: without an offset the range follows the previous one of the same resource. A
 * first one without an offset is an error there; players begin at the first byte.
 */
function resolveRange(list: SegmentList, text: string, uri: string, line: number): ByteRange {
  list.rangeEnds ??= new Map();
  const range = parseByteRange(text, list.rangeEnds.get(uri) ?? 0, line);
  list.rangeEnds.set(uri, range.offset + range.length);
  return range;
}

/** What only the whole list tells: sequence numbers, and durations that were not given. */
export function finishSegments(
  list: SegmentList,
  mediaSequence: number,
  givenTargetDuration: number | undefined,
): { readonly segments: readonly MediaSegment[]; readonly targetDuration: number } {
  const { drafts, longest } = list;
  const derived = longest === 0 ? DEFAULT_TARGET_DURATION : Math.ceil(longest);
  const targetDuration = givenTargetDuration ?? derived;
  for (const draft of list.undated) draft.duration = targetDuration;
  if (mediaSequence !== 0) for (const draft of drafts) draft.sequence += mediaSequence;
  const last = drafts.at(-1);
  // A date range holds by its dates, not by its place: one after the last segment is not lost.
  if (last !== undefined && list.dateRanges.length > 0) {
    last.dateRanges = [...last.dateRanges, ...list.dateRanges];
  }
  return { segments: drafts, targetDuration };
}
