// This file is the queue of segments that wait to be put into a tier.
import type { Stored, TierKey } from './tier.ts';

export type WaitingPut = {
  readonly key: TierKey;
  readonly stored: Stored;
  /** Asked once: of a body that lies in a file each look is a call of the system. */
  readonly sizeBytes: number;
  readonly expiresAtMs: number;
  /** How often it failed. */
  tries: number;
  /** Is told once: held, or dropped. */
  readonly settle: (isHeld: boolean) => void;
};

export type QueueLimits = {
  readonly maxCount: number;
  readonly maxBytes: number;
};

/** Over its limits the oldest are dropped: what is newest is asked for soonest. */
export class PutQueue {
  readonly #limits: QueueLimits;
  readonly #waiting: WaitingPut[] = [];
  #bytes = 0;
  #dropped = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  stats(): { readonly queued: number; readonly queuedBytes: number; readonly dropped: number } {
    return { queued: this.#waiting.length, queuedBytes: this.#bytes, dropped: this.#dropped };
  }

  /** One that is alone may be over the limit of bytes: else it could never be put. */
  push(put: WaitingPut): void {
    this.#waiting.push(put);
    this.#bytes += put.sizeBytes;
    this.#trim();
  }

  /** One that was taken and failed; it is the oldest again. */
  giveBack(put: WaitingPut): void {
    this.#waiting.unshift(put);
    this.#bytes += put.sizeBytes;
    this.#trim();
  }

  /** The oldest whose time is not over. */
  take(nowMs: number): WaitingPut | undefined {
    for (;;) {
      const put = this.#shift();
      if (put === undefined || put.expiresAtMs > nowMs) return put;
      this.drop(put);
    }
  }

  drop(put: WaitingPut): void {
    this.#dropped++;
    put.settle(false);
  }

  dropAll(): void {
    for (let put = this.#shift(); put !== undefined; put = this.#shift()) this.drop(put);
  }

  #trim(): void {
    const { maxCount, maxBytes } = this.#limits;
    while (
      this.#waiting.length > maxCount ||
      (this.#bytes > maxBytes && this.#waiting.length > 1)
    ) {
      this.drop(this.#shift()!);
    }
  }

  #shift(): WaitingPut | undefined {
    const put = this.#waiting.shift();
    this.#bytes -= put?.sizeBytes ?? 0;
    return put;
  }
}
