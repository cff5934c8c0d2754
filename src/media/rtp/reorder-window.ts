// This file puts RTP packets back in order and counts those that never came.
import type { RtpPacket } from './packet.ts';

/** A hole is waited for until so many packets have come after it… */
const WINDOW_PACKETS = 64;
/** …or for so long: what networks mix up is nearer together by far. */
const WINDOW_MS = 200;
/** RFC 3550 §A.1: a step farther than this is a sender that began anew (MAX_DROPOUT). */
const JUMP_MAX = 3000;
/** Sequences remembered to tell one that came twice from one that came too late. */
const RECENT = 1024;

export type RtpCounts = { lost: number; reordered: number; duplicates: number };

/** 'break': what follows is another stream than what came before. */
export type Released = Uint8Array | 'break';

type Waiting = { readonly payload: Uint8Array; readonly atMs: number };

/**
 * ```
 *   released │ hole │ waiting …      expected = the sequence of the hole
 * ```
 * Invariant: nothing that waits has the sequence `expected`. A new sender is believed with its
 * second packet in a row, as RFC 3550 §A.1 has it: one stray packet changes nothing.
 */
export class ReorderWindow {
  readonly #waiting = new Map<number, Waiting>();
  readonly #recent = new Set<number>();
  #ssrc: number | undefined;
  #expected = 0;
  #candidate: RtpPacket | undefined;
  #counts: RtpCounts = { lost: 0, reordered: 0, duplicates: 0 };

  /** Since they were last taken. */
  takeCounts(): RtpCounts {
    const counts = this.#counts;
    this.#counts = { lost: 0, reordered: 0, duplicates: 0 };
    return counts;
  }

  /** What can be passed on with this packet, in order. */
  push(packet: RtpPacket, nowMs: number): Released[] {
    const released: Released[] = [];
    if (this.#ssrc === undefined) this.#begin(packet, released);
    else if (this.#isElsewhere(packet)) this.#takeCandidate(packet, released);
    else this.#take(packet, nowMs, released);
    this.#release(nowMs, released);
    return released;
  }

  /** What has waited for long enough; to be asked a few times within `WINDOW_MS`. */
  due(nowMs: number): Released[] {
    const released: Released[] = [];
    this.#release(nowMs, released);
    return released;
  }

  #isElsewhere({ ssrc, sequence }: RtpPacket): boolean {
    return ssrc !== this.#ssrc || Math.abs(stepOf(this.#expected, sequence)) > JUMP_MAX;
  }

  #begin({ ssrc, sequence, payload }: RtpPacket, released: Released[]): void {
    this.#ssrc = ssrc;
    this.#recent.clear();
    this.#pass(sequence, payload, released);
  }

  #takeCandidate(packet: RtpPacket, released: Released[]): void {
    const first = this.#candidate;
    this.#candidate = packet;
    if (first === undefined || first.ssrc !== packet.ssrc) return;
    if (stepOf(first.sequence, packet.sequence) !== 1) return;
    this.#candidate = undefined;
    for (const sequence of this.#inOrder()) {
      released.push((this.#waiting.get(sequence) as Waiting).payload);
    }
    this.#waiting.clear();
    released.push('break');
    this.#begin(first, released);
    this.#pass(packet.sequence, packet.payload, released);
  }

  #take({ sequence, payload }: RtpPacket, nowMs: number, released: Released[]): void {
    this.#candidate = undefined;
    const step = stepOf(this.#expected, sequence);
    if (step === 0) {
      if (this.#waiting.size > 0) this.#counts.reordered++;
      this.#pass(sequence, payload, released);
    } else if (step < 0) {
      // One that comes too late was counted as lost when it was given up
      if (this.#recent.has(sequence)) this.#counts.duplicates++;
    } else if (this.#waiting.has(sequence)) this.#counts.duplicates++;
    else {
      const newest = Math.max(
        0,
        ...[...this.#waiting.keys()].map((s) => stepOf(this.#expected, s)),
      );
      if (step < newest) this.#counts.reordered++;
      this.#waiting.set(sequence, { payload, atMs: nowMs });
    }
  }

  #release(nowMs: number, released: Released[]): void {
    this.#passRun(released);
    while (this.#waiting.size > 0) {
      const oldestMs = Math.min(...[...this.#waiting.values()].map(({ atMs }) => atMs));
      if (this.#waiting.size < WINDOW_PACKETS && nowMs - oldestMs < WINDOW_MS) return;
      const [next] = this.#inOrder();
      this.#counts.lost += stepOf(this.#expected, next as number);
      this.#expected = next as number;
      this.#passRun(released);
    }
  }

  #passRun(released: Released[]): void {
    for (;;) {
      const next = this.#waiting.get(this.#expected);
      if (next === undefined) return;
      this.#waiting.delete(this.#expected);
      this.#pass(this.#expected, next.payload, released);
    }
  }

  #pass(sequence: number, payload: Uint8Array, released: Released[]): void {
    released.push(payload);
    this.#recent.add(sequence);
    if (this.#recent.size > RECENT)
      this.#recent.delete(this.#recent.values().next().value as number);
    this.#expected = (sequence + 1) & 0xffff;
  }

  #inOrder(): number[] {
    const step = (sequence: number) => stepOf(this.#expected, sequence);
    return [...this.#waiting.keys()].sort((a, b) => step(a) - step(b));
  }
}

/** From one sequence to another, over the wrap at 2^16, the short way. */
function stepOf(from: number, to: number): number {
  const step = (to - from) & 0xffff;
  return step >= 0x8000 ? step - 0x10000 : step;
}
