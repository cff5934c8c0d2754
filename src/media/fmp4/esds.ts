// This file reads the elementary stream descriptor of MPEG-4 audio.
import { type AacConfig, parseAacConfig } from '../codec/aac-config.ts';
import { type Box, openBox } from './box.ts';
import {
  type Fields,
  fieldError,
  leftBytes,
  readBytes,
  readUint8,
  readVersionFlags,
  skip,
} from './fields.ts';

export type EsdsAudio =
  | { readonly codec: 'aac'; readonly aac: AacConfig }
  | { readonly codec: 'mp3' | 'mp2half' | 'ac3' | 'eac3' };

const SPEC = 'ISO/IEC 14496-1 §7.2.6.5';
const ES_DESCRIPTOR = 0x03;
const DECODER_CONFIG = 0x04;
const DECODER_SPECIFIC_INFO = 0x05;

// ISO/IEC 14496-14 §5.6.1, ISO/IEC 14496-1 §7.2.6.5
export function parseEsds(bytes: Uint8Array, box: Box): EsdsAudio {
  const fields = openBox(bytes, box, SPEC);
  readVersionFlags(fields);
  findDescriptor(fields, ES_DESCRIPTOR);
  skip(fields, 2); // ES_ID
  const flags = readUint8(fields);
  if ((flags & 0x80) !== 0) skip(fields, 2); // dependsOn_ES_ID
  if ((flags & 0x40) !== 0) skip(fields, readUint8(fields)); // URLlength, URLstring
  if ((flags & 0x20) !== 0) skip(fields, 2); // OCR_ES_Id
  findDescriptor(fields, DECODER_CONFIG);
  const objectType = readUint8(fields); // objectTypeIndication
  skip(fields, 12); // streamType, bufferSizeDB, maxBitrate, avgBitrate
  return audioOf(fields, objectType);
}

// ISO/IEC 14496-1 §7.2.6.6, Table 5, and what mp4ra.org adds to it
function audioOf(fields: Fields, objectType: number): EsdsAudio {
  switch (objectType) {
    case 0x40: // MPEG-4 Audio
    case 0x66: // MPEG-2 AAC Main
    case 0x67: // MPEG-2 AAC LC
    case 0x68: // MPEG-2 AAC SSR
      {
        const size = findDescriptor(fields, DECODER_SPECIFIC_INFO);
        const at = fields.at;
        return { codec: 'aac', aac: parseAacConfig(readBytes(fields, size), at) };
      }
    case 0x6b:
      return { codec: 'mp3' };
    case 0x69:
      return { codec: 'mp2half' };
    case 0xa5:
      return { codec: 'ac3' };
    case 0xa6:
      return { codec: 'eac3' };
    default: {
      const what = `its object type is 0x${objectType.toString(16)}`;
      throw fieldError(fields, `${what}, wanted AAC, MP3, AC-3 or E-AC-3`);
    }
  }
}

/** Moves to the body of the next descriptor with this tag; the bytes it has. */
function findDescriptor(fields: Fields, tag: number): number {
  for (;;) {
    const seen = readUint8(fields);
    const size = readSize(fields);
    if (seen === tag) return Math.min(size, leftBytes(fields));
    skip(fields, size);
  }
}

// ISO/IEC 14496-1 §8.3.3: expandable classes, seven bits a byte, four bytes at most
function readSize(fields: Fields): number {
  let size = 0;
  for (let index = 0; index < 4; index++) {
    const byte = readUint8(fields);
    size = size * 128 + (byte & 0x7f);
    if (byte < 0x80) return size;
  }
  throw fieldError(fields, 'a descriptor has a size of more than 4 bytes, wanted 4 at most');
}
