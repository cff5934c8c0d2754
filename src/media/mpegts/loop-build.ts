// This file makes the index of a loop from what was seen of its file.
import { FormatError } from '../../base/errors.ts';
import type { AdtsCounter } from '../codec/adts.ts';
import type { CounterSpan, Counters } from './counters.ts';
import type { Cut } from './loop-cut.ts';
import type { LoopIndex, LoopSegment } from './loop-index.ts';
import { PACKET_BYTES } from './packet.ts';
import { PAT_PID } from './pat.ts';
import { isAudio, isVideo } from './pmt.ts';
import type { Program } from './program-reader.ts';
import { writeSection } from './section.ts';
import { addTicks, TICKS_PER_SECOND } from './timestamp.ts';
import type { TrackTiming } from './track-timing.ts';

/** A frame that a segment begins with; `ticks` is when it is shown, from the anchor. */
export type LoopStart = {
  readonly cut: Cut;
  readonly ticks: number;
  readonly isIndependent: boolean;
};

export type Seen = {
  readonly program: Program;
  readonly starts: readonly LoopStart[];
  readonly endOffset: number;
  readonly tracks: ReadonlyMap<number, TrackTiming>;
  readonly adts: ReadonlyMap<number, AdtsCounter>;
  readonly counters: Counters;
  /** The timestamp that ticks are counted from. */
  readonly anchor: number;
};

/** A last segment shorter than this goes with the one before it. */
const TAIL_LEAST_TICKS = 1.5 * TICKS_PER_SECOND;
/** Players hold three segments and more; with longer ones they would start minutes late. */
const SEGMENT_MAX_TICKS = 60 * TICKS_PER_SECOND;
/** As large as a segment from an upstream may be; it is held in memory whole. */
const SEGMENT_MAX_BYTES = 64 * 1024 * 1024;
/** A shorter loop would name hundreds of segments a minute. */
const LOOP_LEAST_TICKS = TICKS_PER_SECOND;
/** Timestamps are rounded to ticks; by this much two tracks of equal length may differ. */
const ROUNDING_TICKS = 2;

export function buildLoopIndex(seen: Seen): LoopIndex {
  const first = seen.starts[0];
  if (first === undefined) throw noStart(seen);
  const durationTicks = loopTicks(seen);
  if (durationTicks < LOOP_LEAST_TICKS) {
    const ms = Math.round((durationTicks * 1000) / TICKS_PER_SECOND);
    throw fault(`it is ${ms} ms long, wanted at least a second`, 0);
  }
  const endTicks = first.ticks + durationTicks;
  const starts = seen.starts.filter(
    ({ ticks }) => ticks === first.ticks || endTicks - ticks >= TAIL_LEAST_TICKS,
  );
  const spans = new Map(seen.counters.spans);
  const segments = buildSegments(starts, seen, endTicks, spans);
  return {
    durationTicks,
    firstTimestamp: addTicks(seen.anchor, first.ticks),
    segments,
    counters: spans,
    isIndependent: starts.every(({ isIndependent }) => isIndependent),
    hasVideo: isVideo(seen.program.lead),
  };
}

/**
 * The pictures say how long the loop is, so that their spacing holds over the seam; where the sound
 * is longer they wait for it, since sound that overlaps is dropped or refused by players.
 */
function loopTicks(seen: Seen): number {
  const lead = seen.tracks.get(seen.program.lead.pid);
  if (lead === undefined || lead.count < 2) throw fault('it has but one frame, wanted more', 0);
  if (!isVideo(seen.program.lead)) return trackTicks(seen, seen.program.lead.pid, lead);
  let ticks = lead.spanTicks;
  for (const stream of seen.program.map.streams) {
    const track = seen.tracks.get(stream.pid);
    if (!isAudio(stream) || track === undefined) continue;
    const audioTicks = trackTicks(seen, stream.pid, track);
    if (audioTicks - ticks > ROUNDING_TICKS) ticks = audioTicks;
  }
  return ticks;
}

/** Frames of ADTS are counted; of other codecs the size of the last packet must do. */
function trackTicks(seen: Seen, pid: number, track: TrackTiming): number {
  const seconds = seen.adts.get(pid)?.seconds;
  const lastTicks =
    seconds === undefined ? track.lastTicksBySize : Math.round(seconds * TICKS_PER_SECOND);
  return Math.round(track.lastTicks - track.firstTicks + lastTicks);
}

function buildSegments(
  starts: readonly LoopStart[],
  seen: Seen,
  endTicks: number,
  spans: Map<number, CounterSpan>,
): LoopSegment[] {
  const origin = (starts[0] as LoopStart).ticks;
  let preambleCounters: ReadonlyMap<number, number> = new Map();
  const segments = starts.map((start, index) => {
    const next = starts[index + 1];
    const { preamble, added } = buildPreamble(start.cut, spans);
    preambleCounters = sum(preambleCounters, added);
    const segment: LoopSegment = {
      startTicks: start.ticks - origin,
      durationTicks: (next?.ticks ?? endTicks) - start.ticks,
      offset: start.cut.offset,
      sizeBytes: (next?.cut.offset ?? seen.endOffset) - start.cut.offset,
      preamble,
      preambleCounters,
    };
    checkSegment(segment);
    return segment;
  });
  const isFirstOurs = segments[0]?.preamble.length !== 0;
  for (const [pid, added] of preambleCounters) {
    // A table that stands nowhere in the loop itself has the counters of the preambles alone
    const span = spans.get(pid) ?? { first: 0, last: 15, firstHasPayload: true };
    const firstHasPayload = isFirstOurs || span.firstHasPayload;
    spans.set(pid, { first: span.first, last: (span.last + added) % 16, firstHasPayload });
  }
  return segments;
}

/** Its counters lead up to those of the file's own tables, which the preambles then all move on. */
function buildPreamble(cut: Cut, spans: ReadonlyMap<number, CounterSpan>) {
  const added = new Map<number, number>();
  if (cut.hasTables) return { preamble: new Uint8Array(), added };
  const { pat, pmt, pmtPid } = cut.program;
  const packets = [
    { section: pat, pid: PAT_PID, before: cut.patCounter },
    { section: pmt, pid: pmtPid, before: cut.pmtCounter },
  ].map(({ section, pid, before }) => {
    const count = writeSection(section, pid, 0).length / PACKET_BYTES;
    added.set(pid, count);
    const next = before === undefined ? (spans.get(pid)?.first ?? 0) : before + 1;
    return writeSection(section, pid, next - count);
  });
  return { preamble: Uint8Array.from(packets.flatMap((bytes) => [...bytes])), added };
}

function sum(left: ReadonlyMap<number, number>, right: ReadonlyMap<number, number>) {
  const result = new Map(left);
  for (const [pid, count] of right) result.set(pid, (result.get(pid) ?? 0) + count);
  return result;
}

function checkSegment({ durationTicks, sizeBytes, offset }: LoopSegment): void {
  if (durationTicks > SEGMENT_MAX_TICKS) {
    const seconds = Math.round(durationTicks / TICKS_PER_SECOND);
    throw fault(`it has no key frame for ${seconds} s, wanted one every 60 s at least`, offset);
  }
  if (sizeBytes > SEGMENT_MAX_BYTES) {
    const what = `it has no key frame for ${sizeBytes} bytes`;
    throw fault(`${what}, wanted one every ${SEGMENT_MAX_BYTES} bytes at least`, offset);
  }
}

function noStart(seen: Seen): FormatError {
  const track = seen.tracks.get(seen.program.lead.pid);
  const kind = isVideo(seen.program.lead) ? 'video' : 'audio';
  if (!seen.counters.spans.has(seen.program.lead.pid)) {
    return fault(`its ${kind} stream has no packets, wanted media`, 0);
  }
  if (track === undefined) return fault(`its ${kind} has no timestamps, wanted a PTS`, 0);
  return fault('its video has no key frame, wanted one every few seconds', 0);
}

function fault(what: string, offset: number): FormatError {
  return new FormatError('mpegts', offset, `Cannot loop the file: ${what}`, 'ISO/IEC 13818-1');
}
