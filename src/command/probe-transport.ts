// This file names the tracks of a piece of a transport stream.
import { PACKET_BYTES, parsePacket, SYNC_BYTE } from '../media/mpegts/packet.ts';
import { ProgramReader } from '../media/mpegts/program-reader.ts';

/** Tables come at least twice a second; this is more of any stream than that. */
const MAX_PACKETS = 20_000;

// ISO/IEC 13818-1 §2.4.4.9, Table 2-34; from 0x80 on as ATSC and HDMV use them
const NAMES: Readonly<Record<number, string>> = {
  1: 'MPEG-1 video',
  2: 'MPEG-2 video',
  3: 'MPEG-1 audio',
  4: 'MPEG-2 audio',
  6: 'private data',
  15: 'AAC',
  16: 'MPEG-4 video',
  17: 'AAC (LATM)',
  21: 'timed metadata',
  27: 'H.264',
  36: 'H.265',
  51: 'H.266',
  129: 'AC-3',
  130: 'DTS',
  132: 'E-AC-3',
  134: 'splice information',
  135: 'E-AC-3',
  207: 'AAC, encrypted',
  219: 'H.264, encrypted',
};

/** In the order of the program map; empty where there is none, or no transport stream. */
export function transportTracks(bytes: Uint8Array): string[] {
  const reader = new ProgramReader();
  const packets = Math.min(MAX_PACKETS, Math.floor(bytes.byteLength / PACKET_BYTES));
  for (let index = 0; index < packets && reader.program === undefined; index++) {
    const at = index * PACKET_BYTES;
    if (bytes[at] !== SYNC_BYTE) break;
    reader.read(bytes, parsePacket(bytes, at));
  }
  const streams = reader.program?.map.streams ?? [];
  return streams.map(({ type }) => NAMES[type] ?? `stream type 0x${type.toString(16)}`);
}
