// This file tells an endless transport stream from a playlist by how its answer begins.
import { PacketScanner } from '../../media/mpegts/packet-scanner.ts';
import { decodeText } from '../../net/text.ts';

/** So much without a packet or a playlist is neither; servers may begin amid a packet. */
export const SNIFF_MAX_BYTES = 64 * 1024;

export type Verdict = 'playlist' | 'stream' | 'neither' | 'unknown';

/** Is asked with each chunk of the beginning, in order; 'unknown' where more must be seen. */
export class Sniffer {
  readonly #scanner = new PacketScanner();
  #head: Uint8Array = new Uint8Array(0);
  #verdict: Verdict = 'unknown';

  push(chunk: Uint8Array): Verdict {
    if (this.#verdict === 'unknown') this.#verdict = this.#look(chunk);
    return this.#verdict;
  }

  #look(chunk: Uint8Array): Verdict {
    const head = new Uint8Array(this.#head.length + chunk.length);
    head.set(this.#head);
    head.set(chunk, this.#head.length);
    this.#head = head;
    const start = decodeText(head.subarray(0, 512)).trimStart();
    if (start.startsWith('#EXT')) return 'playlist';
    if (this.#scanner.push(chunk).length > 0) return 'stream';
    if (head.length >= SNIFF_MAX_BYTES) return 'neither';
    return 'unknown';
  }
}
