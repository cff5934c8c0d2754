// This file is an endless stream whose connections do what a test wrote down.
import { type Clock, sleep } from '../../src/base/clock.ts';
import type { StreamConnection, StreamInput } from '../../src/source/stream/input.ts';

/** Bytes come, a number is a pause in milliseconds, an error breaks the connection. */
export type StreamStep = Uint8Array | number | Error;

export type ScriptedConnection = {
  readonly steps: Iterable<StreamStep>;
  readonly isFinite?: boolean;
  readonly isHeldBack?: boolean;
};

/** The n-th connection (from 0); one that is an error is refused with it. */
export type StreamScript = (attempt: number) => ScriptedConnection | Error;

export class ScriptedStream implements StreamInput {
  readonly #clock: Clock;
  readonly #script: StreamScript;
  readonly openedMs: number[] = [];
  /** Connections that are open now. */
  openCount = 0;
  mostOpen = 0;

  constructor(clock: Clock, script: StreamScript) {
    this.#clock = clock;
    this.#script = script;
  }

  async open(signal: AbortSignal): Promise<StreamConnection> {
    const answer = this.#script(this.openedMs.length);
    this.openedMs.push(this.#clock.monotonicMs());
    if (answer instanceof Error) throw answer;
    this.openCount++;
    this.mostOpen = Math.max(this.mostOpen, this.openCount);
    const { steps, isHeldBack = true } = answer;
    let isOpen = true;
    return {
      chunks: this.#play(steps, signal),
      isFinite: answer.isFinite ?? false,
      isHeldBack,
      [Symbol.asyncDispose]: async () => {
        if (isOpen) this.openCount--;
        isOpen = false;
      },
    };
  }

  async *#play(steps: Iterable<StreamStep>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    for (const step of steps) {
      if (signal.aborted) throw new Error('aborted');
      if (step instanceof Error) throw step;
      if (typeof step === 'number') await sleep(this.#clock, step, signal);
      else yield step;
    }
  }
}
