// This file does to MPEG-TS what sources and networks do to it.
import { restamp } from '../../src/media/mpegts/restamp.ts';
import { joinBytes } from './ts-packets.ts';

const PACKET = 188;

export function packetsOf(bytes: Uint8Array): Uint8Array[] {
  const packets: Uint8Array[] = [];
  for (let at = 0; at + PACKET <= bytes.length; at += PACKET) {
    packets.push(bytes.slice(at, at + PACKET));
  }
  return packets;
}

export function pidOf(packet: Uint8Array): number {
  return ((packet[1]! & 0x1f) << 8) | packet[2]!;
}

/** The same media at another time. */
export function atTime(bytes: Uint8Array, ticks: number): Uint8Array<ArrayBuffer> {
  return restamp(bytes, { ticks, counterOf: () => 0 });
}

export function withoutPid(bytes: Uint8Array, pid: number): Uint8Array<ArrayBuffer> {
  return joinBytes(packetsOf(bytes).filter((packet) => pidOf(packet) !== pid));
}

/** `isKept` is asked for each PCR, counted from 0; the others are taken out. */
export function thinPcr(
  bytes: Uint8Array,
  isKept: (index: number) => boolean,
): Uint8Array<ArrayBuffer> {
  let index = 0;
  const packets = packetsOf(bytes).map((packet) => {
    const hasPcr = (packet[3]! & 0x20) !== 0 && packet[4]! >= 7 && (packet[5]! & 0x10) !== 0;
    if (hasPcr && !isKept(index++)) packet[5]! &= ~0x10;
    return packet;
  });
  return joinBytes(packets);
}

/** Each packet that `isLost` says is not there. */
export function losePackets(
  bytes: Uint8Array,
  isLost: (index: number, pid: number) => boolean,
): Uint8Array<ArrayBuffer> {
  return joinBytes(packetsOf(bytes).filter((packet, index) => !isLost(index, pidOf(packet))));
}

/** Each packet that `isRepeated` says comes twice. */
export function repeatPackets(
  bytes: Uint8Array,
  isRepeated: (index: number) => boolean,
): Uint8Array<ArrayBuffer> {
  const packets = packetsOf(bytes);
  return joinBytes(packets.flatMap((packet, i) => (isRepeated(i) ? [packet, packet] : [packet])));
}

/** Two pieces, cut between two packets. */
export function cutAt(bytes: Uint8Array, share: number): [Uint8Array, Uint8Array] {
  const at = Math.floor((bytes.length / PACKET) * share) * PACKET;
  return [bytes.slice(0, at), bytes.slice(at)];
}
