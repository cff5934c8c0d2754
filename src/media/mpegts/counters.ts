// This file follows the continuity counters of every stream of a file.
import { NULL_PID, type Packet } from './packet.ts';

/** The counters of one PID from its first packet to its last; those between are not changed. */
export type CounterSpan = {
  readonly first: number;
  readonly last: number;
  /** The counter of a packet without payload is that of the packet before it. */
  readonly firstHasPayload: boolean;
};

// ISO/IEC 13818-1 §2.4.3.3: continuity_counter, undefined for null packets
export class Counters {
  readonly #spans = new Map<number, CounterSpan>();

  add(packet: Packet): void {
    if (packet.pid === NULL_PID) return;
    const { counter } = packet;
    const span = this.#spans.get(packet.pid) ?? {
      first: counter,
      last: counter,
      firstHasPayload: packet.hasPayload,
    };
    this.#spans.set(packet.pid, span.last === counter ? span : { ...span, last: counter });
  }

  get(pid: number): CounterSpan | undefined {
    return this.#spans.get(pid);
  }

  get spans(): ReadonlyMap<number, CounterSpan> {
    return this.#spans;
  }

  clear(): void {
    this.#spans.clear();
  }
}

/** What is added to the counters of `after` so that they go on where those of `before` end. */
export function counterStep(before: CounterSpan, after: CounterSpan): number {
  return (before.last + (after.firstHasPayload ? 1 : 0) - after.first + 16) % 16;
}
