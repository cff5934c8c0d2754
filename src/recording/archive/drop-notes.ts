// This file says in the log what archives have let go of, without a line for each segment.
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { DropReason } from './archive-counts.ts';

/** An archive that is full lets go of a segment each few seconds, for ever. */
const SAY_EVERY_MS = 600_000;

type Note = { segments: number; bytes: number };

export class DropNotes {
  readonly #clock: Clock;
  readonly #log: Log;
  /** By channel and reason, since it was said last. */
  readonly #notes = new Map<string, Note>();
  readonly #saidMs = new Map<string, number>();

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  dropped(channel: string, reason: DropReason, bytes: number): void {
    const key = `${channel} ${reason}`;
    const note = this.#notes.get(key) ?? { segments: 0, bytes: 0 };
    note.segments++;
    note.bytes += bytes;
    this.#notes.set(key, note);
  }

  /** More is held than may be, since all that is old enough to go is being watched. */
  watched(channel: string, overBytes: number): void {
    if (!this.#isDue(`${channel} watched`)) return;
    const message = 'archive is over its size: what would go is being watched';
    this.#log.warn(message, { channel, overBytes });
  }

  /** The first at once, what follows it now and then. */
  say(): void {
    for (const [key, { segments, bytes }] of this.#notes) {
      if (!this.#isDue(key)) continue;
      this.#notes.delete(key);
      const [channel, reason] = key.split(' ');
      this.#log.info('archive let go of its oldest', { channel, reason, segments, bytes });
    }
  }

  #isDue(key: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - (this.#saidMs.get(key) ?? Number.NEGATIVE_INFINITY) < SAY_EVERY_MS) return false;
    this.#saidMs.set(key, nowMs);
    return true;
  }
}
