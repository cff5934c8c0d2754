// This file draws the lines of time that a stretch's PCR follows.
import { ClockLine } from './clock-line.ts';
import { FATE, type Fates } from './splice-fates.ts';
import { NO_TIME, type SpliceNotes } from './splice-notes.ts';
import type { Stretch } from './splice-stretches.ts';
import { isMedia, type OutputProgram } from './splice-tables.ts';
import type { SpliceTimeline } from './splice-timeline.ts';
import { TICKS_27M_PER_TICK } from './timestamp.ts';

export type Material = { readonly notes: SpliceNotes; readonly fates: Fates };

const MS_27M = 27_000;
/** A PCR this far before or after the frames beside it is not of their clock. */
const EARLY_MAX_27M = 10_000 * MS_27M;
const LATE_MAX_27M = 1000 * MS_27M;
/** A track that is this far behind the lead has ended, or has a hole. */
const SILENT_TICKS = 90_000;

/** When the lead's frames are decoded; undefined where it has none. */
export function mediaLine(
  stretch: Stretch,
  { notes, fates }: Material,
  timeline: SpliceTimeline,
  fromAt: number,
): ClockLine | undefined {
  const line = new ClockLine();
  for (let row = stretch.fromRow; row < stretch.toRow; row++) {
    if (notes.stream[row] !== stretch.lead || fates.dts90k[row] === NO_TIME) continue;
    const time27m = fates.dts90k[row]! * TICKS_27M_PER_TICK;
    if (line.size === 0) line.add(Math.min(fromAt, notes.at[row]!), time27m);
    line.add(notes.at[row]!, time27m);
  }
  if (line.size === 0) return undefined;
  line.add(stretch.toAt, line.last27m + timeline.frameTicks * TICKS_27M_PER_TICK);
  return line;
}

/**
 * The source's PCR in the time of the output; before the first and after the last it runs as the
 * frames do. What does not fit the frames is struck out of the notes.
 */
export function sourceLine(
  stretch: Stretch,
  notes: SpliceNotes,
  timeline: SpliceTimeline,
  media: ClockLine,
): ClockLine | undefined {
  const line = new ClockLine();
  for (let row = stretch.fromRow; row < stretch.toRow; row++) {
    const pcr27m = notes.pcr27m[row]!;
    if (pcr27m === NO_TIME) continue;
    const at = notes.at[row]!;
    const time27m = outputPcr(pcr27m, timeline);
    const early27m = media.timeAt(at) - time27m;
    const isTrue = at >= media.firstAt && early27m >= -LATE_MAX_27M && early27m <= EARLY_MAX_27M;
    if (!isTrue || (line.size > 0 && time27m < line.last27m)) {
      notes.pcr27m[row] = NO_TIME;
      continue;
    }
    const before27m = time27m - (media.timeAt(at) - media.timeAt(media.firstAt));
    if (line.size === 0) line.add(media.firstAt, before27m);
    line.add(at, time27m);
  }
  if (line.size === 0) return undefined;
  line.add(media.lastAt, line.last27m + media.last27m - media.timeAt(line.lastAt));
  return line;
}

export function outputPcr(pcr27m: number, timeline: SpliceTimeline): number {
  const extension = pcr27m % TICKS_27M_PER_TICK;
  const base = (pcr27m - extension) / TICKS_27M_PER_TICK;
  return timeline.outputOf(base) * TICKS_27M_PER_TICK + extension;
}

/** From each row on, the lowest DTS of what follows; the last says what the next segment may bring. */
export function lowestAhead(
  stretch: Stretch,
  { notes, fates }: Material,
  output: OutputProgram,
  timeline: SpliceTimeline,
): Float64Array {
  const rows = stretch.toRow - stretch.fromRow;
  const lowest = new Float64Array(rows + 1);
  lowest[rows] = Number.POSITIVE_INFINITY;
  for (const slot of output.slots) {
    const dts90k = timeline.tracks.get(slot)?.dts90k;
    if (dts90k === undefined || !isMedia(slot)) continue;
    if (timeline.leadDts90k - dts90k > SILENT_TICKS) continue;
    lowest[rows] = Math.min(lowest[rows]!, dts90k * TICKS_27M_PER_TICK);
  }
  for (let index = rows - 1; index >= 0; index--) {
    const row = stretch.fromRow + index;
    lowest[index] = lowest[index + 1]!;
    if (!isKeptMedia(row, notes, fates, output)) continue;
    lowest[index] = Math.min(lowest[index]!, fates.dts90k[row]! * TICKS_27M_PER_TICK);
  }
  return lowest;
}

/** Subtitles may come late, and nobody waits for them. */
export function isKeptMedia(
  row: number,
  notes: SpliceNotes,
  fates: Fates,
  output: OutputProgram,
): boolean {
  if (fates.fate[row] === FATE.drop || fates.dts90k[row] === NO_TIME) return false;
  const slot = output.slots[notes.stream[row]!];
  return slot !== undefined && slot >= 0 && isMedia(slot);
}
