// This file gathers the packets of an endless stream into pieces.
import type { PieceEnd } from './cut-judge.ts';
import { KeptTables } from './kept-tables.ts';
import type { LeadFrame } from './lead-frame.ts';
import { Arena, PacketList } from './packet-list.ts';
import type { Program } from './program-reader.ts';
import { OpenPiece, type StreamPiece } from './stream-piece.ts';
import { TICKS_PER_SECOND } from './timestamp.ts';

export type PieceBegin = {
  readonly program: Program;
  readonly startTicks: number;
  readonly isDiscontinuous: boolean;
  /** Absent where it begins amid a frame. */
  readonly frame: LeadFrame | undefined;
};

/** A unit that goes on longer, in time or bytes, goes on in the next piece. */
const TAIL_MAX_TICKS = TICKS_PER_SECOND;
const TAIL_MAX_BYTES = 1024 * 1024;
/** Between breaks that follow each other more closely, nothing can be watched. */
const SHORT_TICKS = TICKS_PER_SECOND / 2;
const SHORT_IN_A_ROW_MAX = 3;

/**
 *   seeking ──begin──► gathering ──end, begin──► gathering …
 *      ▲                   │ end
 *      └───────────────────┘      the piece that ended is `closing` until its last units are whole
 */
export class PieceMaker {
  readonly #arena = new Arena();
  readonly #tables = new KeptTables();
  readonly #finished: StreamPiece[] = [];
  #current: OpenPiece | undefined;
  #closing: { readonly piece: OpenPiece; readonly ticks: number } | undefined;
  /** The frame whose kind is not known yet, and what came after its beginning. */
  #head: PacketList | undefined;
  /** The first since the last frame began. */
  #framePcr: number | undefined;
  #tailBytes = 0;
  #shortInARow = 0;
  #discardedPieces = 0;

  /** Where packets go; undefined while they are dropped. */
  get list(): PacketList | undefined {
    return this.#head ?? this.#current?.list;
  }

  /** When the piece began; undefined while seeking. */
  get startTicks(): number | undefined {
    return this.#current?.startTicks;
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

  get discardedPieces(): number {
    return this.#discardedPieces;
  }

  takeFinished(): StreamPiece[] {
    return this.#finished.splice(0);
  }

  noteScrambled(): void {
    this.#current?.noteScrambled();
  }

  noteLoss(): void {
    this.#current?.noteLoss();
  }

  /** A lead frame begins with this packet. */
  beginFrame(): void {
    this.#framePcr = undefined;
  }

  /** The frame is part of the piece. */
  keepFrame(frame: LeadFrame): void {
    this.#current?.noteFrame(frame);
    if (this.#framePcr !== undefined) this.#current?.notePcr(this.#framePcr);
  }

  notePcr(base: number, isInFrame: boolean): void {
    this.#framePcr ??= base;
    if (!isInFrame) this.#current?.notePcr(base);
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

  /** The rest of a unit that began before the cut, or before the head; false: it is too long. */
  addTail(bytes: Uint8Array, from: number, to: number): boolean {
    this.#tailBytes += to - from;
    (this.#closing?.piece ?? this.#current)?.list.add(bytes, from, to);
    return this.#tailBytes < TAIL_MAX_BYTES;
  }

  /** The tables again, where they stood; not amid a head, which a piece may begin with. */
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

  /** `leastTicks` is the length of a piece in which no time passed. */
  end(end: PieceEnd, leastTicks: number, maxTicks: number): void {
    const piece = this.#current;
    this.finishClosing();
    this.#current = undefined;
    if (piece === undefined || piece.isEmpty) return;
    const isShort = end.isBreak && end.ticks - piece.startTicks < SHORT_TICKS;
    this.#shortInARow = isShort ? this.#shortInARow + 1 : 0;
    piece.end(end.ticks, end.isExact, leastTicks, maxTicks);
    this.#tailBytes = 0;
    if (this.#shortInARow <= SHORT_IN_A_ROW_MAX) this.#closing = { piece, ticks: end.ticks };
    else this.#discardedPieces += 1;
  }

  /** The head goes into it. */
  begin({ program, startTicks, isDiscontinuous, frame }: PieceBegin): void {
    const list = new PacketList(this.#arena);
    this.#tables.writePat(program, list);
    this.#tables.writePmt(program, list);
    if (this.#head !== undefined) list.append(this.#head);
    this.#head = undefined;
    const kind = frame?.kind ?? 'other';
    const number = program.map.program;
    this.#current = new OpenPiece({ list, startTicks, kind, isDiscontinuous, program: number });
    if (frame !== undefined) this.keepFrame(frame);
  }

  /** True where a piece was closing whose units take too long. */
  finishLate(ticks: number): boolean {
    if (this.#closing === undefined || ticks - this.#closing.ticks <= TAIL_MAX_TICKS) return false;
    this.finishClosing();
    return true;
  }

  finishClosing(): void {
    if (this.#closing !== undefined) this.#finished.push(this.#closing.piece.finish());
    this.#closing = undefined;
  }
}
