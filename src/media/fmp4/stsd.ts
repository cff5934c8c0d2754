// This file reads how the samples of a track are coded.
import { FormatError } from '../../base/errors.ts';
import type { AacConfig } from '../codec/aac-config.ts';
import type { NalConfig } from '../codec/annexb.ts';
import { parseAvcC } from './avcc.ts';
import { type Box, childBoxes, openBox, printable, wantedBox } from './box.ts';
import { parseEsds } from './esds.ts';
import { fieldError, readUint16, readUint32, readVersionFlags, skip } from './fields.ts';
import { parseHvcC } from './hvcc.ts';

export type SampleDescription =
  | { readonly codec: 'h264' | 'hevc'; readonly nal: NalConfig }
  | { readonly codec: 'aac'; readonly aac: AacConfig }
  | { readonly codec: 'ac3' | 'eac3' | 'mp3' | 'mp2half' };

const SPEC = 'ISO/IEC 14496-12 §8.5.2';
/** Advertisements beside a programme make two or three; each holds parameter sets in memory. */
const ENTRIES_MAX = 64;
// ISO/IEC 14496-12 §12.1.3.2 and §12.2.3.2: what stands before the boxes of a sample entry
const VISUAL_ENTRY_BYTES = 78;
const AUDIO_ENTRY_BYTES = 28;
/** What QuickTime adds to audio entries, by the version of the entry. */
const QUICKTIME_BYTES: readonly number[] = [0, 16, 36];

/** In their order: fragments name them by number, from 1 on. */
// ISO/IEC 14496-12 §8.5.2.2
export function parseStsd(bytes: Uint8Array, box: Box): readonly SampleDescription[] {
  const fields = openBox(bytes, box, SPEC);
  const { version } = readVersionFlags(fields);
  const entryCount = readUint32(fields);
  const entries = childBoxes(bytes, box, fields.at);
  if (entries.length === 0 || entryCount === 0) {
    throw fieldError(fields, 'it has no entry, wanted one');
  }
  if (entries.length > ENTRIES_MAX) {
    throw fieldError(fields, `it has ${entries.length} entries, wanted ${ENTRIES_MAX} at most`);
  }
  return entries.map((entry) => parseEntry(bytes, entry, version));
}

function parseEntry(bytes: Uint8Array, entry: Box, version: number): SampleDescription {
  switch (entry.type) {
    case 'avc1':
    case 'avc3':
      return { codec: 'h264', nal: parseAvcC(bytes, visualBox(bytes, entry, 'avcC')) };
    case 'hvc1':
    case 'hev1':
      return { codec: 'hevc', nal: parseHvcC(bytes, visualBox(bytes, entry, 'hvcC')) };
    case 'mp4a':
      return parseEsds(bytes, audioBox(bytes, entry, version));
    // ETSI TS 102 366 §F.3 and §F.5: the frames say all that dac3 and dec3 do
    case 'ac-3':
      return { codec: 'ac3' };
    case 'ec-3':
      return { codec: 'eac3' };
    case '.mp3':
      return { codec: 'mp3' };
    case 'encv':
    case 'enca':
      throw refused(entry, `it is encrypted (${entry.type})`, 'clear samples');
    default:
      throw refused(entry, `it is ${printable(entry.type)}`, 'H.264, HEVC, AAC, AC-3 or E-AC-3');
  }
}

function visualBox(bytes: Uint8Array, entry: Box, type: string): Box {
  const from = Math.min(entry.bodyAt + VISUAL_ENTRY_BYTES, entry.endAt);
  return wantedBox(childBoxes(bytes, entry, from), type, entry);
}

function audioBox(bytes: Uint8Array, entry: Box, version: number): Box {
  const fields = openBox(bytes, entry, 'ISO/IEC 14496-12 §12.2.3');
  skip(fields, 8); // reserved, data_reference_index
  const soundVersion = readUint16(fields); // QuickTime's; reserved, or 1, elsewhere
  const added = version === 0 ? (QUICKTIME_BYTES[soundVersion] ?? 0) : 0;
  const from = Math.min(entry.bodyAt + AUDIO_ENTRY_BYTES + added, entry.endAt);
  const children = childBoxes(bytes, entry, from);
  const wave = children.find(({ type }) => type === 'wave');
  return wantedBox(wave === undefined ? children : childBoxes(bytes, wave), 'esds', entry);
}

function refused(entry: Box, seen: string, wanted: string): FormatError {
  const message = `Cannot read a sample entry: ${seen}, wanted ${wanted}`;
  return new FormatError('fmp4', entry.at, message, SPEC);
}
