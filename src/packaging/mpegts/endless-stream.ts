// This file is one channel as an endless transport stream, made once for all who watch it.
import { type Clock, sleep } from '../../base/clock.ts';
import { errorFields, errorRecord } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { othersTurn } from '../../base/turn.ts';
import type { SplicePiece } from '../../media/mpegts/splice-writer.ts';
import { Splicer } from '../../media/mpegts/splicer.ts';
import { Pacer } from './pacer.ts';
import { StreamBuffer, StreamReader } from './stream-buffer.ts';
import type { TransportSegment, TransportSource } from './transport-source.ts';

export type EndlessDeps = {
  readonly clock: Clock;
  readonly log: Log;
  /** Lets others have their turn between two steps. */
  readonly turn?: () => Promise<void>;
};

export type EndlessStats = {
  readonly viewers: number;
  readonly bytes: number;
  readonly skips: number;
  readonly splices: number;
};

/** Segments that cannot be used, in a row, after which there is nothing to be hoped for. */
const UNUSABLE_MAX = 20;

/**
 * ```
 *   segments ─► splicer ─► pacer ─► buffer ─┬─► viewer
 *                                           └─► viewer …
 * ```
 * It runs from the first viewer to the last; the channel behind it lingers on its own.
 */
export class EndlessStream {
  readonly #source: TransportSource;
  readonly #deps: EndlessDeps;
  readonly #buffer = new StreamBuffer();
  readonly #onEnd: () => void;
  readonly #stopped = new AbortController();
  #viewers = 0;
  #skips = 0;
  #splices = 0;
  #lastTicks = 0;

  /** `gone`: the channel is no more. `onEnd` is called once, when nothing more will come. */
  constructor(source: TransportSource, gone: AbortSignal, deps: EndlessDeps, onEnd: () => void) {
    this.#source = source;
    this.#deps = deps;
    this.#onEnd = onEnd;
    const signal = AbortSignal.any([this.#stopped.signal, gone]);
    void this.#run(signal).finally(() => this.#end());
  }

  /**
   * The stream as one viewer gets it, from a key frame on. `onEnd`: the viewer has gone; `ended`: he
   * may watch no more.
   */
  watch(onEnd: () => void, ended?: AbortSignal): ReadableStream<Uint8Array> {
    const reader = new StreamReader(this.#buffer);
    let isOver = false;
    const over = () => {
      if (isOver) return;
      isOver = true;
      this.#viewers--;
      this.#skips += reader.skips;
      onEnd();
      if (this.#viewers === 0) this.#end();
    };
    this.#viewers++;
    return new ReadableStream<Uint8Array>(
      {
        start(controller) {
          ended?.addEventListener('abort', () => {
            if (isOver) return;
            over();
            controller.close();
          });
        },
        async pull(controller) {
          const bytes = await reader.next();
          if (isOver) return;
          if (bytes !== undefined) {
            controller.enqueue(bytes);
            return;
          }
          over();
          controller.close();
        },
        cancel: over,
      },
      { highWaterMark: 0 },
    );
  }

  stats(): EndlessStats {
    const { sizeBytes: bytes } = this.#buffer;
    return { viewers: this.#viewers, bytes, skips: this.#skips, splices: this.#splices };
  }

  /** At once: who comes now begins another. */
  #end(): void {
    if (this.#buffer.ended) return;
    this.#stopped.abort();
    this.#buffer.end();
    this.#onEnd();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { log } = this.#deps;
    const splicer = new Splicer();
    const pacer = new Pacer();
    let unusable = 0;
    while (unusable < UNUSABLE_MAX) {
      try {
        const segment = await this.#source.next(signal);
        if (segment === undefined) return;
        splicer.begin(segment.bytes, segment);
        const isUsed = await this.#write(splicer, segment, pacer, signal);
        if (!isUsed && segment.isBeginning) this.#source.again();
        unusable = isUsed ? 0 : unusable + 1;
      } catch (error) {
        unusable++;
        log.warn('segment left out of the stream', errorFields(errorRecord(error)));
      }
    }
    log.error('stream ended: nothing of the channel can be used for it', {});
  }

  /** False where nothing of the segment went out. */
  async #write(
    splicer: Splicer,
    { isBeginning }: TransportSegment,
    pacer: Pacer,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { log, turn = othersTurn } = this.#deps;
    for (;;) {
      const step = splicer.next();
      switch (step.kind) {
        case 'busy':
          // A viewer waits for the first of it: a turn of the others may take as long as all of it
          if (!isBeginning) await turn();
          break;
        case 'piece':
          if (!signal.aborted) await this.#letOut(step, pacer, signal);
          await turn();
          break;
        case 'end':
          this.#splices += step.splices;
          if (step.reason !== undefined) log.debug('segment spliced', { reason: step.reason });
          return step.outcome !== 'skipped';
      }
    }
  }

  async #letOut(piece: SplicePiece, pacer: Pacer, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    const joins = piece.marks.filter(({ isJoin, offset }) => isJoin && offset > 0);
    const cuts = [0, ...joins.map(({ offset }) => offset), piece.bytes.length];
    for (const [index, from] of cuts.slice(0, -1).entries()) {
      const to = cuts[index + 1] as number;
      const marks = piece.marks.filter(({ offset }) => offset >= from && offset < to);
      this.#lastTicks = Math.max(this.#lastTicks, marks[0]?.time90k ?? 0);
      const nowMs = clock.monotonicMs();
      const waitMs = pacer.dueMs(this.#lastTicks, nowMs) - nowMs;
      if (waitMs > 1) await sleep(clock, waitMs, signal);
      if (signal.aborted) return;
      const isJoin = marks.some((mark) => mark.isJoin && mark.offset === from);
      const bytes = piece.bytes.subarray(from, to);
      this.#buffer.append({ bytes, time90k: this.#lastTicks, isJoin });
    }
  }
}
