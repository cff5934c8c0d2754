// This file is a body on its way from upstream, followed by any number of readers.
import { AppError } from '../base/errors.ts';
import { Signal } from '../base/signal.ts';

/** What a reader is told when a body breaks under it: its connection must break too. */
export class BodyBrokenError extends AppError {
  constructor(message: string, cause?: unknown) {
    super('RING_BODY_BROKEN', message, {}, cause);
  }
}

/** Read step of a follower once the body is whole: bounds what a slow reader holds. */
const WHOLE_STEP_BYTES = 256 * 1024;

/**
 * ```
 *   chunks arrive ──► chunks[] ──► whole (Blob, chunks dropped)
 *                        │  └────► failed (readers get an error)
 *                        └───────► broken: other bytes come from the start, readers so far fail
 * ```
 * Invariant: every reader gets the bytes of one upstream answer from the first to the last, or an
 * error.
 */
export class InFlight {
  #chunks: Uint8Array[] = [];
  #whole: Blob | undefined;
  #error: Error | undefined;
  #sizeBytes = 0;
  #generation = 0;
  readonly #changed = new Signal();
  /** Readers that follow it or wait for its first byte. */
  readers = 0;

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /**
   * What does not go on where the last ended is left out: who asks again for what failed may come
   * after the first bytes of the next fetch, and waits for the whole of it.
   */
  append(bytes: Uint8Array, offset = this.#sizeBytes): void {
    if (offset !== this.#sizeBytes) return;
    this.#chunks.push(bytes);
    this.#sizeBytes += bytes.byteLength;
    this.#changed.fire();
  }

  /** The attempt so far cannot be continued: who has read of it fails, the next begins anew. */
  restart(): void {
    if (this.#sizeBytes === 0) return;
    this.#generation++;
    this.#chunks = [];
    this.#sizeBytes = 0;
    this.#changed.fire();
  }

  complete(whole: Blob): void {
    this.#whole = whole;
    this.#chunks = [];
    this.#changed.fire();
  }

  fail(error: Error): void {
    this.#error = error;
    this.#chunks = [];
    this.#changed.fire();
  }

  /** Resolves with the whole body once it is there; rejects when it is given up. */
  async whole(): Promise<Blob> {
    while (this.#whole === undefined) {
      if (this.#error !== undefined) throw this.#error;
      await this.#changed.next();
    }
    return this.#whole;
  }

  /** Resolves with the whole body, or with 'streaming' as soon as there is a first byte. */
  async begun(): Promise<Blob | 'streaming'> {
    while (this.#whole === undefined) {
      if (this.#error !== undefined) throw this.#error;
      if (this.#sizeBytes > 0) return 'streaming';
      await this.#changed.next();
    }
    return this.#whole;
  }

  /**
   * The body as it arrives. Pulled: nothing is queued for a reader that does not read; the chunks
   * are shared by all readers.
   */
  stream(onEnd: () => void = () => {}): ReadableStream<Uint8Array> {
    const generation = this.#generation;
    let index = 0;
    let offset = 0;
    let ended = false;
    const end = () => {
      if (ended) return;
      ended = true;
      this.readers--;
      onEnd();
    };
    this.readers++;
    const take = async (): Promise<Uint8Array | undefined> => {
      for (;;) {
        if (this.#generation !== generation) {
          throw new BodyBrokenError('Cannot go on with the body: upstream broke off within it');
        }
        if (this.#error !== undefined) throw this.#error;
        if (this.#whole !== undefined) {
          const rest = this.#whole.slice(offset, offset + WHOLE_STEP_BYTES);
          return rest.size === 0 ? undefined : new Uint8Array(await rest.arrayBuffer());
        }
        const chunk = this.#chunks[index];
        if (chunk !== undefined) {
          index++;
          return chunk;
        }
        await this.#changed.next();
      }
    };
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          try {
            const chunk = await take();
            if (chunk === undefined) {
              end();
              controller.close();
              return;
            }
            offset += chunk.byteLength;
            controller.enqueue(chunk);
          } catch (error) {
            end();
            controller.error(error);
          }
        },
        cancel: end,
      },
      { highWaterMark: 0 },
    );
  }
}
