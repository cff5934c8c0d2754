// This file takes the PES packets of one PID out of MPEG-TS, so that tests can compare media.

export type PesPacket = {
  /** After the PES header. */
  readonly data: Uint8Array;
  readonly header: Uint8Array;
};

const PACKET = 188;

/** What begins before the first start is left out. */
export function pesPackets(bytes: Uint8Array, pid: number): PesPacket[] {
  const packets: number[][] = [];
  for (let at = 0; at + PACKET <= bytes.length; at += PACKET) {
    const isOther = (((bytes[at + 1]! & 0x1f) << 8) | bytes[at + 2]!) !== pid;
    if (isOther || (bytes[at + 3]! & 0x10) === 0) continue;
    const fieldBytes = (bytes[at + 3]! & 0x20) === 0 ? 0 : 1 + bytes[at + 4]!;
    if ((bytes[at + 1]! & 0x40) !== 0) packets.push([]);
    packets.at(-1)?.push(...bytes.subarray(at + 4 + fieldBytes, at + PACKET));
  }
  return packets.map((packet) => {
    const headerBytes = 9 + (packet[8] ?? 0);
    return {
      header: Uint8Array.from(packet.slice(0, headerBytes)),
      data: Uint8Array.from(packet.slice(headerBytes)),
    };
  });
}

/** One text for each PES packet: equal where the media is. */
export function mediaOf(bytes: Uint8Array, pid: number): string[] {
  return pesPackets(bytes, pid).map(({ data }) => String(Bun.hash(data)));
}
