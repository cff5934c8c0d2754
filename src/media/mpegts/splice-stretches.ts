// This file parts a segment where its program changes or its timestamps jump.
import { isVideo, type ProgramStream } from './pmt.ts';
import type { Program } from './program-reader.ts';
import { NO_TIME, NOTE, type SpliceNotes } from './splice-notes.ts';
import { PARTS_MAX, type ProgramSpan } from './splice-survey.ts';
import { streamKinds } from './splice-tables.ts';
import { TICKS_27M_PER_TICK, TICKS_PER_SECOND, ticksBetween } from './timestamp.ts';

/** Part of a segment with one program and one run of the source's clock. */
export type Stretch = {
  readonly program: Program;
  /** Places in the program map. */
  readonly lead: number | undefined;
  readonly fromRow: number;
  readonly toRow: number;
  readonly fromAt: number;
  readonly toAt: number;
  /** Its timestamps do not go on where those before it ended. */
  readonly isJump: boolean;
};

/** A longer step is no lost frame but another recording, or a part of this one that is lost. */
export const STEP_MAX_TICKS = 3 * TICKS_PER_SECOND;
/** Streams without DTS go back in time by as much as their pictures are put out of order. */
const BACK_MAX_TICKS = 0.5 * TICKS_PER_SECOND;

export function findStretches(
  spans: readonly ProgramSpan[],
  notes: SpliceNotes,
  endAt: number,
): Stretch[] {
  return spans.flatMap((span, index) => {
    const next = spans[index + 1];
    const toRow = next?.fromRow ?? notes.count;
    return partSpan(span, toRow, next?.fromAt ?? endAt, notes);
  });
}

function partSpan(span: ProgramSpan, toRow: number, toAt: number, notes: SpliceNotes): Stretch[] {
  const { program } = span;
  const lead = findLead(program, span.fromRow, toRow, notes);
  const borders = lead === undefined ? [] : findBorders(span.fromRow, toRow, lead, notes);
  const starts = [span.fromRow, ...borders];
  return starts.map((fromRow, index) => {
    const next = starts[index + 1];
    return {
      program,
      lead,
      fromRow,
      toRow: next ?? toRow,
      fromAt: index === 0 ? span.fromAt : notes.at[fromRow]!,
      toAt: next === undefined ? toAt : notes.at[next]!,
      isJump: index > 0,
    };
  });
}

/** The program's own lead, or sound where the pictures are missing. */
function findLead(
  program: Program,
  fromRow: number,
  toRow: number,
  notes: SpliceNotes,
): number | undefined {
  const { streams } = program.map;
  const kinds = streamKinds(program);
  const seen = new Set<number>();
  for (let row = fromRow; row < toRow; row++) {
    if (notes.isTimed(row)) seen.add(notes.stream[row]!);
  }
  const isSeen = (stream: ProgramStream, index: number) => seen.has(index) && isVideo(stream);
  const video = streams.findIndex(isSeen);
  if (video >= 0) return video;
  const audio = streams.findIndex((_, index) => seen.has(index) && kinds[index] === 'audio');
  return audio < 0 ? undefined : audio;
}

/** The rows at which the lead's timestamps begin anew; what jumps more often is not followed. */
function findBorders(fromRow: number, toRow: number, lead: number, notes: SpliceNotes): number[] {
  const borders: number[] = [];
  let latest = NO_TIME;
  let before = fromRow;
  for (let row = fromRow; row < toRow; row++) {
    if (notes.stream[row] !== lead || !notes.isTimed(row)) continue;
    const dts90k = notes.dts90k[row]!;
    if (latest !== NO_TIME && !goesOn(latest, dts90k)) {
      if (isLoneStray(row, toRow, latest, notes)) {
        notes.flags[row]! |= NOTE.foreign;
        continue;
      }
      if (borders.length === PARTS_MAX) return borders;
      borders.push(firstOfNew(before + 1, row, latest, notes));
      latest = dts90k;
    }
    if (latest === NO_TIME || ticksBetween(latest, dts90k) > 0) latest = dts90k;
    before = row;
  }
  return borders;
}

function goesOn(latest: number, dts90k: number): boolean {
  const step = ticksBetween(latest, dts90k);
  return step >= -BACK_MAX_TICKS && step <= STEP_MAX_TICKS;
}

/** The next timestamp goes on as if this one had not been: its bytes are wrong, not the clock. */
function isLoneStray(row: number, toRow: number, latest: number, notes: SpliceNotes): boolean {
  for (let next = row + 1; next < toRow; next++) {
    if (notes.stream[next] !== notes.stream[row] || !notes.isTimed(next)) continue;
    return goesOn(latest, notes.dts90k[next]!);
  }
  return false;
}

/** Sound and clock may have jumped some packets before the lead did. */
function firstOfNew(after: number, row: number, latest: number, notes: SpliceNotes): number {
  let first = row;
  for (let earlier = row - 1; earlier >= after; earlier--) {
    const isTimed = notes.isTimed(earlier);
    const pcr27m = notes.pcr27m[earlier]!;
    if (!isTimed && pcr27m === NO_TIME) continue;
    const time = isTimed ? notes.dts90k[earlier]! : Math.floor(pcr27m / TICKS_27M_PER_TICK);
    if (!isNearer(time, notes.dts90k[row]!, latest)) break;
    first = earlier;
  }
  return first;
}

export function isNearer(time: number, to: number, than: number): boolean {
  return Math.abs(ticksBetween(time, to)) < Math.abs(ticksBetween(time, than));
}
