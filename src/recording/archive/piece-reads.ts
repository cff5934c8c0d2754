// This file reads pieces of bodies that lie in files, and never waits for a disk for long.
import { type Clock, within } from '../../base/clock.ts';
import { AppError } from '../../base/errors.ts';
import { HostSlots } from '../../net/host-slots.ts';

/** A disk that hangs holds one thread each, of those that all files of the process share. */
const AT_ONCE = 4;
/** Somebody has just looked at the whole of it: it comes at once or not at all. */
const PIECE_MS = 8000;
const READ = 'read';

export class PieceReads {
  readonly #clock: Clock;
  readonly #slots = new HostSlots(AT_ONCE);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** All of its bytes. Throws where they do not come, or are not there any more. */
  async piece(body: Blob, at: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    const endMs = this.#clock.monotonicMs() + PIECE_MS;
    const slot = await this.#slots.takeWithin(this.#clock, READ, PIECE_MS);
    const reading = slot && readWith(slot, body.slice(at, end));
    const leftMs = endMs - this.#clock.monotonicMs();
    const bytes = reading && (await within(this.#clock, reading, leftMs));
    if (bytes?.length === end - at) return bytes;
    const state = bytes === undefined ? 'it does not come' : `${bytes.length} bytes came`;
    const message = `Cannot send the archive: ${state}, wanted ${end - at} bytes`;
    throw new AppError('RECORDING_BODY', message);
  }
}

/** Goes on after its caller, so that reads which hang are counted. */
async function readWith(slot: Disposable, piece: Blob): Promise<Uint8Array<ArrayBuffer>> {
  using _held = slot;
  return await piece.bytes();
}
