// This file reads the descriptors of a program map table.
import { CRC_BYTES } from './section.ts';

/** Up to and including program_info_length. */
const FIXED_BYTES = 12;
// ISO/IEC 13818-1 §2.6.16: CA_descriptor; what it speaks of is decrypted or not sent on
const CA_TAG = 0x09;

/** Those of the program as a whole, but for conditional access. */
// ISO/IEC 13818-1 §2.4.4.8
export function programDescriptors(section: Uint8Array): Uint8Array {
  const length = ((section[10]! & 0x0f) << 8) | section[11]!; // program_info_length
  const end = Math.min(FIXED_BYTES + length, section.length - CRC_BYTES);
  return clearDescriptors(section.subarray(FIXED_BYTES, end));
}

/** Without those of conditional access; only whole ones are taken: a length may be wrong. */
export function clearDescriptors(descriptors: Uint8Array): Uint8Array {
  const kept: number[] = [];
  for (let at = 0; at + 2 <= descriptors.length; ) {
    const next = at + 2 + descriptors[at + 1]!; // descriptor_length
    if (next > descriptors.length) break;
    if (descriptors[at] !== CA_TAG) kept.push(...descriptors.subarray(at, next));
    at = next;
  }
  return Uint8Array.from(kept);
}

// ETSI EN 300 468 §6.2: AC-3, enhanced AC-3, DTS, AAC
const AUDIO_TAGS = new Set([0x6a, 0x7a, 0x7b, 0x7c]);
const REGISTRATION_TAG = 0x05;
const AUDIO_FORMATS = new Set(['AC-3', 'EAC3', 'AC-4', 'DTS1', 'DTS2', 'DTS3', 'Opus']);

// ISO/IEC 13818-1 Table 2-34: PES packets of private data
const PRIVATE_TYPE = 0x06;

/** True where private data is said to be sound: so DVB carries AC-3 and others. */
export function isPrivateAudio(type: number, descriptors: Uint8Array | undefined): boolean {
  if (type !== PRIVATE_TYPE || descriptors === undefined) return false;
  for (let at = 0; at + 2 <= descriptors.length; at += 2 + descriptors[at + 1]!) {
    if (AUDIO_TAGS.has(descriptors[at]!)) return true;
    if (descriptors[at] !== REGISTRATION_TAG) continue;
    const format = String.fromCharCode(...descriptors.subarray(at + 2, at + 6));
    if (AUDIO_FORMATS.has(format)) return true;
  }
  return false;
}
