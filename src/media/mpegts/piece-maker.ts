// This file decides where the pieces of an endless stream begin and end.
import { CutRule } from './cut-rule.ts';
import { LeadClock } from './lead-clock.ts';
import type { LeadFrame } from './lead-frame.ts';
import { Arena, PacketList } from './packet-list.ts';
import type { Program } from './program-reader.ts';
import { ProgramTables } from './program-tables.ts';
import { OpenPiece, type StreamPiece } from './stream-piece.ts';
import { TICKS_PER_SECOND } from './timestamp.ts';

/**
 * 'keep': the frame goes on in the piece; 'begin': a piece begins with it; 'end': the piece ends
 * before it and none begins; 'drop': none has begun and it begins none.
 */
export type Verdict = 'keep' | 'begin' | 'end' | 'drop';

export type PieceLimits = {
  readonly targetTicks: number;
  readonly keylessTicks: number;
  readonly maxTicks: number;
};

/** What is waited for a key frame in at the beginning, then the picture starts anyhow. */
const SEEK_MAX_BYTES = 16 * 1024 * 1024;
/** A lead stream that says nothing for this long is left to the other clocks. */
const SILENCE_TICKS = 3 * TICKS_PER_SECOND;
/** PES packets of other streams are whole within this, or go on in the next piece. */
const TAIL_MAX_TICKS = TICKS_PER_SECOND;
/** Between two jumps that follow each other more closely, nothing can be watched. */
const SHORT_TICKS = TICKS_PER_SECOND / 2;
const SHORT_IN_A_ROW_MAX = 3;

/**
 *   seeking ──begin──► gathering ──begin──► gathering …
 *      ▲                   │ end
 *      └───────────────────┘      the piece that ended is `closing` until its last units are whole
 */
export class PieceMaker {
  readonly clock = new LeadClock();
  readonly #limits: PieceLimits;
  readonly #rule: CutRule;
  readonly #arena = new Arena();
  readonly #tables = new ProgramTables();
  readonly #finished: StreamPiece[] = [];
  #current: OpenPiece | undefined;
  #closing: { readonly piece: OpenPiece; readonly ticks: number } | undefined;
  /** The frame whose kind is not known yet, and what came after its beginning. */
  #head: PacketList | undefined;
  /** The first since the last frame began. */
  #framePcr: number | undefined;
  #end = { ticks: 0, isExact: false, isBreak: false };
  #seekFrom = { ticks: 0, position: 0 };
  #isBroken = false;
  #isNextDiscontinuous = false;
  #mustCut = false;
  #shortInARow = 0;
  #discardedPieces = 0;

  constructor(limits: PieceLimits) {
    this.#limits = limits;
    this.#rule = new CutRule(limits);
  }

  /** Where packets go; undefined while they are dropped. */
  get list(): PacketList | undefined {
    return this.#head ?? this.#current?.list;
  }

  get isGathering(): boolean {
    return this.#current !== undefined;
  }

  get hasHead(): boolean {
    return this.#head !== undefined;
  }

  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  get sizeBytes(): number {
    return (this.#current?.list.sizeBytes ?? 0) + (this.#head?.sizeBytes ?? 0);
  }

  get keyIntervalMaxTicks(): number {
    return this.#rule.intervalMaxTicks;
  }

  get discardedPieces(): number {
    return this.#discardedPieces;
  }

  takeFinished(): StreamPiece[] {
    return this.#finished.splice(0);
  }

  noteScrambled(): void {
    this.#current?.noteScrambled();
  }

  /** Packets were lost; `isAtLead`: also of the lead stream, or of nobody knows which. */
  noteLoss(isAtLead: boolean): void {
    this.#current?.noteLoss();
    if (isAtLead) this.#isBroken = true;
  }

  noteBreak(): void {
    this.#isBroken = true;
  }

  /** A lead frame begins with this packet. */
  beginFrame(): void {
    this.#framePcr = undefined;
  }

  notePcr(base: number, isInFrame: boolean): void {
    this.#framePcr ??= base;
    if (!isInFrame) this.#current?.notePcr(base);
  }

  /** The piece ends at the next key frame, whatever its length, and the next is discontinuous. */
  cutSoon(): void {
    this.#mustCut = this.#current !== undefined;
  }

  openHead(): void {
    this.#head = new PacketList(this.#arena);
  }

  joinHead(): void {
    if (this.#head !== undefined) this.#current?.list.append(this.#head);
    this.#head = undefined;
  }

  dropHead(): void {
    this.#head = undefined;
  }

  /** The rest of a unit that began before the cut, or before the head. */
  addTail(bytes: Uint8Array, from: number, to: number): void {
    (this.#closing?.piece ?? this.#current)?.list.add(bytes, from, to);
  }

  writePat(program: Program): void {
    if (this.#head === undefined && this.#current !== undefined) {
      this.#tables.writePat(program, this.#current.list);
    }
  }

  writePmt(program: Program): void {
    if (this.#head === undefined && this.#current !== undefined) {
      this.#tables.writePmt(program, this.#current.list);
    }
  }

  /** `position` counts the bytes of the stream; a repeated packet begins no frame anew. */
  judge(frame: LeadFrame, position: number, isRepeat: boolean): Verdict {
    const { clock } = this;
    const piece = this.#current;
    const time = frame.dts ?? frame.pts;
    if (isRepeat && time === clock.lastDts) return piece === undefined ? 'drop' : 'keep';
    const reckonedTicks = clock.ticks + clock.spacingTicks;
    const step = clock.takeFrame(frame);
    const isBroken = this.#isBroken;
    this.#isBroken = false;
    if (step === 'jump') this.#rule.forget();
    this.#rule.note(frame.kind, clock.ticks);
    this.#checkTails();
    if (piece === undefined) return this.#judgeStart(frame, position);
    if (step === 'jump') {
      this.endSoon(reckonedTicks, true, position);
      return this.#judgeStart(frame, position) === 'begin' ? 'begin' : 'end';
    }
    if (step === 'timed' && this.#isDue(frame, piece, reckonedTicks, position, isBroken)) {
      return 'begin';
    }
    piece.noteFrame(frame);
    if (this.#framePcr !== undefined) piece.notePcr(this.#framePcr);
    return 'keep';
  }

  #isDue(
    frame: LeadFrame,
    piece: OpenPiece,
    reckonedTicks: number,
    position: number,
    isBroken: boolean,
  ): boolean {
    const { ticks, spacingTicks } = this.clock;
    const elapsedTicks = ticks - piece.startTicks;
    if (elapsedTicks > this.#limits.maxTicks) {
      // The frames between are lost or never were: no segment may be said to be that long
      this.endSoon(reckonedTicks, true, position);
      return true;
    }
    const isForced = this.#mustCut && frame.kind !== 'other';
    const isDue = this.#rule.isDue(frame.kind, ticks, elapsedTicks, spacingTicks);
    if (!isDue && !isForced) return false;
    this.#end = { ticks, isExact: true, isBreak: false };
    if (isBroken || this.#mustCut) this.#isNextDiscontinuous = true;
    return true;
  }

  #judgeStart({ kind }: LeadFrame, position: number): Verdict {
    const { ticks } = this.clock;
    const isLate = position - this.#seekFrom.position >= SEEK_MAX_BYTES;
    const waitedTicks = ticks - this.#seekFrom.ticks;
    return isLate || this.#rule.mayBegin(kind, ticks, waitedTicks) ? 'begin' : 'drop';
  }

  /** The time at which the piece ends that is to be ended with no frame after it. */
  endSoon(ticks: number, isBreak: boolean, position: number): void {
    this.#end = { ticks, isExact: false, isBreak };
    if (isBreak) this.#isNextDiscontinuous = true;
    this.#seekFrom = { ticks: this.clock.ticks, position };
  }

  /** Where the last frame ends, as far as can be told. */
  get reckonedTicks(): number {
    return this.clock.ticks + this.clock.spacingTicks;
  }

  end(): void {
    const piece = this.#current;
    this.finishClosing();
    this.#current = undefined;
    this.#mustCut = false;
    if (piece === undefined) return;
    const { ticks, isExact, isBreak } = this.#end;
    const isShort = isBreak && ticks - piece.startTicks < SHORT_TICKS;
    this.#shortInARow = isShort ? this.#shortInARow + 1 : 0;
    piece.end(ticks, isExact, this.clock.spacingTicks, this.#limits.maxTicks);
    if (this.#shortInARow <= SHORT_IN_A_ROW_MAX) this.#closing = { piece, ticks };
    else this.#discardedPieces += 1;
  }

  /** The head goes into it; without a frame it begins amid one. */
  begin(program: Program, frame?: LeadFrame): void {
    const list = new PacketList(this.#arena);
    this.#tables.writePat(program, list);
    this.#tables.writePmt(program, list);
    if (this.#head !== undefined) list.append(this.#head);
    this.#head = undefined;
    const piece = new OpenPiece({
      list,
      startTicks: frame === undefined ? this.#end.ticks : this.clock.ticks,
      kind: frame?.kind ?? 'other',
      isDiscontinuous: this.#isNextDiscontinuous,
      program: program.map.program,
    });
    if (frame !== undefined) piece.noteFrame(frame);
    if (frame !== undefined && this.#framePcr !== undefined) piece.notePcr(this.#framePcr);
    this.#isNextDiscontinuous = false;
    this.#current = piece;
  }

  finishClosing(): void {
    if (this.#closing !== undefined) this.#finished.push(this.#closing.piece.finish());
    this.#closing = undefined;
  }

  /** What to do about a lead stream that is silent while the others go on. */
  judgeSilence(): 'wait' | 'begin' | 'seek on' {
    const { silentTicks, ticks } = this.clock;
    if (silentTicks < SILENCE_TICKS) return 'wait';
    if (this.#current === undefined) return 'seek on';
    const elapsedTicks = ticks + silentTicks - this.#current.startTicks;
    if (elapsedTicks < this.#limits.keylessTicks) return 'wait';
    this.clock.passSilence();
    this.#end = { ticks: this.clock.ticks, isExact: true, isBreak: false };
    return 'begin';
  }

  #checkTails(): void {
    const closing = this.#closing;
    if (closing !== undefined && this.clock.ticks - closing.ticks > TAIL_MAX_TICKS) {
      this.finishClosing();
    }
  }
}
