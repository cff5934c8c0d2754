// This file knows the places at which a file may be cut into segments.
import type { Counters } from './counters.ts';
import { NULL_PID, type Packet } from './packet.ts';
import { PAT_PID } from './pat.ts';
import type { Program } from './program-reader.ts';

export type Cut = {
  readonly offset: number;
  readonly program: Program;
  /** The tables stand at the cut, before anything else. */
  readonly hasTables: boolean;
  /** The last counter of each table before the cut. */
  readonly patCounter: number | undefined;
  readonly pmtCounter: number | undefined;
  /** No header of a packet lies across the cut. */
  readonly isClean: boolean;
};

type Run = {
  readonly offset: number;
  readonly patCounter: number | undefined;
  readonly pmtCounter: number | undefined;
  readonly begun: Set<number>;
  readonly whole: Set<number>;
};

/** Follows the tables that stand right before a frame: the cut is made before them. */
export class CutPlaces {
  #run: Run | undefined;

  /** True where nothing but tables came since the last media. */
  get isAmidTables(): boolean {
    return this.#run !== undefined;
  }

  /** A packet that carries no media; `counters` is as it was before the packet. */
  addTable(packet: Packet, offset: number, counters: Counters, program: Program | undefined): void {
    if (packet.pid === NULL_PID) return;
    this.#run ??= {
      offset,
      patCounter: counters.get(PAT_PID)?.last,
      pmtCounter: program === undefined ? undefined : counters.get(program.pmtPid)?.last,
      begun: new Set(),
      whole: new Set(),
    };
    if (packet.unitStart) this.#run.begun.add(packet.pid);
  }

  /** The table on `pid` is whole with the last packet. */
  endTable(pid: number): void {
    if (this.#run?.begun.has(pid)) this.#run.whole.add(pid);
  }

  /** The cut before the frame that begins with the packet at `offset`. */
  take(offset: number, counters: Counters, program: Program, isClean: boolean): Cut {
    const run = this.#run;
    return {
      offset: run?.offset ?? offset,
      program,
      hasTables: run?.whole.has(PAT_PID) === true && run.whole.has(program.pmtPid),
      patCounter: run === undefined ? counters.get(PAT_PID)?.last : run.patCounter,
      pmtCounter: run === undefined ? counters.get(program.pmtPid)?.last : run.pmtCounter,
      isClean,
    };
  }

  addMedia(): void {
    this.#run = undefined;
  }
}
