// This file writes coded frames as MPEG-TS.
import { assert } from '../../base/assert.ts';
import { MuxSchedule, type Step } from './mux-schedule.ts';
import type { MuxTrack, MuxUnit } from './mux-track.ts';
import { PACKET_BYTES } from './packet.ts';
import { packetCount, writePcrPacket, writeUnit } from './packetize.ts';
import { PAT_PID } from './pat.ts';
import { createPat, createPmt, OWN_PLACE, type ProgramPlace, pidOf } from './program-tables.ts';
import { writeSection } from './section.ts';

/**
 * Each call gives whole packets that begin with the tables; counters and clock go on from call to
 * call. The first track carries the clock: the pictures, where there are any.
 */
export class Muxer {
  readonly #schedule: MuxSchedule;
  /** Of the next packet with payload, by PID. */
  readonly #counters = new Map<number, number>();
  #tracks: readonly MuxTrack[] = [];
  #version = -1;
  readonly #place: ProgramPlace;
  readonly #pat: Uint8Array;
  #pmt: Uint8Array = new Uint8Array();

  /** `isLed`: see MuxSchedule. */
  constructor(place: ProgramPlace = OWN_PLACE, isLed = false) {
    this.#schedule = new MuxSchedule(isLed);
    this.#place = place;
    this.#pat = createPat(place);
  }

  /** Units of one track have to be in the order of their DTS. */
  write(tracks: readonly MuxTrack[], units: readonly MuxUnit[]): Uint8Array<ArrayBuffer> {
    this.#setTracks(tracks);
    const sorted = units.toSorted(
      (left, right) => left.dts - right.dts || left.track - right.track,
    );
    const steps = this.#schedule.plan(sorted, tracks);
    let packets = 0;
    for (const step of steps) packets += this.#packetsOf(step);
    const out = new Uint8Array(packets * PACKET_BYTES);
    let at = 0;
    for (const step of steps) at = this.#write(out, at, step);
    assert(at === out.length, 'a step has as many packets as were counted');
    return out;
  }

  // ISO/IEC 13818-1 §2.4.4.9: version_number goes up, modulo 32, where the definition changes
  #setTracks(tracks: readonly MuxTrack[]): void {
    if (this.#version >= 0 && areSame(tracks, this.#tracks)) return;
    this.#tracks = tracks;
    this.#version = (this.#version + 1) % 32;
    this.#pmt = createPmt(tracks, this.#version, this.#place);
  }

  #packetsOf(step: Step): number {
    if (step.kind === 'unit') return packetCount(step.unit, step.start);
    return step.kind === 'pcr' ? 1 : sectionPackets(this.#pat) + sectionPackets(this.#pmt);
  }

  #write(out: Uint8Array, at: number, step: Step): number {
    if (step.kind === 'tables') {
      return this.#writeTable(
        out,
        this.#writeTable(out, at, PAT_PID, this.#pat),
        this.#place.pmtPid,
        this.#pmt,
      );
    }
    if (step.kind === 'pcr') {
      const clockPid = pidOf(this.#tracks, 0);
      const before = this.#takeCounters(clockPid, 0) - 1;
      return writePcrPacket(out, at, clockPid, before, step.start);
    }
    const { unit, start } = step;
    const pid = pidOf(this.#tracks, unit.track);
    const counter = this.#takeCounters(pid, packetCount(unit, start));
    return writeUnit(out, at, pid, counter, this.#tracks[unit.track]!, unit, start);
  }

  #writeTable(out: Uint8Array, at: number, pid: number, section: Uint8Array): number {
    const packets = writeSection(section, pid, this.#takeCounters(pid, sectionPackets(section)));
    out.set(packets, at);
    return at + packets.length;
  }

  /** The first of so many counters in a row. */
  #takeCounters(pid: number, count: number): number {
    const counter = this.#counters.get(pid) ?? 0;
    this.#counters.set(pid, (counter + count) & 0x0f);
    return counter;
  }
}

/** The pointer_field is one byte more. */
function sectionPackets(section: Uint8Array): number {
  return Math.ceil((1 + section.length) / (PACKET_BYTES - 4));
}

function areSame(some: readonly MuxTrack[], others: readonly MuxTrack[]): boolean {
  return (
    some.length === others.length && some.every((track, index) => isSame(track, others[index]!))
  );
}

function isSame(track: MuxTrack, other: MuxTrack): boolean {
  return (
    track.streamType === other.streamType &&
    track.pid === other.pid &&
    track.streamId === other.streamId &&
    track.descriptors.length === other.descriptors.length &&
    track.descriptors.every((byte, index) => byte === other.descriptors[index])
  );
}
