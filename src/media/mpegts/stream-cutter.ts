// This file cuts an endless transport stream into pieces that can be segments of HLS.
import { assert } from '../../base/assert.ts';
import { type LeadFrame, LeadFrameReader } from './lead-frame.ts';
import { PACKET_BYTES, type Packet, parsePacket } from './packet.ts';
import { PacketScanner, type ScannerStats } from './packet-scanner.ts';
import { PAT_PID } from './pat.ts';
import { PesHeaderReader } from './pes.ts';
import { PieceMaker } from './piece-maker.ts';
import { isAudio, type ProgramStream } from './pmt.ts';
import { type Program, ProgramReader } from './program-reader.ts';
import { ROLE, StreamPids } from './stream-pids.ts';
import type { StreamPiece } from './stream-piece.ts';
import { parsePcrBase, TICKS_PER_SECOND } from './timestamp.ts';

export type StreamCutterOptions = {
  /** A piece ends at the first key frame after this much media. */
  readonly targetMs: number;
  /** With no key frame for this long it is cut anyway; at least 1.5 × `targetMs`. */
  readonly keylessMs?: number;
  /** A larger piece is cut wherever it is. */
  readonly maxBytes?: number;
  /** program_number; absent: the first in the order of the PAT that has media. */
  readonly program?: number;
};

export type CutterStats = ScannerStats & {
  readonly hasPat: boolean;
  /** program_number; absent: not found yet. */
  readonly program: number | undefined;
  readonly lead: ProgramStream | undefined;
  readonly frames: number;
  readonly pieces: number;
  /** Pieces between jumps that followed each other at once. */
  readonly discardedPieces: number;
  readonly continuityErrors: number;
  /** Packets that their sender or a receiver marked as broken; they are left out. */
  readonly damagedPackets: number;
  readonly scrambledPackets: number;
  readonly pcrJumps: number;
  /** The longest time from key frame to key frame so far. */
  readonly keyIntervalMaxMs: number;
};

const KEYLESS_MS = 10_000;
/** As large as a segment from an upstream may be; it is held in memory whole. */
const MAX_BYTES = 64 * 1024 * 1024;
/** Room for the tables and a few frames. */
const MAX_BYTES_LEAST = 64 * 1024;
// RFC 8216 §4.3.3.1: durations are rounded before they are compared with the target duration
const ROUNDED_AWAY_MS = 499;
/** The maps of all programmes come between two PATs, or nearly. */
const PATS_UNTIL_SETTLED = 5;

/**
 * Keeps the packets of one programme as they are, tables aside: PAT and PMT are written anew where
 * they stood and before each piece, the PAT with that programme alone. Bytes that are pushed are
 * held until their piece is finished, and must not change. Memory is bounded by `maxBytes` twice.
 */
export class StreamCutter {
  readonly #scanner = new PacketScanner();
  readonly #reader: ProgramReader;
  readonly #pids = new StreamPids();
  readonly #maker: PieceMaker;
  readonly #maxBytes: number;
  readonly #maxDurationMs: number;
  #spareHeaders = new PesHeaderReader();
  #program: Program | undefined;
  /** The same programme with other streams: followed from the next cut on. */
  #staged: Program | undefined;
  #lead: ProgramStream | undefined;
  #frames: LeadFrameReader | undefined;
  /** Since it is the lead. */
  #leadFrames = 0;
  #sparePid: number | undefined;
  #pats = 0;
  #run: Uint8Array = new Uint8Array();
  /** What is kept of the run and is in no list yet begins here. */
  #keptFrom = 0;
  /** Bytes in runs before this one. */
  #position = 0;
  readonly #counts = {
    frames: 0,
    pieces: 0,
    continuityErrors: 0,
    damaged: 0,
    scrambled: 0,
    pcrJumps: 0,
  };

  constructor(options: StreamCutterOptions) {
    const { targetMs, maxBytes = MAX_BYTES, program } = options;
    assert(targetMs > 0, 'targetMs is over 0');
    const keylessMs = Math.max(options.keylessMs ?? KEYLESS_MS, 1.5 * targetMs);
    this.#maxBytes = Math.max(maxBytes, MAX_BYTES_LEAST);
    this.#maxDurationMs = keylessMs + ROUNDED_AWAY_MS;
    const [targetTicks, keylessTicks, maxTicks] = [targetMs, keylessMs, this.#maxDurationMs].map(
      (ms) => (ms * TICKS_PER_SECOND) / 1000,
    ) as [number, number, number];
    this.#maker = new PieceMaker({ targetTicks, keylessTicks, maxTicks });
    const choice = program === undefined ? {} : { program };
    this.#reader = new ProgramReader({ ...choice, isInOrder: true });
    this.#pids.follow(undefined, -1, this.#reader.tablePids);
  }

  /** No piece is ever longer: rounded, it is a target duration that stays true. */
  get maxDurationMs(): number {
    return this.#maxDurationMs;
  }

  /** Stands still where the picture does; undefined before the first. */
  get lastDts(): number | undefined {
    return this.#maker.clock.lastDts;
  }

  get lastPcr(): number | undefined {
    return this.#maker.clock.lastPcr;
  }

  stats(): Readonly<CutterStats> {
    const { frames, pieces, continuityErrors, damaged, scrambled, pcrJumps } = this.#counts;
    return {
      ...this.#scanner.stats(),
      hasPat: this.#reader.hasPat,
      program: this.#program?.map.program,
      lead: this.#lead,
      frames,
      pieces,
      discardedPieces: this.#maker.discardedPieces,
      continuityErrors,
      damagedPackets: damaged,
      scrambledPackets: scrambled,
      pcrJumps,
      keyIntervalMaxMs: (this.#maker.keyIntervalMaxTicks * 1000) / TICKS_PER_SECOND,
    };
  }

  /** The pieces that are finished with these bytes. */
  push(bytes: Uint8Array): StreamPiece[] {
    for (const run of this.#scanner.push(bytes)) this.#takeRun(run.bytes, run.skippedBytes);
    return this.#takeFinished();
  }

  /** The stream has ended, or is cut off: what is left of it. */
  flush(): StreamPiece[] {
    for (const run of this.#scanner.flush()) this.#takeRun(run.bytes, run.skippedBytes);
    if (this.#frames?.isOpen === true) this.#endFrame(0, this.#frames.end());
    if (this.#maker.isGathering) {
      this.#maker.endSoon(this.#maker.reckonedTicks, true, this.#position);
      this.#endPiece();
    }
    this.#maker.finishClosing();
    this.#pids.endTails(false);
    return this.#takeFinished();
  }

  #takeFinished(): StreamPiece[] {
    const pieces = this.#maker.takeFinished();
    this.#counts.pieces += pieces.length;
    return pieces;
  }

  #takeRun(bytes: Uint8Array, skippedBytes: number): void {
    if (skippedBytes > 0) this.#maker.noteBreak();
    this.#run = bytes;
    this.#keptFrom = 0;
    for (let at = 0; at < bytes.length; ) {
      const room = this.#roomPackets(at);
      if (room <= 0) this.#cutFull(at);
      else at = this.#takePackets(at, Math.min(bytes.length, at + room * PACKET_BYTES));
    }
    this.#flushTo(bytes.length);
    this.#position += bytes.length;
    this.#run = new Uint8Array();
    this.#keptFrom = 0;
  }

  #roomPackets(at: number): number {
    const unlisted = this.#maker.list === undefined ? 0 : Math.max(0, at - this.#keptFrom);
    return Math.floor((this.#maxBytes - this.#maker.sizeBytes - unlisted) / PACKET_BYTES);
  }

  /** The loop that every packet goes through: nine of ten are done with in its first lines. */
  #takePackets(from: number, stop: number): number {
    const bytes = this.#run;
    const { roles, open } = this.#pids;
    const { last } = this.#pids.continuity;
    let at = from;
    for (; at < stop; at += PACKET_BYTES) {
      const b1 = bytes[at + 1]!;
      const b3 = bytes[at + 3]!;
      const pid = ((b1 & 0x1f) << 8) | bytes[at + 2]!;
      const role = roles[pid]!;
      if (role === ROLE.plain && b1 < 0x40 && b3 >> 4 === 1) {
        // Neither broken nor the start of a unit; clear, with payload and no adaptation field
        const isNext = ((last[pid]! + 1) & 0x0f) === (b3 & 0x0f);
        if (isNext) {
          last[pid] = b3 & 0x0f;
          open[pid] = open[pid]! - (PACKET_BYTES - 4);
          continue;
        }
      }
      if (role !== ROLE.dropped && this.#takePacket(at, pid, role)) continue;
      if (this.#keptFrom < at) this.#flushTo(at);
      this.#keptFrom = at + PACKET_BYTES;
    }
    return at;
  }

  /** True where the packet is kept. */
  #takePacket(at: number, pid: number, role: number): boolean {
    const bytes = this.#run;
    const packet = parsePacket(bytes, at);
    if ((bytes[at + 1]! & 0x80) !== 0) {
      this.#counts.damaged += 1; // transport_error_indicator
      return false;
    }
    if (role === ROLE.table) {
      this.#takeTable(at, packet);
      return false;
    }
    const isLead = pid === this.#lead?.pid;
    const isRepeat = this.#followCounter(packet, isLead);
    if (packet.scrambled) this.#counts.scrambled += 1;
    if (packet.scrambled) this.#maker.noteScrambled();
    this.#pids.open[pid] = this.#pids.open[pid]! - (packet.endAt - packet.payloadAt);
    const startsUnit = packet.unitStart && packet.hasPayload;
    if (startsUnit) this.#pids.beginUnit(bytes, packet);
    if (isLead) return this.#takeLead(at, packet, startsUnit, isRepeat);
    if (packet.pcrAt !== undefined) this.#takePcr(at, packet, false);
    return this.#takeOther(at, packet, startsUnit);
  }

  /** True where the packet is sent a second time. */
  #followCounter({ at, pid, counter }: Packet, isLead: boolean): boolean {
    const bytes = this.#run;
    const { continuity } = this.#pids;
    const b3 = bytes[at + 3]!;
    // ISO/IEC 13818-1 §2.4.3.5: discontinuity_indicator
    const isBreak = (b3 & 0x20) !== 0 && bytes[at + 4]! > 0 && (bytes[at + 5]! & 0x80) !== 0;
    if (isBreak) continuity.forget(pid);
    if (isBreak && (isLead || pid === this.#program?.map.pcrPid)) this.#maker.noteBreak();
    if (!continuity.take(pid, counter, (b3 & 0x10) !== 0)) {
      this.#counts.continuityErrors += 1;
      this.#maker.noteLoss(isLead);
    }
    return continuity.isRepeat(pid);
  }

  #takeLead(at: number, packet: Packet, startsUnit: boolean, isRepeat: boolean): boolean {
    const frames = this.#frames as LeadFrameReader;
    const isStart = startsUnit && !(isRepeat && frames.isOpen);
    if (isStart && frames.isOpen) this.#endFrame(at, frames.end());
    if (isStart) this.#maker.beginFrame();
    if (packet.pcrAt !== undefined) this.#takePcr(at, packet, isStart || frames.isOpen);
    if (isStart) return this.#beginFrame(at, packet, isRepeat);
    if (frames.isOpen && !isRepeat) {
      const frame = frames.goOn(this.#run, packet);
      if (frame !== undefined) this.#endFrame(at, frame);
    }
    return true;
  }

  #beginFrame(at: number, packet: Packet, isRepeat: boolean): boolean {
    this.#counts.frames += 1;
    this.#leadFrames += 1;
    const frame = this.#frames?.begin(this.#run, packet);
    if (frame !== undefined) return this.#decide(at, packet, frame, isRepeat);
    this.#flushTo(at);
    const canTail = this.#maker.isGathering && !this.#maker.isClosing;
    if (canTail) this.#pids.beginTails(packet.pid);
    this.#maker.openHead();
    this.#pids.roles[packet.pid] = ROLE.watched;
    return true;
  }

  /** All that matters of a frame was in its first packet. */
  #decide(at: number, packet: Packet, frame: LeadFrame, isRepeat: boolean): boolean {
    const verdict = this.#maker.judge(frame, this.#position + at, isRepeat);
    if (verdict === 'keep') return true;
    this.#flushTo(at);
    if (verdict !== 'drop') this.#endPiece();
    if (verdict === 'begin') this.#beginPiece(frame);
    else this.#pids.gate(packet.pid);
    return verdict === 'begin';
  }

  /** More packets were needed, which wait in the head, or there are no more. */
  #endFrame(at: number, frame: LeadFrame): void {
    const lead = this.#lead as ProgramStream;
    this.#flushTo(at);
    this.#pids.roles[lead.pid] = ROLE.plain;
    const verdict = this.#maker.judge(frame, this.#position + at, false);
    if (verdict === 'keep') this.#joinHead();
    if (verdict === 'drop' || verdict === 'end') this.#maker.dropHead();
    if (verdict === 'end' || verdict === 'begin') this.#endPiece();
    if (verdict === 'begin') this.#beginPiece(frame);
    if (verdict === 'end' || verdict === 'drop') this.#pids.gate(lead.pid);
  }

  /** The head is part of the piece; so are the units that were amid when it began. */
  #joinHead(): void {
    this.#maker.joinHead();
    if (!this.#maker.isClosing) this.#pids.endTails(true);
  }

  /** Packets of other streams in a head stand for themselves: their units began in it. */
  #endPiece(): void {
    const lead = this.#lead as ProgramStream;
    const hasHead = this.#maker.hasHead;
    const wasClosing = this.#maker.isClosing;
    const wasGathering = this.#maker.isGathering;
    if (wasClosing) this.#pids.endTails(true);
    this.#maker.end();
    if (!hasHead && wasGathering) this.#pids.beginTails(lead.pid);
    if (this.#pids.tails === 0) this.#maker.finishClosing();
  }

  #beginPiece(frame?: LeadFrame): void {
    if (this.#staged !== undefined) this.#follow(this.#staged);
    this.#maker.begin(this.#program as Program, frame);
  }

  #takeOther(at: number, packet: Packet, startsUnit: boolean): boolean {
    const { pid } = packet;
    const isKept = this.#maker.list !== undefined;
    const role = this.#pids.roles[pid];
    if (role === ROLE.tail && !startsUnit) {
      this.#maker.addTail(this.#run, at, at + PACKET_BYTES);
      return false;
    }
    if (role === ROLE.tail) this.#pids.endTail(pid, isKept);
    if (role === ROLE.tail && this.#pids.tails === 0) this.#maker.finishClosing();
    if (role === ROLE.gated && startsUnit && isKept) this.#pids.roles[pid] = ROLE.plain;
    if (startsUnit && pid === this.#sparePid) this.#takeSpare(at, packet);
    if (startsUnit && pid === this.#program?.lead.pid) return this.#returnToLead(at, packet);
    const now = this.#pids.roles[pid];
    return now === ROLE.plain;
  }

  #takePcr(at: number, { pid, pcrAt }: Packet, isInFrame: boolean): void {
    if (pid !== this.#program?.map.pcrPid || pcrAt === undefined) return;
    const base = parsePcrBase(this.#run, pcrAt);
    this.#maker.notePcr(base, isInFrame);
    const b5 = this.#run[at + 5]!;
    if (!this.#maker.clock.takePcr(base)) {
      this.#counts.pcrJumps += 1;
      // ISO/IEC 13818-1 §2.4.3.5: with discontinuity_indicator, a new system time base
      if ((b5 & 0x80) !== 0) this.#maker.cutSoon();
    }
    this.#checkSilence(at);
  }

  #takeSpare(at: number, packet: Packet): void {
    const pts = this.#spareHeaders.read(this.#run, packet)?.pts;
    if (pts === undefined) return;
    this.#maker.clock.takeSpare(pts.value);
    this.#checkSilence(at);
  }

  #checkSilence(at: number): void {
    const judged = this.#maker.judgeSilence();
    if (judged === 'wait') return;
    const audio = this.#program?.map.streams.find(isAudio);
    if (judged === 'begin') {
      this.#flushTo(at);
      this.#abandonFrame();
      this.#endPiece();
      this.#beginPiece();
    } else if (this.#leadFrames === 0 && audio !== undefined && audio.pid !== this.#lead?.pid) {
      this.#useLead(audio);
    }
  }

  /** The frame that has begun is left as it is: part of the piece, if there is one. */
  #abandonFrame(): void {
    if (this.#frames?.isOpen !== true) return;
    this.#frames.end();
    this.#pids.roles[(this.#lead as ProgramStream).pid] = ROLE.plain;
    if (this.#maker.isGathering) this.#joinHead();
    else this.#maker.dropHead();
  }

  /** Nothing more fits the piece: it goes on in another. */
  #cutFull(at: number): void {
    this.#flushTo(at);
    this.#abandonFrame();
    if (!this.#maker.isGathering) return;
    this.#maker.endSoon(this.#maker.reckonedTicks, false, this.#position + at);
    this.#endPiece();
    this.#beginPiece();
  }

  #takeTable(at: number, packet: Packet): void {
    const bytes = this.#run;
    const isPat = packet.pid === PAT_PID;
    let isUsed = this.#reader.read(bytes, packet);
    if (isUsed && isPat && this.#program === undefined) {
      this.#pats += 1;
      if (this.#pats >= PATS_UNTIL_SETTLED) isUsed = this.#reader.settle() || isUsed;
    }
    if (!isUsed) return;
    const program = this.#reader.program;
    if (program === undefined || this.#program === undefined) {
      if (program !== undefined) this.#change(at, program);
      else this.#pids.follow(this.#program, this.#lead?.pid ?? -1, this.#reader.tablePids);
      return;
    }
    this.#takeProgram(at, program, this.#program);
    if (this.#staged !== undefined || this.#program !== program) return;
    this.#flushTo(at);
    if (isPat) this.#maker.writePat(program);
    else this.#maker.writePmt(program);
  }

  #takeProgram(at: number, program: Program, known: Program): void {
    this.#staged = undefined;
    const { lead } = program;
    const isSameLead = lead.pid === known.lead.pid && lead.type === known.lead.type;
    if (!isSameLead || program.map.program !== known.map.program) {
      this.#change(at, program);
    } else if (sameStreams(program, known)) {
      const isPcrElsewhere = program.map.pcrPid !== known.map.pcrPid;
      this.#program = program;
      if (isPcrElsewhere || program.pmtPid !== known.pmtPid) this.#follow(program);
    } else {
      this.#staged = program;
      this.#maker.cutSoon();
      if (!this.#maker.isGathering) this.#follow(program);
    }
  }

  /** Another programme, or another lead stream: the piece ends here. */
  #change(at: number, program: Program): void {
    this.#flushTo(at);
    this.#abandonFrame();
    const isGathering = this.#maker.isGathering;
    this.#maker.endSoon(this.#maker.reckonedTicks, isGathering, this.#position + at);
    if (isGathering) this.#endPiece();
    this.#maker.finishClosing();
    this.#useLead(program.lead);
    this.#follow(program);
  }

  #follow(program: Program): void {
    this.#program = program;
    this.#staged = undefined;
    const lead = this.#lead as ProgramStream;
    this.#sparePid = program.map.streams.find((stream) => isAudio(stream) && stream !== lead)?.pid;
    this.#pids.follow(program, lead.pid, this.#reader.tablePids);
    if (!this.#maker.isGathering) this.#pids.gate(lead.pid);
  }

  #useLead(lead: ProgramStream): void {
    this.#lead = lead;
    this.#leadFrames = 0;
    this.#frames = new LeadFrameReader(lead);
    this.#spareHeaders = new PesHeaderReader();
    this.#maker.clock.changeLead();
    this.#pids.gate(lead.pid);
  }

  /** The lead stream that was silent, so that another took its place, is there after all. */
  #returnToLead(at: number, packet: Packet): boolean {
    this.#change(at, this.#program as Program);
    return this.#takeLead(at, packet, true, false);
  }

  #flushTo(at: number): void {
    if (at > this.#keptFrom) this.#maker.list?.add(this.#run, this.#keptFrom, at);
    this.#keptFrom = at;
  }
}

function sameStreams(left: Program, right: Program): boolean {
  const [ours, theirs] = [left.map.streams, right.map.streams];
  const isSame = (stream: ProgramStream, index: number) =>
    stream.pid === theirs[index]?.pid && stream.type === theirs[index]?.type;
  return ours.length === theirs.length && ours.every(isSame);
}
