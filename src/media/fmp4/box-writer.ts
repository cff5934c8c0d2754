// This file writes boxes: fields in their order, each box closed with the size it came to.
import { assert } from '../../base/assert.ts';

/** An init segment of a picture and a sound takes about half of it. */
const FIRST_BYTES = 2048;

export class BoxWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #at = 0;
  /** Where the boxes begin that are open. */
  readonly #open: number[] = [];

  constructor(sizeBytes = FIRST_BYTES) {
    this.#bytes = new Uint8Array(sizeBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get at(): number {
    return this.#at;
  }

  // ISO/IEC 14496-12 §4.2.2
  open(type: string): void {
    this.#open.push(this.#at);
    this.u32(0); // size
    this.text(type); // type
  }

  // ISO/IEC 14496-12 §4.2.2: FullBox
  openFull(type: string, version: number, flags: number): void {
    this.open(type);
    this.u32(version * 2 ** 24 + flags);
  }

  close(): void {
    const from = this.#open.pop();
    assert(from !== undefined, 'a box that is closed was opened');
    this.#view.setUint32(from, this.#at - from);
  }

  u8(value: number): void {
    const at = this.#advance(1);
    this.#view.setUint8(at, value);
  }

  u16(value: number): void {
    const at = this.#advance(2);
    this.#view.setUint16(at, value);
  }

  u32(value: number): void {
    const at = this.#advance(4);
    this.#view.setUint32(at, value);
  }

  i32(value: number): void {
    const at = this.#advance(4);
    this.#view.setInt32(at, value);
  }

  u64(value: number): void {
    const at = this.#advance(8);
    this.#view.setBigUint64(at, BigInt(value));
  }

  zeros(count: number): void {
    this.#advance(count);
  }

  bytes(bytes: ArrayLike<number>): void {
    const at = this.#advance(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** Characters of one byte each. */
  text(text: string): void {
    for (let index = 0; index < text.length; index++) this.u8(text.charCodeAt(index));
  }

  /** A field that was left open before what it says was known. */
  patchU32(at: number, value: number): void {
    this.#view.setUint32(at, value);
  }

  /** What was written. */
  end(): Uint8Array<ArrayBuffer> {
    assert(this.#open.length === 0, 'all boxes are closed');
    return this.#bytes.subarray(0, this.#at);
  }

  /** The bytes may lie elsewhere after it. */
  #advance(count: number): number {
    const at = this.#at;
    this.#at += count;
    if (this.#at > this.#bytes.length) {
      const bytes = new Uint8Array(Math.max(this.#at, this.#bytes.length * 2));
      bytes.set(this.#bytes);
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer);
    }
    return at;
  }
}
