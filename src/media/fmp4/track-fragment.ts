// This file reads the frames of one track in one fragment.
import { type Box, childBoxes, wantedBox } from './box.ts';
import type { Frame } from './frame.ts';
import type { InitTrack } from './init.ts';
import { type MediaTime, mediaTime, ticksAt } from './media-time.ts';
import { segmentError } from './segment-error.ts';
import type { SampleDescription } from './stsd.ts';
import { parseTfdt } from './tfdt.ts';
import { parseTfhd, type TrackFragmentHeader } from './tfhd.ts';
import { NO_DEFAULTS, type SampleDefaults } from './trex.ts';
import { parseTrun, type RunSample } from './trun.ts';

/** What is known while a segment is read. */
export type SegmentReading = {
  readonly bytes: Uint8Array;
  readonly fileOffset: number;
  readonly tracks: ReadonlyMap<number, InitTrack>;
  /** Where the next fragment of a track begins that does not say so itself. */
  readonly nextUnits: Map<number, bigint>;
  readonly frames: Frame[];
  /** Samples may not share bytes: a small segment would else make any number of large frames. */
  frameBytes: number;
  /** Those of tracks that are not wanted too. */
  sampleCount: number;
};

/** Two hours at 25 frames a second; a sample may be empty, so that the bytes are no limit. */
export const SAMPLES_MAX = 200_000;

export function createSegmentReading(
  bytes: Uint8Array,
  tracks: readonly InitTrack[],
  fileOffset: number,
): SegmentReading {
  const byId = new Map(tracks.map((track) => [track.trackId, track]));
  return {
    bytes,
    fileOffset,
    tracks: byId,
    nextUnits: new Map(),
    frames: [],
    frameBytes: 0,
    sampleCount: 0,
  };
}

type Run = {
  readonly track: InitTrack;
  readonly description: SampleDescription;
  readonly start: MediaTime;
};

/**
 * `dataEndAt` is where the data of the track fragment before it ends, as the answer is for this
 * one. Runs of a track that is not wanted are read for that alone.
 */
// ISO/IEC 14496-12 §8.8.6
export function readTrackFragment(
  reading: SegmentReading,
  moof: Box,
  traf: Box,
  dataEndAt: number,
): number {
  const { bytes, tracks } = reading;
  const boxes = childBoxes(bytes, traf);
  const header = parseTfhd(bytes, wantedBox(boxes, 'tfhd', traf));
  const track = tracks.get(header.trackId);
  const defaults: SampleDefaults = { ...(track?.defaults ?? NO_DEFAULTS), ...header.defaults };
  const startUnits = startOf(reading, boxes, header, traf);
  const run = track === undefined ? undefined : createRun(track, header, startUnits, traf);
  const baseAt = baseOf(reading, header, moof, dataEndAt);
  let at = baseAt;
  let units = 0;
  for (const box of boxes) {
    if (box.type !== 'trun') continue;
    const { sampleCount, dataOffset, next } = parseTrun(bytes, box, defaults);
    reading.sampleCount += sampleCount;
    if (reading.sampleCount > SAMPLES_MAX) {
      throw segmentError(box.at, `it has more than ${SAMPLES_MAX} samples, wanted fewer`);
    }
    if (dataOffset !== undefined) at = baseAt + dataOffset;
    for (let left = sampleCount; left > 0; left--) {
      const sample = next();
      if (run !== undefined) addFrame(reading, run, sample, units, at, box);
      at += sample.sizeBytes;
      units += sample.duration;
    }
  }
  reading.nextUnits.set(header.trackId, startUnits + BigInt(units));
  return at;
}

// ISO/IEC 14496-12 §8.8.12: without tfdt the durations before it say when it begins
function startOf(
  reading: SegmentReading,
  boxes: readonly Box[],
  { trackId }: TrackFragmentHeader,
  traf: Box,
): bigint {
  const tfdt = boxes.find(({ type }) => type === 'tfdt');
  if (tfdt !== undefined) return parseTfdt(reading.bytes, tfdt);
  const next = reading.nextUnits.get(trackId);
  if (next !== undefined || !reading.tracks.has(trackId)) return next ?? 0n;
  throw segmentError(traf.at, 'traf has no tfdt, wanted one');
}

function createRun(
  track: InitTrack,
  header: TrackFragmentHeader,
  startUnits: bigint,
  traf: Box,
): Run {
  const index = header.descriptionIndex ?? track.descriptionIndex;
  const description = track.descriptions[index - 1];
  if (description === undefined) {
    const seen = `it uses sample entry ${index} of track ${track.trackId}`;
    throw segmentError(traf.at, `${seen}, wanted ${track.descriptions.length} at most`);
  }
  const start = mediaTime(startUnits + track.editUnits, track.timescale, traf.at);
  return { track, description, start };
}

// ISO/IEC 14496-12 §8.8.7.1: base-data-offset
function baseOf(
  { fileOffset }: SegmentReading,
  { baseDataOffset, defaultBaseIsMoof }: TrackFragmentHeader,
  moof: Box,
  dataEndAt: number,
): number {
  if (baseDataOffset !== undefined) return Number(baseDataOffset) - fileOffset;
  return defaultBaseIsMoof ? moof.at : dataEndAt;
}

function addFrame(
  reading: SegmentReading,
  { track, description, start }: Run,
  sample: RunSample,
  units: number,
  at: number,
  trun: Box,
): void {
  const { bytes, frames } = reading;
  const endAt = at + sample.sizeBytes;
  if (at < 0 || endAt > bytes.length) {
    const seen = `a sample lies at byte ${at} to ${endAt}`;
    throw segmentError(trun.at, `${seen}, wanted ${bytes.length} at most`);
  }
  reading.frameBytes += sample.sizeBytes;
  if (reading.frameBytes > bytes.length) {
    throw segmentError(trun.at, 'its samples are more than its bytes, wanted each byte once');
  }
  const { timescale } = track;
  const dts = ticksAt(start, units, timescale);
  frames.push({
    track,
    description,
    dts,
    pts: ticksAt(start, units + sample.compositionOffset, timescale),
    durationTicks: ticksAt(start, units + sample.duration, timescale) - dts,
    isSync: sample.isSync,
    at,
    bytes: bytes.subarray(at, endAt),
  });
}
