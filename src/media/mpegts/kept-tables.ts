// This file writes the tables of the one programme that is kept of a stream.
import { PACKET_BYTES } from './packet.ts';
import type { PacketList } from './packet-list.ts';
import { narrowPat, PAT_PID } from './pat.ts';
import type { Program } from './program-reader.ts';
import { writeSection } from './section.ts';

/** Their continuity counters go on over all pieces. */
export class KeptTables {
  readonly #counters = new Map<number, number>();

  writePat({ pat, pmtPid, map }: Program, list: PacketList): void {
    this.#write(narrowPat(pat, { program: map.program, pmtPid }), PAT_PID, list);
  }

  writePmt({ pmt, pmtPid }: Program, list: PacketList): void {
    this.#write(pmt, pmtPid, list);
  }

  #write(section: Uint8Array, pid: number, list: PacketList): void {
    const counter = this.#counters.get(pid) ?? 0;
    const packets = writeSection(section, pid, counter);
    this.#counters.set(pid, (counter + packets.length / PACKET_BYTES) % 16);
    list.add(packets, 0, packets.length);
  }
}
