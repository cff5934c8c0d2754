// This file reads the descriptors of a program map table.
import { CRC_BYTES } from './section.ts';

/** Up to and including program_info_length. */
const FIXED_BYTES = 12;
// ISO/IEC 13818-1 §2.6.16: CA_descriptor; what it speaks of is decrypted or not sent on
const CA_TAG = 0x09;

/** Those of the program as a whole, but for conditional access. */
export function programDescriptors(section: Uint8Array): Uint8Array {
  const length = ((section[10]! & 0x0f) << 8) | section[11]!; // program_info_length
  return clearDescriptors(section, FIXED_BYTES, FIXED_BYTES + length);
}

/** Those of each stream in the order of the map, but for conditional access. */
// ISO/IEC 13818-1 §2.4.4.8
export function streamDescriptors(section: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  const end = section.length - CRC_BYTES;
  const programInfoBytes = ((section[10]! & 0x0f) << 8) | section[11]!;
  for (let at = FIXED_BYTES + programInfoBytes; at + 5 <= end; ) {
    const to = at + 5 + (((section[at + 3]! & 0x0f) << 8) | section[at + 4]!); // ES_info_length
    found.push(clearDescriptors(section, at + 5, to));
    at = to;
  }
  return found;
}

/** Only whole ones are taken: the length of the last may be wrong. */
function clearDescriptors(section: Uint8Array, from: number, to: number): Uint8Array {
  const end = Math.min(to, section.length - CRC_BYTES);
  const kept: number[] = [];
  for (let at = from; at + 2 <= end; ) {
    const next = at + 2 + section[at + 1]!; // descriptor_length
    if (next > end) break;
    if (section[at] !== CA_TAG) kept.push(...section.subarray(at, next));
    at = next;
  }
  return Uint8Array.from(kept);
}

// ETSI EN 300 468 §6.2: AC-3, enhanced AC-3, DTS, AAC
const AUDIO_TAGS = new Set([0x6a, 0x7a, 0x7b, 0x7c]);
const REGISTRATION_TAG = 0x05;
const AUDIO_FORMATS = new Set(['AC-3', 'EAC3', 'AC-4', 'DTS1', 'DTS2', 'DTS3', 'Opus']);

/** True where private data is said to be sound. */
export function describesAudio(descriptors: Uint8Array): boolean {
  for (let at = 0; at + 2 <= descriptors.length; at += 2 + descriptors[at + 1]!) {
    if (AUDIO_TAGS.has(descriptors[at]!)) return true;
    if (descriptors[at] !== REGISTRATION_TAG) continue;
    const format = String.fromCharCode(...descriptors.subarray(at + 2, at + 6));
    if (AUDIO_FORMATS.has(format)) return true;
  }
  return false;
}
