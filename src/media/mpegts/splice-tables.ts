// This file makes the tables of the spliced stream and gives each stream of a source its PID there.
import { PACKET_BYTES } from './packet.ts';
import { PAT_PID } from './pat.ts';
import { isAudio, isVideo, streamDescriptors } from './pmt.ts';
import { clearDescriptors, isPrivateAudio, programDescriptors } from './pmt-descriptors.ts';
import type { Program } from './program-reader.ts';
import {
  createPat,
  createProgramMap,
  FIRST_STREAM_PID,
  type MappedProgram,
  PMT_PID,
} from './program-tables.ts';
import { writeSection } from './section.ts';

export type StreamKind = 'video' | 'audio' | 'other' | 'none';

/** A PID of the output, counted from FIRST_PID: what has a counter of its own has a slot. */
export type Slot = number;

export const FIRST_PID = FIRST_STREAM_PID;
export const SLOTS = 0x80;
export const NO_SLOT = -1;
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
  /** The program map as it is sent now. */
  #section: Uint8Array | undefined;
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
    const mapped = mappedProgram(entries, info);
    this.#entries = entries;
    const known = this.#section;
    if (known !== undefined && isSame(createProgramMap(mapped, this.#version), known)) return;
    if (known !== undefined) this.#version = (this.#version + 1) % 32;
    this.#section = createProgramMap(mapped, this.#version);
    const pat = writeSection(createPat(), PAT_PID, 0);
    const pmt = writeSection(this.#section, PMT_PID, 0);
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

function mappedProgram(entries: readonly Entry[], info: Uint8Array): MappedProgram {
  const streams = entries.map(({ slot, type, descriptors }) => {
    return { pid: FIRST_PID + slot, streamType: type, descriptors };
  });
  return { pcrPid: FIRST_PID + (entries[0]?.slot ?? 0), info, streams };
}
