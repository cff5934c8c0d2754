// This file moves a piece of MPEG-TS to another place on the timeline.
import { PACKET_BYTES, parsePacket } from './packet.ts';
import { PesHeaderReader, type Stamp } from './pes.ts';
import { addTicks, formatTimestamp, parsePcrBase, writePcrBase } from './timestamp.ts';

export type Shift = {
  /** Added to every PTS, DTS and PCR. */
  readonly ticks: number;
  /** What is added to the continuity counters of a PID. */
  readonly counterOf: (pid: number) => number;
};

/**
 * A copy of whole packets whose timestamps and continuity counters are shifted; every other byte
 * stays. OPCR and ESCR tell of the stream's origin and no player reads them: they stay too.
 */
export function restamp(bytes: Uint8Array, shift: Shift): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  restampHere(copy, shift);
  return copy;
}

/**
 * Where a long piece can be cut and gone on with: before the first header that has not ended. What
 * is behind that is changed too, but not for good.
 */
export function restampHere(copy: Uint8Array, shift: Shift): number {
  const headers = new PesHeaderReader();
  let cleanAt = 0;
  for (let at = 0; at < copy.length; at += PACKET_BYTES) {
    const packet = parsePacket(copy, at);
    copy[at + 3] = (copy[at + 3]! & 0xf0) | ((packet.counter + shift.counterOf(packet.pid)) & 0x0f);
    if (packet.pcrAt !== undefined) {
      const base = addTicks(parsePcrBase(copy, packet.pcrAt), shift.ticks);
      writePcrBase(copy, packet.pcrAt, base);
    }
    const header = headers.read(copy, packet);
    if (header?.pts !== undefined) writeStamp(copy, header.pts, shift.ticks);
    if (header?.dts !== undefined) writeStamp(copy, header.dts, shift.ticks);
    if (!headers.isAmid) cleanAt = at + PACKET_BYTES;
  }
  return cleanAt;
}

function writeStamp(bytes: Uint8Array, stamp: Stamp, ticks: number): void {
  const field = stamp.at.map((at) => bytes[at]!);
  const shifted = formatTimestamp(field, addTicks(stamp.value, ticks));
  stamp.at.forEach((at, index) => {
    bytes[at] = shifted[index]!;
  });
}
