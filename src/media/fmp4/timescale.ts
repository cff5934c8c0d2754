// This file reads the timescale of a movie or media header.
import { type Box, openBox } from './box.ts';
import { fieldError, readUint16, readUint32, readVersionFlags, skip } from './fields.ts';

// ISO/IEC 14496-12 §8.2.2
export function parseMvhd(bytes: Uint8Array, box: Box): number {
  return parseHeader(bytes, box, 'ISO/IEC 14496-12 §8.2.2').timescale;
}

export type MediaHeader = {
  /** Units of the track's times per second. */
  readonly timescale: number;
  /** Three letters of ISO 639-2; undefined where it says none. */
  readonly language?: string;
};

// ISO/IEC 14496-12 §8.4.2
export function parseMdhd(bytes: Uint8Array, box: Box): MediaHeader {
  const { timescale, fields, version } = parseHeader(bytes, box, 'ISO/IEC 14496-12 §8.4.2');
  skip(fields, version === 1 ? 8 : 4); // duration
  const language = languageOf(readUint16(fields));
  return language === undefined ? { timescale } : { timescale, language };
}

/** Both begin alike. */
function parseHeader(bytes: Uint8Array, box: Box, spec: string) {
  const fields = openBox(bytes, box, spec);
  const { version } = readVersionFlags(fields);
  skip(fields, version === 1 ? 16 : 8); // creation_time, modification_time
  const timescale = readUint32(fields);
  if (timescale === 0) throw fieldError(fields, 'its timescale is 0, wanted 1 at least');
  return { timescale, fields, version };
}

/** Three times five bits; "und" is none, and so is a code of QuickTime, whose letters are few. */
function languageOf(packed: number): string | undefined {
  const letters = [packed >> 10, packed >> 5, packed].map((bits) => (bits & 0x1f) + 0x60);
  if (letters.some((letter) => letter < 0x61 || letter > 0x7a)) return undefined;
  const language = String.fromCharCode(...letters);
  return language === 'und' ? undefined : language;
}
