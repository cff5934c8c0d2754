// This file says what a file is that is given as MPEG-TS and is not.
import { FormatError } from '../../base/errors.ts';
import { PACKET_BYTES, SYNC_BYTE } from './packet.ts';

/** This many packets in a row are no chance. */
const PACKETS_LOOKED_AT = 4;
/** Packets with a 4-byte time before them (M2TS), and with 16 bytes of error correction after. */
const OTHER_SIZES = [
  { sizeBytes: 192, from: 4 },
  { sizeBytes: 204, from: 0 },
];

/** Throws FormatError unless packets of 188 bytes begin with the first byte. */
export function checkPacketSize(bytes: Uint8Array): void {
  if (isPacked(bytes, 0, PACKET_BYTES)) return;
  throw new FormatError(
    'mpegts',
    0,
    `Cannot loop the file: ${describe(bytes)}, wanted MPEG-TS packets of ${PACKET_BYTES} bytes from the first byte on`,
    'ISO/IEC 13818-1 §2.4.3.2',
  );
}

function describe(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'it is empty';
  if (bytes.length < PACKET_BYTES) return `it has ${bytes.length} bytes`;
  const other = OTHER_SIZES.find(({ sizeBytes, from }) => isPacked(bytes, from, sizeBytes));
  if (other !== undefined) return `its packets have ${other.sizeBytes} bytes`;
  for (let at = 1; at < PACKET_BYTES; at++) {
    const isLong = bytes.length >= at + 2 * PACKET_BYTES;
    if (isLong && isPacked(bytes, at, PACKET_BYTES)) {
      return `it begins amid a packet, the first whole one is at byte ${at}`;
    }
  }
  return 'it is no MPEG-TS';
}

function isPacked(bytes: Uint8Array, from: number, sizeBytes: number): boolean {
  const seen = Math.min(PACKETS_LOOKED_AT, Math.floor((bytes.length - from) / sizeBytes));
  for (let index = 0; index < seen; index++) {
    if (bytes[from + index * sizeBytes] !== SYNC_BYTE) return false;
  }
  return seen > 0;
}
