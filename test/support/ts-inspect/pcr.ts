// This file checks the program clock reference of MPEG-TS.
import type { Say } from './say.ts';
import { mod, WRAP_27M, wrapped } from './wrap.ts';

export class PcrCheck {
  readonly #say: Say;
  readonly #intervalMaxMs: number;
  #pid: number | undefined;
  /** Unwrapped, in 27 MHz ticks. */
  readonly values: number[] = [];
  seenIntervalMaxMs = 0;

  constructor(say: Say, intervalMaxMs: number) {
    this.#say = say;
    this.#intervalMaxMs = intervalMaxMs;
  }

  /** The clock now as 33 bits in 90 kHz; undefined before the first PCR. */
  get base(): number | undefined {
    const last = this.values.at(-1);
    return last === undefined ? undefined : Math.floor(mod(last, WRAP_27M) / 300);
  }

  /** `mapPid` is the PID that the program map names. */
  take(view: DataView, at: number, pid: number, mapPid: number | undefined): void {
    this.#pid = mapPid ?? this.#pid ?? pid;
    if (pid !== this.#pid) {
      this.#say(at, `PID ${pid}: a PCR, wanted on PID ${this.#pid} only`);
      return;
    }
    const base = view.getUint32(6) * 2 + (view.getUint8(10) >> 7);
    const raw = base * 300 + (view.getUint16(10) & 0x1ff);
    const last = this.values.at(-1);
    if (last === undefined) {
      this.values.push(raw);
      return;
    }
    const step = wrapped(raw - mod(last, WRAP_27M), WRAP_27M);
    this.values.push(last + step);
    const stepMs = step / 27_000;
    this.seenIntervalMaxMs = Math.max(this.seenIntervalMaxMs, stepMs);
    if (step <= 0) this.#say(at, `PCR goes back by ${-stepMs} ms`);
    if (stepMs > this.#intervalMaxMs) {
      this.#say(at, `PCR after ${stepMs} ms, wanted ${this.#intervalMaxMs} ms at most`);
    }
  }
}
