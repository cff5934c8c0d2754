// This file is an archive in memory that holds what a test puts there.
import type { MultivariantPlaylist } from '../../src/media/m3u8/playlist.ts';
import { transportMarks } from '../../src/media/mpegts/transport-marks.ts';
import type {
  ArchivedBody,
  ArchivedChannel,
  ArchivedRendition,
  ArchivedSegment,
  Archives,
  TimeSpan,
} from '../../src/recording/archive/archived.ts';

/** What a test says of a segment; the rest follows from those before it. */
export type PutSegment = {
  readonly bytes?: Uint8Array<ArrayBuffer>;
  readonly durationS?: number;
  /** Absent: where the one before ends. */
  readonly startMs?: number;
  readonly discontinuity?: boolean;
  readonly gap?: boolean;
  readonly more?: Partial<ArchivedSegment>;
};

export class ScriptedRendition implements ArchivedRendition {
  readonly id: string;
  readonly kind: ArchivedRendition['kind'];
  readonly targetDurationS: number;
  readonly independentSegments = true;
  readonly rows: ArchivedSegment[] = [];
  readonly bodies = new Map<string, ArchivedBody>();
  /** What viewers asked to be kept. */
  readonly kept: { readonly span: TimeSpan; readonly untilMs: number }[] = [];
  /** How many rows were read. */
  rowsRead = 0;
  #begins: number;
  #number: number;

  constructor(
    id: string,
    startMs: number,
    options: Partial<ScriptedRendition> & { first?: number } = {},
  ) {
    this.id = id;
    this.#begins = startMs;
    this.#number = options.first ?? 0;
    this.kind = options.kind ?? 'video';
    this.targetDurationS = options.targetDurationS ?? 4;
  }

  put({
    bytes,
    durationS = 4,
    startMs,
    discontinuity = false,
    gap = false,
    more,
  }: PutSegment): this {
    const number = this.#number++;
    const begins = startMs ?? this.#begins;
    this.#begins = begins + durationS * 1000;
    const body = bytes ?? new TextEncoder().encode(`body ${number}`);
    const marks = gap ? undefined : transportMarks(body);
    const last = this.rows.at(-1)?.discontinuitySequence ?? 0;
    const row: ArchivedSegment = {
      number,
      name: `s${number}.ts`,
      startMs: begins,
      durationS,
      discontinuitySequence: last + (discontinuity ? 1 : 0),
      discontinuity,
      gap,
      sizeBytes: gap ? 0 : body.length,
      contentType: 'video/mp2t',
      keys: [],
      ...(marks === undefined ? {} : { marks }),
      ...more,
    };
    this.rows.push(row);
    if (!gap) {
      const whole = {
        kind: 'whole',
        body: new Blob([body]),
        contentType: row.contentType,
      } as const;
      this.bodies.set(row.name, { ...whole, startMs: begins });
    }
    return this;
  }

  /** So many of four seconds. */
  fill(count: number): this {
    for (let index = 0; index < count; index++) this.put({});
    return this;
  }

  held(): TimeSpan | undefined {
    const [first] = this.rows;
    const last = this.rows.at(-1);
    if (first === undefined || last === undefined) return undefined;
    return { fromMs: first.startMs, toMs: last.startMs + last.durationS * 1000 };
  }

  segments({ fromMs, toMs }: TimeSpan, countMax: number): readonly ArchivedSegment[] {
    const found: ArchivedSegment[] = [];
    for (let at = this.#firstEndingAfter(fromMs); at < this.rows.length; at++) {
      const row = this.rows[at] as ArchivedSegment;
      if (row.startMs >= toMs || found.length === countMax) break;
      found.push(row);
    }
    this.rowsRead += found.length;
    return found;
  }

  #firstEndingAfter(fromMs: number): number {
    let low = 0;
    let high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const { startMs, durationS } = this.rows[middle] as ArchivedSegment;
      if (startMs + durationS * 1000 > fromMs) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  async body(name: string): Promise<ArchivedBody> {
    return this.bodies.get(name) ?? { kind: 'missing' };
  }

  keep(span: TimeSpan, untilMs: number): void {
    this.kept.push({ span, untilMs });
  }
}

export function scriptedChannel(
  renditions: readonly ScriptedRendition[],
  multivariant?: MultivariantPlaylist,
): ArchivedChannel {
  return {
    renditions,
    rendition: (id) => renditions.find((each) => each.id === id),
    ...(multivariant === undefined ? {} : { multivariant }),
  };
}

export function scriptedArchives(channels: Readonly<Record<string, ArchivedChannel>>): Archives {
  return { channel: (id) => channels[id] };
}
