// This file reads transport packets: header and adaptation field.
import { FormatError } from '../../base/errors.ts';

export const PACKET_BYTES = 188;
export const SYNC_BYTE = 0x47;
export const NULL_PID = 0x1fff;

export type Packet = {
  /** Where its sync byte is. */
  readonly at: number;
  readonly pid: number;
  readonly unitStart: boolean;
  readonly scrambled: boolean;
  readonly counter: number;
  readonly hasPayload: boolean;
  /** Where the payload begins; the packet's end where there is none. */
  readonly payloadAt: number;
  readonly endAt: number;
  readonly randomAccess: boolean;
  /** Where the six bytes of the PCR are. */
  readonly pcrAt?: number;
};

/** `bytes` is a piece that begins at `pieceAt` of a whole, which the error counts from. */
// ISO/IEC 13818-1 §2.4.3.2
export function parsePacket(bytes: Uint8Array, at: number, pieceAt = 0): Packet {
  const isWhole = bytes[at] === SYNC_BYTE && at + PACKET_BYTES <= bytes.length;
  if (!isWhole) throw unsynced(pieceAt + at);
  const b1 = bytes[at + 1]!;
  const b3 = bytes[at + 3]!;
  const endAt = at + PACKET_BYTES;
  const broken = (b1 & 0x80) !== 0; // transport_error_indicator
  const hasField = (b3 & 0x20) !== 0; // adaptation_field_control
  const payloadAt = at + 4 + (hasField ? 1 + bytes[at + 4]! : 0);
  const hasPayload = (b3 & 0x10) !== 0 && !broken && payloadAt < endAt;
  const flags =
    hasField && !broken && payloadAt <= endAt && bytes[at + 4]! > 0 ? bytes[at + 5]! : 0;
  return {
    at,
    pid: ((b1 & 0x1f) << 8) | bytes[at + 2]!,
    unitStart: (b1 & 0x40) !== 0,
    scrambled: (b3 & 0xc0) !== 0,
    counter: b3 & 0x0f,
    hasPayload,
    payloadAt: hasPayload ? payloadAt : endAt,
    endAt,
    // ISO/IEC 13818-1 §2.4.3.4
    randomAccess: (flags & 0x40) !== 0,
    ...((flags & 0x10) !== 0 && bytes[at + 4]! >= 7 ? { pcrAt: at + 6 } : {}),
  };
}

function unsynced(at: number): FormatError {
  return new FormatError(
    'mpegts',
    at,
    `Cannot read MPEG-TS: no packet begins at byte ${at}, wanted 0x47 every ${PACKET_BYTES} bytes`,
    'ISO/IEC 13818-1 §2.4.3.2',
  );
}
