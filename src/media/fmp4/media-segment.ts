// This file reads the frames of a media segment.
import { type Box, childBoxes, topLevelBoxes } from './box.ts';
import type { Frame } from './frame.ts';
import type { InitSegment } from './init.ts';
import { segmentError } from './segment-error.ts';
import { createSegmentReading, readTrackFragment, type SegmentReading } from './track-fragment.ts';

/**
 * The frames in the order of the file, as views of `bytes`. Boxes other than moof and mdat say
 * nothing that is needed: styp, sidx, emsg, prft, and a moov before the fragments are passed over,
 * and so are fragments of tracks that the init segment leaves out. `fileOffset` is where the
 * segment begins in its file: absolute offsets, which old packagers write, count from the file's
 * start.
 */
// ISO/IEC 14496-12 §8.8.4, §8.16.2
export function parseMediaSegment(bytes: Uint8Array, init: InitSegment, fileOffset = 0): Frame[] {
  const reading = createSegmentReading(bytes, init.tracks, fileOffset);
  let hasFragment = false;
  for (const box of topLevelBoxes(bytes)) {
    if (box.type !== 'moof') continue;
    hasFragment = true;
    readMovieFragment(reading, box);
  }
  if (!hasFragment) throw segmentError(0, 'it has no moof, wanted one');
  return reading.frames;
}

// ISO/IEC 14496-12 §8.8.4; mfhd counts the fragments, and not every packager does
function readMovieFragment(reading: SegmentReading, moof: Box): void {
  let dataEndAt = moof.at;
  for (const box of childBoxes(reading.bytes, moof)) {
    if (box.type === 'traf') dataEndAt = readTrackFragment(reading, moof, box, dataEndAt);
  }
}
