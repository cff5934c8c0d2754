// This file has the sound at hand that stands beside pictures within a file.
import { AppError } from '../../base/errors.ts';
import type { PacedCollector } from '../../base/paced-collector.ts';
import type { MuxUnit } from '../../media/mpegts/mux-track.ts';
import { packetCount } from '../../media/mpegts/packetize.ts';
import { addTicks } from '../../media/mpegts/timestamp.ts';
import { START_TICKS } from '../../media/remux/merger.ts';
import { besideSound } from '../../media/remux/sound-marks.ts';
import type { ArchivedSegment } from './archived.ts';
import type { ClearBodies } from './clear-bodies.ts';
import type { SoundRange } from './sound-lane.ts';

/** Segments of sound at hand: one may stand beside the end of one picture and the beginning of the next. */
const READ_MAX = 2;

export class BesideUnits {
  readonly #bodies: ClearBodies;
  readonly #collector: PacedCollector;
  readonly #read = new Map<string, readonly MuxUnit[]>();

  constructor(bodies: ClearBodies, collector: PacedCollector) {
    this.#bodies = bodies;
    this.#collector = collector;
  }

  /** With the times of the joined stream. Throws where they are not those that were counted. */
  async of(ranges: readonly SoundRange[], isMade: boolean, ticks: number): Promise<MuxUnit[]> {
    const aheadTicks = (isMade ? START_TICKS : 0) + ticks;
    const units: MuxUnit[] = [];
    for (const { segment, from, to, packets } of ranges) {
      const own = (await this.#unitsOf(segment)).slice(from, to);
      const count = own.reduce((sum, unit) => sum + packetCount(unit, {}), 0);
      if (count !== packets) throw changed(segment, count, packets);
      for (const unit of own) {
        const dts = addTicks(unit.dts, aheadTicks);
        units.push({ ...unit, dts, pts: dts });
      }
    }
    return units;
  }

  async #unitsOf(segment: ArchivedSegment): Promise<readonly MuxUnit[]> {
    const known = this.#read.get(segment.name);
    if (known !== undefined) return known;
    const { body, init } = await this.#bodies.open(segment);
    this.#collector.passed(body.size);
    const units = besideSound(await body.bytes(), init)?.units ?? [];
    if (this.#read.size >= READ_MAX) this.#read.delete(this.#read.keys().next().value as string);
    this.#read.set(segment.name, units);
    return units;
  }
}

function changed({ name }: ArchivedSegment, count: number, wanted: number): AppError {
  const message = `Cannot send the archive: ${name} has ${count} packets, wanted ${wanted}`;
  return new AppError('RECORDING_BODY', message);
}
