// This file tells from EXT-X-DATERANGE tags which date ranges there are, and from when until when.
import { parseDateTime } from './date-time.ts';
import { parseDecimal } from './decimal.ts';
import type { Attributes } from './playlist.ts';

export type DateRange = {
  readonly id: string;
  readonly startMs: number;
  /** Absent while the range is open, and for ever where nothing says its end. */
  readonly endMs?: number;
  readonly attributes: Attributes;
};

/** Most date ranges of a list, the latest: 256 are an hour of 15 s spots with room for as many. */
export const MAX_DATE_RANGES = 256;

/** One for each ID, in the order first seen; a tag without an ID or a start is none. */
export function readDateRanges(tags: Iterable<Attributes>): DateRange[] {
  const byId = new Map<string, Attributes>();
  for (const tag of tags) {
    const id = tag.get('ID')?.value;
    if (id !== undefined && id !== '') byId.set(id, mergeTags(byId.get(id), tag));
  }
  const ranges: DateRange[] = [];
  for (const [id, attributes] of byId) {
    const startMs = dateOf(attributes, 'START-DATE');
    if (startMs !== undefined) ranges.push(withEnd({ id, startMs, attributes }));
  }
  return latest(ranges).map((range) => endedByNext(range, ranges));
}

/** RFC 8216 §4.3.2.7: a further tag of the same range adds to it. */
function mergeTags(known: Attributes | undefined, tag: Attributes): Attributes {
  if (known === undefined) return tag;
  const start = tag.get('START-DATE')?.value;
  const isOther = start !== undefined && start !== known.get('START-DATE')?.value;
  return isOther ? tag : new Map([...known, ...tag]);
}

/** What a later list says of a range; what it leaves out still holds. */
export function mergeDateRanges(known: DateRange | undefined, range: DateRange): DateRange {
  if (known === undefined || known.startMs !== range.startMs) return range;
  const { id, startMs, endMs = known.endMs } = range;
  const attributes = new Map([...known.attributes, ...range.attributes]);
  return { id, startMs, ...(endMs === undefined ? {} : { endMs }), attributes };
}

function withEnd(range: DateRange): DateRange {
  const { attributes, startMs } = range;
  const durationS = parseDecimal(attributes.get('DURATION')?.value ?? '');
  const afterMs = durationS === undefined ? undefined : startMs + durationS * 1000;
  const endMs = dateOf(attributes, 'END-DATE') ?? afterMs;
  return endMs === undefined ? range : { ...range, endMs: Math.max(startMs, endMs) };
}

/** RFC 8216 §4.3.2.7: with END-ON-NEXT it ends where the next one of its class starts. */
function endedByNext(range: DateRange, all: readonly DateRange[]): DateRange {
  const { attributes, endMs, startMs } = range;
  if (endMs !== undefined || attributes.get('END-ON-NEXT')?.value !== 'YES') return range;
  const classOf = (each: DateRange) => each.attributes.get('CLASS')?.value;
  const later = all.filter((each) => each.startMs > startMs && classOf(each) === classOf(range));
  if (later.length === 0) return range;
  return { ...range, endMs: Math.min(...later.map((each) => each.startMs)) };
}

function latest(ranges: readonly DateRange[]): readonly DateRange[] {
  if (ranges.length <= MAX_DATE_RANGES) return ranges;
  const starts = ranges.map(({ startMs }) => startMs).sort((a, b) => b - a);
  const leastMs = starts[MAX_DATE_RANGES - 1] as number;
  return ranges.filter(({ startMs }) => startMs >= leastMs).slice(-MAX_DATE_RANGES);
}

function dateOf(attributes: Attributes, name: string): number | undefined {
  const text = attributes.get(name)?.value;
  return text === undefined ? undefined : parseDateTime(text);
}
