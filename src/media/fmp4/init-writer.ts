// This file writes an init segment.
import { BoxWriter } from './box-writer.ts';
import type { SampleEntry } from './sample-entry.ts';

export type WrittenTrack = {
  readonly trackId: number;
  readonly kind: 'video' | 'audio';
  readonly timescale: number;
  readonly entry: SampleEntry;
  /** Three letters of ISO 639-2. */
  readonly language?: string;
};

const MOVIE_TIMESCALE = 1000;
// ISO/IEC 14496-12 §6.2.2
const MATRIX = [0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000];

// ISO/IEC 14496-12 §8.2.1, §8.8.1
export function writeInit(tracks: readonly WrittenTrack[]): Uint8Array<ArrayBuffer> {
  const out = new BoxWriter();
  out.open('ftyp');
  out.text('iso6'); // major_brand
  out.u32(0x200); // minor_version
  for (const brand of ['iso6', 'cmfc', 'mp41']) out.text(brand);
  out.close();
  out.open('moov');
  writeMvhd(out, tracks);
  for (const track of tracks) writeTrak(out, track);
  out.open('mvex');
  for (const { trackId } of tracks) {
    out.openFull('trex', 0, 0); // §8.8.3
    out.u32(trackId);
    out.u32(1); // default_sample_description_index
    out.zeros(12); // default_sample_duration, default_sample_size, default_sample_flags
    out.close();
  }
  out.close();
  out.close();
  return out.end();
}

// ISO/IEC 14496-12 §8.2.2
function writeMvhd(out: BoxWriter, tracks: readonly WrittenTrack[]): void {
  out.openFull('mvhd', 0, 0);
  out.u32(0); // creation_time
  out.u32(0); // modification_time
  out.u32(MOVIE_TIMESCALE);
  out.u32(0); // duration: that of the fragments
  out.u32(0x0001_0000); // rate
  out.u16(0x0100); // volume
  out.zeros(10); // reserved
  for (const value of MATRIX) out.u32(value);
  out.zeros(24); // pre_defined
  out.u32(1 + Math.max(0, ...tracks.map(({ trackId }) => trackId))); // next_track_ID
  out.close();
}

// ISO/IEC 14496-12 §8.3
function writeTrak(out: BoxWriter, track: WrittenTrack): void {
  const { trackId, kind, timescale, entry, language = 'und' } = track;
  out.open('trak');
  out.openFull('tkhd', 0, 3); // Track_enabled, Track_in_movie
  out.u32(0); // creation_time
  out.u32(0); // modification_time
  out.u32(trackId);
  out.zeros(8); // reserved, duration
  out.zeros(12); // reserved, layer, alternate_group
  out.u16(kind === 'audio' ? 0x0100 : 0); // volume
  out.u16(0); // reserved
  for (const value of MATRIX) out.u32(value);
  out.u32(entry.width * 0x1_0000);
  out.u32(entry.height * 0x1_0000);
  out.close();
  out.open('mdia');
  out.openFull('mdhd', 0, 0); // §8.4.2
  out.u32(0); // creation_time
  out.u32(0); // modification_time
  out.u32(timescale);
  out.u32(0); // duration
  out.u16(packedLanguage(language));
  out.u16(0); // pre_defined
  out.close();
  out.openFull('hdlr', 0, 0); // §8.4.3
  out.u32(0); // pre_defined
  out.text(kind === 'video' ? 'vide' : 'soun');
  out.zeros(12 + 1); // reserved, name
  out.close();
  writeMinf(out, kind, entry);
  out.close();
  out.close();
}

// ISO/IEC 14496-12 §8.4.4
function writeMinf(out: BoxWriter, kind: WrittenTrack['kind'], entry: SampleEntry): void {
  out.open('minf');
  out.openFull(kind === 'video' ? 'vmhd' : 'smhd', 0, kind === 'video' ? 1 : 0); // §12.1.2, §12.2.2
  out.zeros(kind === 'video' ? 8 : 4); // graphicsmode, opcolor; balance, reserved
  out.close();
  out.open('dinf');
  out.openFull('dref', 0, 0); // §8.7.2
  out.u32(1); // entry_count
  out.openFull('url ', 0, 1); // in this file
  out.close();
  out.close();
  out.close();
  out.open('stbl');
  out.openFull('stsd', 0, 0); // §8.5.2
  out.u32(1); // entry_count
  out.bytes(entry.bytes);
  out.close();
  // The samples are in the fragments
  for (const [type, zeros] of [
    ['stts', 4],
    ['stsc', 4],
    ['stsz', 8],
    ['stco', 4],
  ] as const) {
    out.openFull(type, 0, 0);
    out.zeros(zeros);
    out.close();
  }
  out.close();
  out.close();
}

// ISO/IEC 14496-12 §8.4.2.3: three times five bits, each less than its letter by 0x60
function packedLanguage(language: string): number {
  let packed = 0;
  for (const letter of language) packed = (packed << 5) | (letter.charCodeAt(0) & 0x1f);
  return packed & 0x7fff;
}
