// This file makes the tables of the spliced stream and gives each stream of a source its PID there.
import { PACKET_BYTES } from './packet.ts';
import { PAT_PID } from './pat.ts';
import { isAudio, isVideo, streamDescriptors } from './pmt.ts';
import { clearDescriptors, isPrivateAudio, programDescriptors } from './pmt-descriptors.ts';
import type { Program } from './program-reader.ts';
import { CRC_BYTES, crc32, writeSection } from './section.ts';

export type StreamKind = 'video' | 'audio' | 'other' | 'none';

/** A PID of the output, counted from FIRST_PID: what has a counter of its own has a slot. */
export type Slot = number;

export const FIRST_PID = 0x100;
export const SLOTS = 0x80;
export const NO_SLOT = -1;
export const PMT_PID = 0x1000;
const PROGRAM = 1;
/** A stream keeps its PID when another source comes; a kind never takes a PID of another kind. */
const FIRST_SLOT = { video: 0x00, audio: 0x01, other: 0x40 } as const;
/** More than this of one kind is in no stream that is watched. */
const SLOTS_OF = { video: 1, audio: 0x3f, other: 0x40 } as const;
// SCTE 35 §8: its times are in sections of its own and would be wrong in our time
const SCTE35_TYPE = 0x86;

type SourceEntry = { readonly type: number; readonly descriptors: Uint8Array };
type Entry = SourceEntry & { readonly slot: Slot };

export type OutputProgram = {
  /** By place in the source's program map. */
  readonly slots: readonly Slot[];
  readonly kinds: readonly StreamKind[];
  /** Where the PCR goes. */
  readonly pcrSlot: Slot;
  /** PAT and PMT in whole packets, their counters 0. */
  readonly packets: Uint8Array;
};

/** Pictures or sound: what is regular in time. */
export function isMedia(slot: Slot): boolean {
  return slot < FIRST_SLOT.other;
}

export function streamKinds(program: Program): StreamKind[] {
  const descriptors = streamDescriptors(program.pmt);
  return program.map.streams.map((stream) => {
    if (stream.type === SCTE35_TYPE) return 'none';
    if (isVideo(stream)) return 'video';
    const isSound = isAudio(stream) || isPrivateAudio(stream.type, descriptors.get(stream.pid));
    return isSound ? 'audio' : 'other';
  });
}

/** Remembers what it gave before; a new version of the PMT comes only where something changes. */
export class OutputTables {
  #entries: readonly Entry[] = [];
  #body: Uint8Array | undefined;
  #version = 0;
  #packets = new Uint8Array();

  assign(program: Program): OutputProgram {
    const slots = this.slotsOf(program);
    this.#use(slots, entriesOf(program), programDescriptors(program.pmt));
    const pcrSlot = this.#entries[0]?.slot ?? FIRST_SLOT.video;
    return { slots, kinds: streamKinds(program), pcrSlot, packets: this.#packets };
  }

  /** What is the same as before keeps its place first, then what is of the same type, then the rest. */
  slotsOf(program: Program): Slot[] {
    const kinds = streamKinds(program);
    const wanted = entriesOf(program);
    const slots: Slot[] = wanted.map(() => NO_SLOT);
    for (const fits of [isSameEntry, isSameType]) {
      wanted.forEach((entry, index) => {
        if (slots[index] !== NO_SLOT) return;
        const found = this.#entries.find(
          (old) =>
            fits(old, entry) && kindOf(old.slot) === kinds[index] && !slots.includes(old.slot),
        );
        if (found !== undefined) slots[index] = found.slot;
      });
    }
    slots.forEach((slot, index) => {
      if (slot === NO_SLOT) slots[index] = freeSlot(kinds[index]!, slots);
    });
    return slots;
  }

  #use(slots: readonly Slot[], wanted: readonly SourceEntry[], info: Uint8Array): void {
    const entries = wanted
      .map((entry, index) => ({ ...entry, slot: slots[index]! }))
      .filter(({ slot }) => slot !== NO_SLOT)
      .sort((left, right) => left.slot - right.slot);
    const body = pmtBody(entries, info);
    this.#entries = entries;
    if (this.#body !== undefined && isSame(body, this.#body)) return;
    if (this.#body !== undefined) this.#version = (this.#version + 1) % 32;
    this.#body = body;
    const pat = writeSection(patSection(), PAT_PID, 0);
    const pmt = writeSection(pmtSection(body, this.#version), PMT_PID, 0);
    this.#packets = new Uint8Array(pat.length + pmt.length);
    this.#packets.set(pat);
    this.#packets.set(pmt, PACKET_BYTES);
  }
}

function entriesOf(program: Program): SourceEntry[] {
  const descriptors = streamDescriptors(program.pmt);
  return program.map.streams.map(({ type, pid }) => ({
    type,
    descriptors: clearDescriptors(descriptors.get(pid) ?? new Uint8Array()),
  }));
}

const isSameType = (left: SourceEntry, right: SourceEntry) => left.type === right.type;
const isSameEntry = (left: SourceEntry, right: SourceEntry) =>
  isSameType(left, right) && isSame(left.descriptors, right.descriptors);

function kindOf(slot: Slot): StreamKind {
  if (slot >= FIRST_SLOT.other) return 'other';
  return slot >= FIRST_SLOT.audio ? 'audio' : 'video';
}

function freeSlot(kind: StreamKind, taken: readonly Slot[]): Slot {
  if (kind === 'none') return NO_SLOT;
  for (let slot = FIRST_SLOT[kind]; slot < FIRST_SLOT[kind] + SLOTS_OF[kind]; slot++) {
    if (!taken.includes(slot)) return slot;
  }
  return NO_SLOT;
}

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

// ISO/IEC 13818-1 §2.4.4.3
function patSection(): Uint8Array {
  return withCrc([
    ...[0x00, 0xb0, 13], // table_id, section_length
    ...[0, 1, 0xc1, 0, 0], // transport_stream_id, version_number 0, section_number
    ...[0, PROGRAM, 0xe0 | (PMT_PID >> 8), PMT_PID & 0xff],
  ]);
}

// ISO/IEC 13818-1 §2.4.4.8
function pmtSection(body: Uint8Array, version: number): Uint8Array {
  const length = 5 + body.length + CRC_BYTES;
  return withCrc([
    ...[0x02, 0xb0 | (length >> 8), length & 0xff], // table_id, section_length
    ...[0, PROGRAM, 0xc1 | (version << 1), 0, 0], // program_number, version_number
    ...body,
  ]);
}

/** From PCR_PID on. */
function pmtBody(entries: readonly Entry[], info: Uint8Array): Uint8Array {
  const pcrPid = FIRST_PID + (entries[0]?.slot ?? 0);
  const head = [0xe0 | (pcrPid >> 8), pcrPid & 0xff, 0xf0 | (info.length >> 8), info.length & 0xff];
  const streams = entries.flatMap(({ slot, type, descriptors }) => {
    const pid = FIRST_PID + slot;
    const { length } = descriptors; // ES_info_length
    return [
      type,
      0xe0 | (pid >> 8),
      pid & 0xff,
      0xf0 | (length >> 8),
      length & 255,
      ...descriptors,
    ];
  });
  return Uint8Array.from([...head, ...info, ...streams]);
}

function withCrc(section: readonly number[]): Uint8Array {
  const crc = crc32(Uint8Array.from(section));
  return Uint8Array.from([...section, crc >>> 24, crc >>> 16, crc >>> 8, crc]);
}
