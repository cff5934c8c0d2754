// This file checks the continuity counters of MPEG-TS.
import type { Say } from './say.ts';

type State = { readonly counter: number; readonly packet: Uint8Array; readonly repeats: number };

// ISO/IEC 13818-1 §2.4.3.3: it goes up with each payload, stands without one, and a packet may be
// sent twice
export class ContinuityCheck {
  readonly #states = new Map<number, State>();
  readonly #say: Say;

  constructor(say: Say) {
    this.#say = say;
  }

  /** `isNew` is the discontinuity_indicator. */
  take(packet: Uint8Array, at: number, pid: number, hasPayload: boolean, isNew: boolean): void {
    const counter = (packet[3] as number) & 0x0f;
    const state = this.#states.get(pid);
    this.#states.set(pid, { counter, packet, repeats: 0 });
    if (state === undefined || isNew) return;
    const wanted = hasPayload ? (state.counter + 1) % 16 : state.counter;
    if (counter === wanted) return;
    const isRepeat = counter === state.counter && sameBytes(packet, state.packet);
    if (isRepeat && state.repeats === 0) this.#states.set(pid, { counter, packet, repeats: 1 });
    else this.#say(at, `PID ${pid}: continuity counter ${counter}, wanted ${wanted}`);
  }
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.every((byte, index) => byte === right[index]);
}
