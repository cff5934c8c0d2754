// This file reads a file of MPEG-TS once and finds where to cut it for a loop.
import { FormatError } from '../../base/errors.ts';
import { AdtsCounter } from '../codec/adts.ts';
import { Counters } from './counters.ts';
import { type FrameKind, FrameScan } from './frame-kind.ts';
import { buildLoopIndex, type LoopStart } from './loop-build.ts';
import { type Cut, CutPlaces } from './loop-cut.ts';
import type { LoopIndex } from './loop-index.ts';
import { checkPacketSize } from './loop-sync.ts';
import { NULL_PID, PACKET_BYTES, type Packet, parsePacket } from './packet.ts';
import { type PesHeader, PesHeaderReader } from './pes.ts';
import { isVideo } from './pmt.ts';
import { type Program, ProgramReader } from './program-reader.ts';
import { TICKS_PER_SECOND, ticksBetween } from './timestamp.ts';
import { TrackTiming } from './track-timing.ts';

/** A segment ends at the first key frame after this: 4 s, less what encoders round it down by. */
const SEGMENT_LEAST_TICKS = 3.5 * TICKS_PER_SECOND;
/** Longer steps are no lost frames but another recording, whose timestamps begin anew. */
const STEP_MAX_TICKS = 10 * TICKS_PER_SECOND;

/** The frame of the lead stream that began last, until its kind is known. */
type OpenFrame = {
  readonly cut: Cut;
  readonly isRandomAccess: boolean;
  ticks?: number;
};

export class LoopIndexer {
  #offset = 0;
  readonly #tables = new ProgramReader();
  readonly #headers = new PesHeaderReader();
  readonly #counters = new Counters();
  readonly #places = new CutPlaces();
  readonly #tracks = new Map<number, TrackTiming>();
  readonly #adts = new Map<number, AdtsCounter>();
  readonly #starts: LoopStart[] = [];
  #program: Program | undefined;
  #scan = new FrameScan(0);
  #frame: OpenFrame | undefined;
  #anchor: number | undefined;

  /** Takes whole packets; less than a packet is accepted at the end of the file only. */
  push(bytes: Uint8Array): void {
    if (this.#offset === 0) checkPacketSize(bytes);
    for (let at = 0; at + PACKET_BYTES <= bytes.length; at += PACKET_BYTES) {
      const packet = parsePacket(bytes, at, this.#offset);
      if (packet.pid === NULL_PID) continue;
      if (this.#tables.isTable(packet.pid)) this.#takeTable(bytes, packet, this.#offset + at);
      else this.#takeMedia(bytes, packet, this.#offset + at);
    }
    this.#offset += bytes.length - (bytes.length % PACKET_BYTES);
  }

  /** Throws FormatError where the file cannot be looped. */
  finish(): LoopIndex {
    this.#decide(undefined);
    const program = this.#program;
    if (program === undefined) {
      const missing = this.#tables.hasPat ? 'programme map with video or audio' : 'PAT';
      throw this.#error(`it has no ${missing}, wanted MPEG-TS with PAT and PMT`, 0);
    }
    return buildLoopIndex({
      program,
      starts: this.#starts,
      endOffset: this.#offset,
      tracks: this.#tracks,
      adts: this.#adts,
      counters: this.#counters,
      anchor: this.#anchor ?? 0,
    });
  }

  #takeMedia(bytes: Uint8Array, packet: Packet, offset: number): void {
    const program = this.#program;
    const isLead = packet.pid === program?.lead.pid;
    const isScrambled = isLead && packet.scrambled;
    if (isScrambled) throw this.#error('it is scrambled, wanted clear media', offset);
    if (isLead && packet.unitStart && packet.hasPayload) this.#begin(packet, offset);
    this.#places.addMedia();
    this.#counters.add(packet);
    if (program === undefined) return;
    const header = this.#headers.read(bytes, packet);
    if (header !== undefined) this.#takeHeader(packet.pid, header, offset);
    const dataAt = header?.dataAt ?? packet.payloadAt;
    this.#tracks.get(packet.pid)?.addBytes(packet.endAt - dataAt);
    if (isLead && this.#frame !== undefined) {
      const kind = this.#scan.read(bytes, dataAt, packet.endAt);
      if (kind !== undefined) this.#decide(kind);
    }
    this.#adts.get(packet.pid)?.read(bytes, dataAt, packet.endAt);
  }

  #takeTable(bytes: Uint8Array, packet: Packet, offset: number): void {
    if (this.#places.isAmidTables || this.#restart()) {
      this.#places.addTable(packet, offset, this.#counters, this.#program);
    }
    if (this.#tables.read(bytes, packet)) {
      this.#places.endTable(packet.pid);
      this.#takeProgram(offset);
    }
    this.#counters.add(packet);
  }

  #takeProgram(offset: number): void {
    const program = this.#tables.program;
    const known = this.#program;
    if (program === undefined) return;
    this.#program = program;
    if (known === undefined) {
      this.#scan = new FrameScan(program.lead.type);
    } else if (known.lead.pid !== program.lead.pid || known.lead.type !== program.lead.type) {
      throw this.#error('its programme map changes, wanted the same streams throughout', offset);
    }
    for (const { type, pid } of program.map.streams) {
      // ISO/IEC 13818-1 Table 2-34: 0x0f is ADTS
      if (type === 0x0f && !this.#adts.has(pid)) this.#adts.set(pid, new AdtsCounter());
    }
  }

  /** Until the loop has begun, what was counted before a place it may begin at is forgotten. */
  #restart(): boolean {
    if (this.#starts.length > 0) return true;
    if (this.#frame !== undefined) return false;
    this.#counters.clear();
    this.#tracks.clear();
    this.#anchor = undefined;
    return true;
  }

  #begin(packet: Packet, offset: number): void {
    const program = this.#program as Program;
    this.#decide(undefined);
    if (!this.#places.isAmidTables) this.#restart();
    const isClean = !this.#headers.isAmid;
    const cut = this.#places.take(offset, this.#counters, program, isClean);
    this.#frame = { cut, isRandomAccess: packet.randomAccess };
    this.#scan.begin();
  }

  #takeHeader(pid: number, header: PesHeader, offset: number): void {
    this.#adts.get(pid)?.begin();
    const decoded = (header.dts ?? header.pts)?.value;
    const isLead = pid === this.#program?.lead.pid;
    if (decoded === undefined || header.pts === undefined) return;
    if (isLead) this.#anchor ??= decoded;
    if (this.#anchor === undefined) return;
    const track = this.#tracks.get(pid);
    if (track === undefined) this.#tracks.set(pid, new TrackTiming(this.#anchor, decoded));
    const step = track?.add(decoded) ?? 0;
    if (!isLead) return;
    if (this.#starts.length > 0 && (step < 0 || step > STEP_MAX_TICKS)) {
      const seconds = (step / TICKS_PER_SECOND).toFixed(1);
      throw this.#error(`its timestamps jump by ${seconds} s, wanted one recording`, offset);
    }
    if (this.#frame === undefined) return;
    const shownTicks = ticksBetween(decoded, header.pts.value);
    this.#frame.ticks = (this.#tracks.get(pid) as TrackTiming).lastTicks + shownTicks;
  }

  /** A frame of which nothing more will be learnt is a key frame if its packet said so. */
  #decide(kind: FrameKind | undefined): void {
    const frame = this.#frame;
    this.#frame = undefined;
    if (frame?.ticks === undefined || this.#program === undefined) return;
    const isAudio = !isVideo(this.#program.lead);
    const isKey = isAudio || kind === 'idr' || kind === 'key' || frame.isRandomAccess;
    const last = this.#starts.at(-1);
    if (!isKey || (last !== undefined && !frame.cut.isClean)) return;
    if (last !== undefined && frame.ticks - last.ticks < SEGMENT_LEAST_TICKS) return;
    const isIndependent = isAudio || kind === 'idr';
    this.#starts.push({ cut: frame.cut, ticks: frame.ticks, isIndependent });
  }

  /** `offset` counts from the beginning of the file. */
  #error(what: string, offset: number): FormatError {
    return new FormatError('mpegts', offset, `Cannot loop the file: ${what}`, 'ISO/IEC 13818-1');
  }
}

export function indexLoop(bytes: Uint8Array): LoopIndex {
  const indexer = new LoopIndexer();
  indexer.push(bytes);
  return indexer.finish();
}
