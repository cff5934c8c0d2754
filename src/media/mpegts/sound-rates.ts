// This file tells where the sample rate of the sound changes from source to source.
import { parseAdtsHeader } from '../codec/adts-header.ts';
import { parsePacket } from './packet.ts';
import { PesHeaderReader } from './pes.ts';
import { adtsPids } from './splice-sound.ts';
import type { ProgramSpan, SpliceSurvey } from './splice-survey.ts';

/** PES packets looked at for the head of a frame: nearly all begin with one. */
const LOOKS_MAX = 4;

export class SoundRates {
  /** By the place among the streams of ADTS. */
  readonly #rates = new Map<number, number>();
  #hasChanged = false;

  /**
   * True from the first change on. Demuxers of the FFmpeg family time the frames within a PES packet
   * by the rate that they saw first, for as long as they run: after a change, times would go back.
   */
  hasChanged(bytes: Uint8Array, { spans, notes }: SpliceSurvey): boolean {
    for (const [index, span] of spans.entries()) {
      const toRow = spans[index + 1]?.fromRow ?? notes.count;
      adtsPids(span.program).forEach((pid, place) => {
        const rate = this.#rateOf(bytes, notes, span, toRow, pid);
        if (rate === undefined) return;
        const known = this.#rates.get(place) ?? rate;
        this.#rates.set(place, known);
        this.#hasChanged ||= known !== rate;
      });
    }
    return this.#hasChanged;
  }

  #rateOf(
    bytes: Uint8Array,
    notes: SpliceSurvey['notes'],
    { program, fromRow }: ProgramSpan,
    toRow: number,
    pid: number,
  ): number | undefined {
    const stream = program.map.streams.findIndex((each) => each.pid === pid);
    let looks = 0;
    for (let row = fromRow; row < toRow && looks < LOOKS_MAX; row++) {
      if (notes.stream[row] !== stream || !notes.isTimed(row)) continue;
      looks += 1;
      const packet = parsePacket(bytes, notes.at[row]!);
      const header = new PesHeaderReader().read(bytes, packet);
      if (header === undefined || header.dataAt >= packet.endAt) continue;
      const frame = parseAdtsHeader(bytes.subarray(0, packet.endAt), header.dataAt);
      if (frame !== undefined) return frame.sampleRate;
    }
    return undefined;
  }
}
