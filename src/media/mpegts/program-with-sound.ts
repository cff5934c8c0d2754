// This file makes the program map of pictures that have their sound from elsewhere.
import type { MuxTrack } from './mux-track.ts';
import { PACKET_BYTES, type Packet } from './packet.ts';
import { isAudio, parsePmt, streamDescriptors } from './pmt.ts';
import { isPrivateAudio, programDescriptors } from './pmt-descriptors.ts';
import { createProgramMap, type MappedStream } from './program-tables.ts';
import { CRC_BYTES } from './section.ts';

/** What the map says of a stream beside its descriptors. */
const ENTRY_BYTES = 5;
/** program_map_section up to and including program_info_length. */
const FIXED_BYTES = 12;
/** A packet without an adaptation field, its pointer_field left out. */
const ROOM_BYTES = PACKET_BYTES - 5;

/** What is left in its one packet once the map has lost its own sound; less than 0: it has no room. */
export function roomForSound(pmt: Uint8Array): number {
  if (pmt.length > ROOM_BYTES) return -1;
  const others = otherStreams(pmt);
  const bytes = others.reduce((sum, { descriptors }) => sum + ENTRY_BYTES + descriptors.length, 0);
  return ROOM_BYTES - FIXED_BYTES - programDescriptors(pmt).length - bytes - CRC_BYTES;
}

export function soundEntryBytes({ descriptors }: MuxTrack): number {
  return ENTRY_BYTES + descriptors.length;
}

/** The section with `sound` in place of its own; undefined where it is no map that applies. */
export function withSound(
  pmt: Uint8Array,
  sound: MuxTrack,
  soundPid: number,
): Uint8Array | undefined {
  const map = parsePmt(pmt);
  if (map === undefined) return undefined;
  const { streamType, descriptors } = sound;
  const streams = [...otherStreams(pmt), { pid: soundPid, streamType, descriptors }];
  const { program, pcrPid } = map;
  const version = (pmt[5]! >> 1) & 0x1f; // version_number
  return createProgramMap({ program, pcrPid, info: programDescriptors(pmt), streams }, version);
}

/** Puts a section in place of what the packet carries, which it must fit. */
// ISO/IEC 13818-1 §2.4.4.1: stuffing follows the last section
export function replaceSection(
  bytes: Uint8Array,
  { payloadAt, endAt }: Packet,
  section: Uint8Array,
): void {
  bytes[payloadAt] = 0; // pointer_field
  bytes.set(section, payloadAt + 1);
  bytes.fill(0xff, payloadAt + 1 + section.length, endAt);
}

function otherStreams(pmt: Uint8Array): MappedStream[] {
  const descriptors = streamDescriptors(pmt);
  return (parsePmt(pmt)?.streams ?? []).flatMap((stream) => {
    const own = descriptors.get(stream.pid) ?? new Uint8Array();
    const isSound = isAudio(stream) || isPrivateAudio(stream.type, own);
    return isSound ? [] : [{ pid: stream.pid, streamType: stream.type, descriptors: own }];
  });
}
