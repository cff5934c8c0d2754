// This file looks at every packet of an endless stream and says which are kept.
import type { CutJudge } from './cut-judge.ts';
import type { KeptRun } from './kept-run.ts';
import { PACKET_BYTES, type Packet, parsePacket } from './packet.ts';
import { PAT_PID } from './pat.ts';
import { PesHeaderReader } from './pes.ts';
import type { PieceMaker } from './piece-maker.ts';
import { isAudio } from './pmt.ts';
import type { ProgramCutter } from './program-cutter.ts';
import type { ProgramReader } from './program-reader.ts';
import { ROLE, type StreamPids } from './stream-pids.ts';
import { parsePcrBase } from './timestamp.ts';

/** The maps of all programmes come between two PATs, or nearly. */
const PATS_UNTIL_SETTLED = 5;

export type SorterCounts = {
  continuityErrors: number;
  damagedPackets: number;
  scrambledPackets: number;
  pcrJumps: number;
};

export type SorterParts = {
  readonly reader: ProgramReader;
  readonly pids: StreamPids;
  readonly judge: CutJudge;
  readonly maker: PieceMaker;
  readonly run: KeptRun;
  readonly cutter: ProgramCutter;
};

export class PacketSorter {
  readonly #parts: SorterParts;
  readonly #spareHeaders = new PesHeaderReader();
  readonly counts: SorterCounts = {
    continuityErrors: 0,
    damagedPackets: 0,
    scrambledPackets: 0,
    pcrJumps: 0,
  };
  #pats = 0;

  constructor(parts: SorterParts) {
    this.#parts = parts;
  }

  /** The loop that every packet goes through: nine of ten are done with in its first lines. */
  take(from: number, stop: number): void {
    const { pids, run, maker } = this.#parts;
    const { bytes } = run;
    const { roles, open } = pids;
    const { last } = pids.continuity;
    for (let at = from; at < stop; at += PACKET_BYTES) {
      const b1 = bytes[at + 1]!;
      const b3 = bytes[at + 3]!;
      const pid = ((b1 & 0x1f) << 8) | bytes[at + 2]!;
      const role = roles[pid]!;
      // Neither broken nor the start of a unit; clear, with payload and no adaptation field
      if (role === ROLE.plain && b1 < 0x40 && b3 >> 4 === 1) {
        const isNext = ((last[pid]! + 1) & 0x0f) === (b3 & 0x0f);
        if (isNext) {
          last[pid] = b3 & 0x0f;
          open[pid] = open[pid]! - (PACKET_BYTES - 4);
          continue;
        }
      }
      const isKept = role !== ROLE.dropped && this.#takePacket(at, pid, role);
      if (!isKept) run.skip(at, at + PACKET_BYTES, maker.list);
    }
  }

  /** True where the packet is kept. */
  #takePacket(at: number, pid: number, role: number): boolean {
    const { run, pids, maker, cutter } = this.#parts;
    const { bytes } = run;
    if ((bytes[at + 1]! & 0x80) !== 0) {
      this.counts.damagedPackets += 1; // transport_error_indicator
      return false;
    }
    const packet = parsePacket(bytes, at);
    if (role === ROLE.table) {
      this.#takeTable(at, packet);
      return false;
    }
    const isLead = pid === cutter.lead?.pid;
    const isRepeat = this.#followCounter(packet, isLead);
    if (packet.scrambled) {
      this.counts.scrambledPackets += 1;
      maker.noteScrambled();
    }
    const startsUnit = packet.unitStart && packet.hasPayload;
    if (startsUnit) pids.beginUnit(bytes, packet);
    else pids.open[pid] = pids.open[pid]! - (packet.endAt - packet.payloadAt);
    if (isLead) return this.#takeLead(at, packet, startsUnit, isRepeat);
    if (packet.pcrAt !== undefined) this.#takePcr(packet, false);
    return this.#takeOther(at, packet, startsUnit);
  }

  /** True where the packet is sent a second time. */
  #followCounter({ at, pid, counter }: Packet, isLead: boolean): boolean {
    const { run, pids, judge, maker, cutter } = this.#parts;
    const { continuity } = pids;
    const isBreak = isDiscontinuous(run.bytes, at);
    if (isBreak) continuity.forget(pid);
    if (isBreak && (isLead || pid === cutter.program?.map.pcrPid)) judge.noteBreak();
    const hasPayload = (run.bytes[at + 3]! & 0x10) !== 0;
    if (!continuity.take(pid, counter, hasPayload)) {
      this.counts.continuityErrors += 1;
      maker.noteLoss();
      if (isLead) judge.noteBreak();
    }
    return continuity.isRepeat(pid);
  }

  #takeLead(at: number, packet: Packet, startsUnit: boolean, isRepeat: boolean): boolean {
    const { cutter, maker } = this.#parts;
    const isStart = startsUnit && !(isRepeat && cutter.isAmidFrame);
    if (isStart) {
      cutter.endFrame(at);
      maker.beginFrame();
    }
    if (packet.pcrAt !== undefined) this.#takePcr(packet, isStart || cutter.isAmidFrame);
    if (isStart) return cutter.beginFrame(at, packet, isRepeat);
    if (cutter.isAmidFrame && !isRepeat) cutter.goOn(at, packet);
    return true;
  }

  #takeOther(at: number, packet: Packet, startsUnit: boolean): boolean {
    const { pids, maker, run, cutter } = this.#parts;
    const { pid } = packet;
    const role = pids.roles[pid];
    if (role === ROLE.tail && !startsUnit) {
      if (!maker.addTail(run.bytes, at, at + PACKET_BYTES)) this.#endTails();
      return false;
    }
    if (!startsUnit) return role === ROLE.plain;
    const isKept = maker.list !== undefined;
    if (role === ROLE.tail) pids.endTail(pid, isKept);
    if (role === ROLE.tail && pids.tails === 0) maker.finishClosing();
    if (role === ROLE.gated && isKept) pids.roles[pid] = ROLE.plain;
    if (pid === cutter.program?.lead.pid) {
      cutter.returnToLead(at);
      return this.#takeLead(at, packet, true, false);
    }
    if (pid === cutter.program?.map.streams.find(isAudio)?.pid) this.#takeSpare(at, packet);
    return pids.roles[pid] === ROLE.plain;
  }

  /** The units that are amid are longer than any that would be waited for. */
  #endTails(): void {
    this.#parts.maker.finishClosing();
    this.#parts.pids.endTails(this.#parts.maker.list !== undefined);
  }

  #takePcr({ at, pid, pcrAt }: Packet, isInFrame: boolean): void {
    const { run, maker, judge, cutter } = this.#parts;
    if (pid !== cutter.program?.map.pcrPid || pcrAt === undefined) return;
    const base = parsePcrBase(run.bytes, pcrAt);
    maker.notePcr(base, isInFrame);
    if (!judge.clock.takePcr(base)) {
      this.counts.pcrJumps += 1;
      // ISO/IEC 13818-1 §2.4.3.5: with discontinuity_indicator, a new system time base
      if (maker.isGathering && isDiscontinuous(run.bytes, at)) judge.cutSoon();
    }
    // A frame that brings its own time ends the silence
    if (!isInFrame) cutter.checkSilence(at);
  }

  #takeSpare(at: number, packet: Packet): void {
    const { run, judge, cutter } = this.#parts;
    const pts = this.#spareHeaders.read(run.bytes, packet)?.pts;
    if (pts === undefined) return;
    judge.clock.takeSpare(pts.value);
    cutter.checkSilence(at);
  }

  #takeTable(at: number, packet: Packet): void {
    const { reader, cutter, maker, run } = this.#parts;
    if (!reader.read(run.bytes, packet)) return;
    const isPat = packet.pid === PAT_PID;
    if (isPat && cutter.program === undefined && ++this.#pats >= PATS_UNTIL_SETTLED) {
      reader.settle();
    }
    if (!cutter.takeTables(at) || cutter.program === undefined) return;
    run.flushTo(at, maker.list);
    if (isPat) maker.writePat(cutter.program);
    else maker.writePmt(cutter.program);
  }
}

// ISO/IEC 13818-1 §2.4.3.5: discontinuity_indicator
function isDiscontinuous(bytes: Uint8Array, at: number): boolean {
  return (bytes[at + 3]! & 0x20) !== 0 && bytes[at + 4]! > 0 && (bytes[at + 5]! & 0x80) !== 0;
}
