// This file makes fMP4 of the segments of a rendition that has another container.
import { FormatError } from '../../base/errors.ts';
import { type WrittenTrack, writeInit } from '../fmp4/init-writer.ts';
import type { SampleEntry } from '../fmp4/sample-entry.ts';
import { type WrittenRun, writeMediaSegment } from '../fmp4/segment-writer.ts';
import type { MuxTrack, MuxUnit } from '../mpegts/mux-track.ts';
import { TICKS_PER_SECOND, TIMESTAMP_WRAP, ticksBetween } from '../mpegts/timestamp.ts';
import { chooseTracks } from './chosen-tracks.ts';
import type { Fmp4TrackForm } from './form.ts';
import { PictureSamples } from './picture-samples.ts';
import type { RemuxInput } from './remux-input.ts';
import { type TimedSample, timeSamples } from './sample-times.ts';
import { soundReaderOf } from './sound-from.ts';
import { SoundSamples } from './sound-samples.ts';

export type MadeFmp4 = {
  /** The same object as long as nothing changes in it. */
  readonly init: Uint8Array<ArrayBuffer>;
  readonly segment: Uint8Array<ArrayBuffer>;
};

type Track = {
  readonly streamType: number;
  readonly samples: {
    readonly entry: SampleEntry | undefined;
    take(units: readonly MuxUnit[]): TimedSample[];
  };
  readonly form: Fmp4TrackForm | undefined;
};

/** Of the sound's own rate no frame's time is rounded. */
const VIDEO_TIMESCALE = TICKS_PER_SECOND;

/**
 * Subtitles and private data are left out. Where `forms` are given only such tracks are written,
 * under the ids and timescales that players know. What one segment ends in the next goes on with.
 */
export class Fmp4Maker {
  readonly #input: RemuxInput;
  readonly #forms: readonly Fmp4TrackForm[] | undefined;
  #tracks: readonly (Track | undefined)[] = [];
  #init: Uint8Array<ArrayBuffer> = new Uint8Array();
  #sequence = 0;
  /** Where the last segment ended, as it was written. */
  #endTicks: number | undefined;

  constructor(input: RemuxInput, forms?: readonly Fmp4TrackForm[]) {
    this.#input = input;
    this.#forms = forms;
  }

  /** Throws FormatError where there is nothing that can be written. */
  make(segment: Uint8Array): MadeFmp4 {
    const { tracks, units } = this.#input.demux(segment);
    this.#setTracks(tracks);
    const shiftTicks = this.#shift(units);
    const written: WrittenTrack[] = [];
    const runs: WrittenRun[] = [];
    for (const [index, track] of this.#tracks.entries()) {
      if (track === undefined) continue;
      const samples = track.samples.take(units.filter((unit) => unit.track === index));
      const { entry } = track.samples;
      if (entry === undefined) continue;
      const made = writtenTrack(track, entry, index);
      written.push(made);
      if (samples.length === 0) continue;
      runs.push(timeSamples(made.trackId, made.timescale, samples, shiftTicks));
    }
    if (runs.length === 0) throw nothing();
    const init = writeInit(written.toSorted((left, right) => left.trackId - right.trackId));
    if (Buffer.compare(init, this.#init) !== 0) this.#init = init;
    this.#sequence += 1;
    return { init: this.#init, segment: writeMediaSegment(this.#sequence, runs) };
  }

  /** A map that says something else begins its tracks anew. */
  #setTracks(tracks: readonly MuxTrack[]): void {
    const before = this.#tracks;
    this.#tracks = chooseTracks(tracks, this.#forms).map((chosen, index) => {
      if (chosen === undefined) return undefined;
      const known = before[index];
      if (known !== undefined && known.streamType === chosen.track.streamType) return known;
      const { form } = chosen;
      return { streamType: chosen.track.streamType, samples: samplesOf(chosen.track), form };
    });
  }

  /** Times of 33 bits go on where they wrap, and none is less than 0. */
  #shift(units: readonly MuxUnit[]): number {
    let first = Number.POSITIVE_INFINITY;
    let last = Number.NEGATIVE_INFINITY;
    for (const { dts } of units) {
      first = Math.min(first, dts);
      last = Math.max(last, dts);
    }
    if (first > last) return 0;
    const before = this.#endTicks ?? first;
    let shift = before + ticksBetween(before, first) - first;
    while (first + shift < 0) shift += TIMESTAMP_WRAP;
    this.#endTicks = last + shift;
    return shift;
  }
}

function writtenTrack({ form, samples }: Track, entry: SampleEntry, index: number): WrittenTrack {
  const isSound = samples instanceof SoundSamples;
  const own = isSound ? (samples.sampleRate ?? VIDEO_TIMESCALE) : VIDEO_TIMESCALE;
  return {
    trackId: form?.trackId ?? index + 1,
    kind: isSound ? 'audio' : 'video',
    timescale: form?.timescale ?? own,
    entry,
  };
}

function samplesOf({ streamType }: MuxTrack): Track['samples'] {
  // ISO/IEC 13818-1 Table 2-34
  if (streamType === 0x1b) return new PictureSamples('h264');
  if (streamType === 0x24) return new PictureSamples('hevc');
  const read = soundReaderOf(streamType);
  if (read === undefined) throw unknown(streamType);
  return new SoundSamples(read);
}

function unknown(streamType: number): FormatError {
  const seen = `a stream is of type 0x${streamType.toString(16).padStart(2, '0')}`;
  const message = `Cannot write fMP4: ${seen}, wanted H.264, HEVC, AAC, MPEG audio, AC-3 or E-AC-3`;
  return new FormatError('mpegts', 0, message, 'ISO/IEC 13818-1 Table 2-34');
}

function nothing(): FormatError {
  const message = 'Cannot write fMP4: no frame came with all that a player must know of it';
  return new FormatError('mpegts', 0, message, 'ISO/IEC 14496-12 §8.5.2');
}
