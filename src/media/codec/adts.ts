// This file counts AAC frames in a stream of ADTS.
import { SAMPLE_RATES } from './sample-rates.ts';

const HEADER_BYTES = 7;
const SAMPLES_PER_BLOCK = 1024;

/** Counts over pieces of any size; where the bytes are no ADTS it has lost count until `begin`. */
export class AdtsCounter {
  #header: number[] = [];
  #skipBytes = 0;
  #seconds = 0;
  #isLost = false;

  /** How long the frames are that began since `begin`; undefined where they could not be read. */
  get seconds(): number | undefined {
    return this.#isLost ? undefined : this.#seconds;
  }

  /** A PES packet begins; the last frame of the one before it may go on. */
  begin(): void {
    this.#seconds = 0;
    if (!this.#isLost) return;
    this.#isLost = false;
    this.#header = [];
    this.#skipBytes = 0;
  }

  read(bytes: Uint8Array, from: number, to: number): void {
    for (let at = from; at < to && !this.#isLost; ) {
      const skipped = Math.min(this.#skipBytes, to - at);
      this.#skipBytes -= skipped;
      at += skipped;
      if (at >= to) return;
      this.#header.push(bytes[at]!);
      at += 1;
      if (this.#header.length === HEADER_BYTES) this.#takeHeader();
    }
  }

  // ISO/IEC 14496-3 §1.A.2.2.1 and §1.A.2.2.2
  #takeHeader(): void {
    const [b0 = 0, b1 = 0, b2 = 0, b3 = 0, b4 = 0, b5 = 0, b6 = 0] = this.#header;
    const rate = SAMPLE_RATES[(b2 >> 2) & 0x0f];
    const length = ((b3 & 3) << 11) | (b4 << 3) | (b5 >> 5); // aac_frame_length
    const isSync = b0 === 0xff && (b1 & 0xf6) === 0xf0; // syncword, layer
    this.#header = [];
    if (!isSync || rate === undefined || length < HEADER_BYTES) {
      this.#isLost = true;
      return;
    }
    this.#skipBytes = length - HEADER_BYTES;
    const blocks = 1 + (b6 & 3); // number_of_raw_data_blocks_in_frame
    this.#seconds += (blocks * SAMPLES_PER_BLOCK) / rate;
  }
}
