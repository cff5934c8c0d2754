// This file reads an init segment: the tracks, and how their times and samples are written.

import { FormatError } from '../../base/errors.ts';
import { type Box, childBoxes, openBox, topLevelBoxes, wantedBox } from './box.ts';
import { NO_EDIT, parseElst, type StartEdit } from './elst.ts';
import { readName, readVersionFlags, skip } from './fields.ts';
import { parseStsd, type SampleDescription } from './stsd.ts';
import { parseMdhd, parseMvhd } from './timescale.ts';
import { parseTkhd } from './tkhd.ts';
import { NO_DEFAULTS, parseTrex, type SampleDefaults, type TrackExtension } from './trex.ts';

export type InitTrack = {
  readonly trackId: number;
  readonly kind: 'video' | 'audio';
  readonly timescale: number;
  readonly language?: string;
  /** Added to every time of the track, in its timescale: the edit list's doing. */
  readonly editUnits: bigint;
  readonly descriptions: readonly SampleDescription[];
  /** Number in `descriptions` where a fragment names none, from 1 on. */
  readonly descriptionIndex: number;
  readonly defaults: SampleDefaults;
};

export type InitSegment = {
  /** Pictures and sound; subtitles and data are left out. */
  readonly tracks: readonly InitTrack[];
};

/** A programme has a picture and some languages; each takes a PID and a line in the map. */
export const TRACKS_MAX = 32;

// ISO/IEC 14496-12 §8.2.1, §8.8.1
export function parseInit(bytes: Uint8Array): InitSegment {
  const boxes = topLevelBoxes(bytes);
  const moov = boxes.find(({ type }) => type === 'moov');
  if (moov === undefined) throw initError(0, 'it has no moov, wanted one');
  const children = childBoxes(bytes, moov);
  const movieTimescale = parseMvhd(bytes, wantedBox(children, 'mvhd', moov));
  const extensions = parseMvex(bytes, children);
  const tracks: InitTrack[] = [];
  for (const trak of children) {
    if (trak.type !== 'trak') continue;
    const track = parseTrak(bytes, trak, movieTimescale, extensions);
    if (track === undefined) continue;
    if (tracks.some(({ trackId }) => trackId === track.trackId)) {
      throw initError(trak.at, `track ${track.trackId} is there twice, wanted once`);
    }
    if (tracks.length === TRACKS_MAX) {
      throw initError(trak.at, `it has more than ${TRACKS_MAX} tracks, wanted fewer`);
    }
    tracks.push(track);
  }
  if (tracks.length === 0) throw initError(moov.at, 'it has no track, wanted video or audio');
  return { tracks };
}

function parseMvex(bytes: Uint8Array, moovChildren: readonly Box[]): Map<number, TrackExtension> {
  const found = new Map<number, TrackExtension>();
  const mvex = moovChildren.find(({ type }) => type === 'mvex');
  if (mvex === undefined) return found;
  for (const box of childBoxes(bytes, mvex)) {
    if (box.type !== 'trex') continue;
    const extension = parseTrex(bytes, box);
    found.set(extension.trackId, extension);
  }
  return found;
}

// ISO/IEC 14496-12 §8.3.1
function parseTrak(
  bytes: Uint8Array,
  trak: Box,
  movieTimescale: number,
  extensions: ReadonlyMap<number, TrackExtension>,
): InitTrack | undefined {
  const children = childBoxes(bytes, trak);
  const trackId = parseTkhd(bytes, wantedBox(children, 'tkhd', trak));
  const mdia = wantedBox(children, 'mdia', trak);
  const media = childBoxes(bytes, mdia);
  const kind = KINDS[parseHdlr(bytes, wantedBox(media, 'hdlr', mdia))];
  if (kind === undefined) return undefined;
  const { timescale, language } = parseMdhd(bytes, wantedBox(media, 'mdhd', mdia));
  const minf = wantedBox(media, 'minf', mdia);
  const stbl = wantedBox(childBoxes(bytes, minf), 'stbl', minf);
  const stsd = wantedBox(childBoxes(bytes, stbl), 'stsd', stbl);
  const descriptions = parseStsd(bytes, stsd);
  const extension = extensions.get(trackId);
  return {
    trackId,
    kind,
    timescale,
    ...(language === undefined ? {} : { language }),
    editUnits: editUnits(parseEdts(bytes, children), timescale, movieTimescale),
    descriptions,
    descriptionIndex: extension?.descriptionIndex ?? 1,
    defaults: extension?.defaults ?? NO_DEFAULTS,
  };
}

const KINDS: Readonly<Record<string, 'video' | 'audio'>> = { vide: 'video', soun: 'audio' };

/** The handler_type. */
// ISO/IEC 14496-12 §8.4.3
function parseHdlr(bytes: Uint8Array, box: Box): string {
  const fields = openBox(bytes, box, 'ISO/IEC 14496-12 §8.4.3');
  readVersionFlags(fields);
  skip(fields, 4); // pre_defined
  return readName(fields);
}

// ISO/IEC 14496-12 §8.6.5
function parseEdts(bytes: Uint8Array, trakChildren: readonly Box[]): StartEdit {
  const edts = trakChildren.find(({ type }) => type === 'edts');
  if (edts === undefined) return NO_EDIT;
  const elst = childBoxes(bytes, edts).find(({ type }) => type === 'elst');
  return elst === undefined ? NO_EDIT : parseElst(bytes, elst);
}

// ISO/IEC 14496-12 §8.6.6: segment_duration counts in the movie's timescale, media_time in its own
function editUnits(edit: StartEdit, timescale: number, movieTimescale: number): bigint {
  const movie = BigInt(movieTimescale);
  const empty = (edit.emptyUnits * BigInt(timescale) + movie / 2n) / movie; // rounded to the nearest
  return empty - edit.mediaTime;
}

function initError(at: number, what: string): FormatError {
  const message = `Cannot read the init segment: ${what}`;
  return new FormatError('fmp4', at, message, 'ISO/IEC 14496-12 §8.2.1');
}
