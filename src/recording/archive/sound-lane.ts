// This file finds, by what rows say alone, which sound stands beside each segment of pictures.
import { addTicks, ticksBetween } from '../../media/mpegts/timestamp.ts';
import type { TransportMarks } from '../../media/mpegts/transport-marks.ts';
import type { SoundMarks } from '../../media/remux/sound-marks.ts';
import type { ArchivedSegment } from './archived.ts';

export type SoundSegment = { readonly segment: ArchivedSegment; readonly sound: SoundMarks };

/** When a segment of pictures is seen. */
export type PictureWindow = {
  /** By the time of day. */
  readonly startMs: number;
  readonly endMs: number;
  /** On the 33-bit clock, and how long it is. */
  readonly fromTicks: number;
  readonly lengthTicks: number;
  /** What its times are ahead of those of sound: pieces that are made begin later. */
  readonly aheadTicks: number;
};

/** Units of one segment of sound, in a row. */
export type SoundRange = {
  readonly segment: ArchivedSegment;
  readonly from: number;
  readonly to: number;
  readonly packets: number;
  /** When the first and the last of them begin, and where that ends: since the window's beginning. */
  readonly firstTicks: number;
  readonly lastTicks: number;
  readonly endTicks: number;
};

/**
 * Renditions of a channel agree about the time of day but for what a list tells. Further apart a
 * clock may be another that happens to be near: sources begin theirs anew at 0.
 */
const NEAR_MS = 30_000;

/** Half a frame of AAC: units that begin nearer to each other are the same one told twice. */
const APART_TICKS = 1000;

/** What of a run is seen in a window, or is left of it there. */
type Stretch = {
  readonly sound: SoundSegment;
  /** Units of the segment before the run. */
  readonly base: number;
  readonly relTicks: number;
  readonly step: number;
  readonly packets: readonly number[];
  readonly from: number;
  readonly to: number;
};

/** Windows that follow one another take each unit once: none is lost and none comes twice. */
export class SoundLane {
  readonly #sounds: readonly Heard[];
  readonly #longestMs: number;
  #next = 0;

  /** `sounds` are in the order of their time, as the windows are that are asked about. */
  constructor(sounds: readonly SoundSegment[]) {
    this.#sounds = sounds.map((sound) => ({ ...sound, spanTicks: spanOf(sound) }));
    this.#longestMs =
      sounds.reduce((most, { segment }) => Math.max(most, segment.durationS), 0) * 1000;
  }

  /** In the order in which they are heard. */
  in(window: PictureWindow): readonly SoundRange[] {
    const taken: Stretch[] = [];
    for (const sound of this.#heardIn(window)) {
      const own = stretchesOf(sound, window);
      const left = taken.length === 0 ? own : own.map((stretch) => taken.reduce(without, stretch));
      taken.push(...left.filter(({ from, to }) => to > from));
    }
    const sorted = taken.toSorted((left, right) => beginOf(left) - beginOf(right));
    return sorted.reduce(joined, []);
  }

  /** The nearest first: a clock that began anew may have told the same time before. */
  #heardIn(window: PictureWindow): readonly SoundSegment[] {
    const { startMs, endMs } = window;
    const sounds = this.#sounds;
    const earliestMs = startMs - NEAR_MS - this.#longestMs;
    while (this.#next < sounds.length && sounds[this.#next]!.segment.startMs < earliestMs) {
      this.#next++;
    }
    const heard: SoundSegment[] = [];
    for (let index = this.#next; index < sounds.length; index++) {
      const sound = sounds[index]!;
      if (sound.segment.startMs > endMs + NEAR_MS) break;
      if (isHeard(sound, window)) heard.push(sound);
    }
    const apartMs = ({ segment }: SoundSegment) => Math.abs(segment.startMs - startMs);
    return heard.sort((left, right) => apartMs(left) - apartMs(right));
  }
}

type Heard = SoundSegment & {
  /** From the beginning of its first unit to the end of its last. */
  readonly spanTicks: number;
};

function spanOf({ sound }: SoundSegment): number {
  const begin = sound.runs[0]?.[0] ?? 0;
  return sound.runs.reduce((most, [first, step, packets]) => {
    return Math.max(most, ticksBetween(begin, first) + step * packets.length);
  }, 0);
}

/** Most of them are not: a day has as many as would take seconds to look at closely. */
function isHeard({ sound, spanTicks }: Heard, window: PictureWindow): boolean {
  const [first] = sound.runs;
  if (first === undefined) return false;
  const { fromTicks, lengthTicks, aheadTicks } = window;
  const relTicks = ticksBetween(fromTicks, addTicks(first[0], aheadTicks));
  return relTicks <= lengthTicks && relTicks + spanTicks >= 0;
}

/** A unit belongs where most of it is heard. */
function stretchesOf(
  sound: SoundSegment,
  { fromTicks, lengthTicks, aheadTicks }: PictureWindow,
): readonly Stretch[] {
  let base = 0;
  return sound.sound.runs.flatMap(([first, step, packets]) => {
    const relTicks = ticksBetween(fromTicks, addTicks(first, aheadTicks));
    const from = Math.max(0, Math.ceil(-relTicks / step - 0.5));
    const to = Math.min(packets.length, Math.ceil((lengthTicks - relTicks) / step - 0.5));
    const stretch = { sound, base, relTicks, step, packets, from, to };
    base += packets.length;
    return to > from ? [stretch] : [];
  });
}

function beginOf({ relTicks, step, from }: Stretch): number {
  return relTicks + from * step;
}

function endOf({ relTicks, step, to }: Stretch): number {
  return relTicks + to * step;
}

/**
 * What lists that overlap tell twice is heard once. When units begin is what counts: the last of a
 * run is often shorter than the others.
 */
function without(stretch: Stretch, taken: Stretch): Stretch {
  const { relTicks, step, from, to } = stretch;
  const [begin, last] = [beginOf(taken), endOf(taken) - taken.step];
  if (endOf(stretch) - step < begin - APART_TICKS) return stretch;
  if (beginOf(stretch) > last + APART_TICKS) return stretch;
  if (beginOf(stretch) >= begin - APART_TICKS) {
    const after = Math.floor((last + APART_TICKS - relTicks) / step) + 1;
    return { ...stretch, from: Math.max(from, after) };
  }
  return { ...stretch, to: Math.min(to, Math.ceil((begin - APART_TICKS - relTicks) / step)) };
}

/** Runs of one segment that follow one another are one range. */
function joined(ranges: SoundRange[], stretch: Stretch): SoundRange[] {
  const range = rangeOf(stretch);
  const before = ranges.at(-1);
  if (before === undefined || before.segment !== range.segment || before.to !== range.from) {
    ranges.push(range);
    return ranges;
  }
  const { from, firstTicks } = before;
  ranges[ranges.length - 1] = {
    ...range,
    from,
    firstTicks,
    packets: before.packets + range.packets,
  };
  return ranges;
}

function rangeOf(stretch: Stretch): SoundRange {
  const { sound, base, step, packets, from, to } = stretch;
  let count = 0;
  for (let index = from; index < to; index++) count += packets[index]!;
  return {
    segment: sound.segment,
    from: base + from,
    to: base + to,
    packets: count,
    firstTicks: beginOf(stretch),
    lastTicks: endOf(stretch) - step,
    endTicks: endOf(stretch),
  };
}

/** What the pictures and their sound are together, as far as it matters to join them to others. */
export function marksTogether(
  marks: TransportMarks,
  { fromTicks }: PictureWindow,
  ranges: readonly SoundRange[],
  soundPid: number,
  track: SoundMarks['track'],
): TransportMarks {
  const { tables } = marks;
  const named = tables && ([tables[0], tables[1], `${tables[2]}+${track}`] as const);
  const whole = { ...marks, ...(named && { tables: named }) };
  const [first] = ranges;
  const last = ranges.at(-1);
  if (first === undefined || last === undefined) return whole;
  const packets = ranges.reduce((sum, range) => sum + range.packets, 0);
  const at = Math.round(first.firstTicks);
  const end = [last.lastTicks, last.endTicks].map((ticks) => Math.round(ticks) - at);
  return {
    ...whole,
    packets: marks.packets + packets,
    counters: [...marks.counters, [soundPid, 0, (packets - 1) % 16, 1]],
    tracks: [...marks.tracks, [soundPid, addTicks(fromTicks, at), end[0]!, end[1]!]],
  };
}
