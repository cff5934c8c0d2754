// This file follows one programme of an endless stream and cuts it at its frames.
import type { CutJudge } from './cut-judge.ts';
import type { KeptRun } from './kept-run.ts';
import { type LeadFrame, LeadFrameReader } from './lead-frame.ts';
import type { Packet } from './packet.ts';
import type { PieceMaker } from './piece-maker.ts';
import { isAudio, type ProgramStream } from './pmt.ts';
import type { Program, ProgramReader } from './program-reader.ts';
import { ROLE, type StreamPids } from './stream-pids.ts';

export class ProgramCutter {
  readonly #reader: ProgramReader;
  readonly #pids: StreamPids;
  readonly #judge: CutJudge;
  readonly #maker: PieceMaker;
  readonly #run: KeptRun;
  #program: Program | undefined;
  /** The same programme with other streams: followed from the next cut on. */
  #staged: Program | undefined;
  #lead: ProgramStream | undefined;
  #frames: LeadFrameReader | undefined;
  /** Since the lead stream is the lead. */
  #leadFrames = 0;
  #frameCount = 0;

  constructor(
    reader: ProgramReader,
    pids: StreamPids,
    judge: CutJudge,
    maker: PieceMaker,
    run: KeptRun,
  ) {
    this.#reader = reader;
    this.#pids = pids;
    this.#judge = judge;
    this.#maker = maker;
    this.#run = run;
    this.#followTables();
  }

  get program(): Program | undefined {
    return this.#program;
  }

  get lead(): ProgramStream | undefined {
    return this.#lead;
  }

  get frameCount(): number {
    return this.#frameCount;
  }

  /** True while a packet of the lead stream belongs to a frame that began before and is open. */
  get isAmidFrame(): boolean {
    return this.#frames?.isOpen === true;
  }

  /** A frame begins at `at`; true where the packet is kept. */
  beginFrame(at: number, packet: Packet, isRepeat: boolean): boolean {
    this.#frameCount += 1;
    this.#leadFrames += 1;
    const frame = this.#frames?.begin(this.#run.bytes, packet);
    if (frame !== undefined) return this.#decide(at, frame, isRepeat);
    this.#flushTo(at);
    if (this.#maker.isGathering && !this.#maker.isClosing) this.#pids.beginTails(packet.pid);
    this.#maker.openHead();
    this.#pids.roles[packet.pid] = ROLE.watched;
    return true;
  }

  /** More of the frame that is open. */
  goOn(at: number, packet: Packet): void {
    const frame = this.#frames?.goOn(this.#run.bytes, packet);
    if (frame !== undefined) this.#endFrame(at, frame);
  }

  /** No more of it comes, though its kind is not known. */
  endFrame(at: number): void {
    if (this.#frames?.isOpen === true) this.#endFrame(at, this.#frames.end());
  }

  /** All that matters of a frame was in its first packet. */
  #decide(at: number, frame: LeadFrame, isRepeat: boolean): boolean {
    const verdict = this.#verdict(at, frame, isRepeat);
    if (verdict === 'keep') return true;
    this.#flushTo(at);
    if (verdict !== 'drop') this.#endPiece();
    if (verdict === 'begin') this.#beginPiece(frame);
    else this.#seekOn();
    return verdict === 'begin';
  }

  /** More packets were needed, which wait in the head, or there are no more. */
  #endFrame(at: number, frame: LeadFrame): void {
    this.#flushTo(at);
    this.#unwatchLead();
    const verdict = this.#verdict(at, frame, false);
    if (verdict === 'keep') this.#joinHead();
    if (verdict === 'drop' || verdict === 'end') this.#maker.dropHead();
    if (verdict === 'end' || verdict === 'begin') this.#endPiece();
    if (verdict === 'begin') this.#beginPiece(frame);
    if (verdict === 'end' || verdict === 'drop') this.#seekOn();
  }

  #verdict(at: number, frame: LeadFrame, isRepeat: boolean) {
    const { startTicks } = this.#maker;
    const position = this.#run.positionOf(at);
    const verdict = this.#judge.judge(frame, startTicks, position, isRepeat);
    if (verdict === 'keep') this.#maker.keepFrame(frame);
    if (this.#maker.finishLate(this.#judge.clock.ticks)) this.#pids.endTails(true);
    return verdict;
  }

  /** Nothing is kept until a frame begins a piece. */
  #seekOn(): void {
    this.#pids.gate((this.#lead as ProgramStream).pid);
  }

  /** The head is part of the piece; so are the units that were amid when it began. */
  #joinHead(): void {
    this.#maker.joinHead();
    if (!this.#maker.isClosing) this.#pids.endTails(true);
  }

  /** What was amid goes on in the piece that ends; with a head, that is known since its beginning. */
  #endPiece(): void {
    const { hasHead, isClosing, isGathering } = this.#maker;
    if (isClosing) this.#pids.endTails(true);
    this.#maker.end(this.#judge.end, this.#judge.clock.spacingTicks, this.#judge.maxTicks);
    if (!hasHead && isGathering) this.#pids.beginTails((this.#lead as ProgramStream).pid);
    if (this.#pids.tails === 0) this.#maker.finishClosing();
  }

  #beginPiece(frame?: LeadFrame): void {
    if (this.#staged !== undefined) this.#follow(this.#staged);
    const { clock, end } = this.#judge;
    const isDiscontinuous = this.#judge.takeDiscontinuity();
    const isNext = frame === undefined && !isDiscontinuous;
    const startTicks = isNext ? end.ticks : clock.ticks;
    const program = this.#program as Program;
    this.#maker.begin({ program, startTicks, isDiscontinuous, frame });
  }

  /** Another stream's clock went on. */
  checkSilence(at: number): void {
    const judged = this.#judge.judgeSilence(this.#maker.startTicks);
    if (judged === 'wait') return;
    if (judged === 'begin') {
      this.#flushTo(at);
      this.#abandonFrame();
      this.#endPiece();
      this.#beginPiece();
      return;
    }
    const audio = this.#program?.map.streams.find(isAudio);
    if (this.#leadFrames === 0 && audio !== undefined) this.#useLead(audio);
  }

  /** Nothing more fits the piece: it goes on in another. */
  cutFull(at: number): void {
    this.#flushTo(at);
    this.#abandonFrame();
    if (!this.#maker.isGathering) return;
    this.#judge.endReckoned(false, this.#run.positionOf(at));
    this.#endPiece();
    this.#beginPiece();
  }

  /** Nothing comes for a while: what there is is finished as it is, and goes on in another piece. */
  cutSilent(): void {
    this.cutFull(0);
    this.#maker.finishClosing();
    this.#pids.endTails(true);
    // It begins amid a group of pictures, and is not to be longer than others for it
    this.#judge.endSoon();
  }

  /** The stream is over. */
  end(): void {
    this.endFrame(0);
    this.#judge.endReckoned(this.#maker.isGathering, this.#run.positionOf(0));
    if (this.#maker.isGathering) this.#endPiece();
    this.#maker.finishClosing();
    this.#pids.endTails(false);
    if (this.#lead !== undefined) this.#seekOn();
  }

  /** The frame that has begun is left as it is: part of the piece, if there is one. */
  #abandonFrame(): void {
    if (this.#frames?.isOpen !== true) return;
    this.#frames.end();
    this.#unwatchLead();
    if (this.#maker.isGathering) this.#joinHead();
    else this.#maker.dropHead();
  }

  #unwatchLead(): void {
    this.#pids.roles[(this.#lead as ProgramStream).pid] = ROLE.plain;
  }

  /** The tables are as they were, or others; true where those that are followed stand as they are. */
  takeTables(at: number): boolean {
    const { program } = this.#reader;
    const known = this.#program;
    if (program === undefined) this.#followTables();
    else if (known === undefined) this.#change(at, program);
    else this.#takeProgram(at, program, known);
    return program !== undefined && this.#program === program;
  }

  #takeProgram(at: number, program: Program, known: Program): void {
    this.#staged = undefined;
    const isSame = program.map.program === known.map.program;
    if (!isSame || !isSameStream(program.lead, known.lead)) {
      this.#change(at, program);
    } else if (hasSameStreams(program, known) || !this.#maker.isGathering) {
      this.#follow(program);
    } else {
      this.#staged = program;
      this.#judge.cutSoon();
    }
  }

  /** Another programme, or another lead stream: the piece ends here. */
  #change(at: number, program: Program): void {
    this.#flushTo(at);
    this.#abandonFrame();
    const { isGathering } = this.#maker;
    this.#judge.endReckoned(isGathering, this.#run.positionOf(at));
    if (isGathering) this.#endPiece();
    this.#maker.finishClosing();
    this.#useLead(program.lead);
    this.#follow(program);
  }

  #follow(program: Program): void {
    this.#program = program;
    this.#staged = undefined;
    this.#followTables();
    if (!this.#maker.isGathering) this.#seekOn();
  }

  #followTables(): void {
    this.#pids.follow(this.#program, this.#lead?.pid, this.#reader.tablePids);
  }

  #useLead(lead: ProgramStream): void {
    this.#lead = lead;
    this.#leadFrames = 0;
    this.#frames = new LeadFrameReader(lead);
    this.#judge.clock.changeLead();
    this.#pids.gate(lead.pid);
  }

  /** The lead stream that was silent, so that another took its place, is there after all. */
  returnToLead(at: number): void {
    this.#change(at, this.#program as Program);
  }

  #flushTo(at: number): void {
    this.#run.flushTo(at, this.#maker.list);
  }
}

function isSameStream(left: ProgramStream, right: ProgramStream | undefined): boolean {
  return left.pid === right?.pid && left.type === right.type;
}

function hasSameStreams(left: Program, right: Program): boolean {
  const theirs = right.map.streams;
  const ours = left.map.streams;
  return (
    ours.length === theirs.length && ours.every((stream, at) => isSameStream(stream, theirs[at]))
  );
}
