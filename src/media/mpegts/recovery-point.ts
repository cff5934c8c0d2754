// This file reads the recovery point that an encoder announces before a picture.

/** 'exact': what is decoded from here on is right at once; 'gradual': after some pictures. */
export type RecoveryPoint = 'exact' | 'gradual';

// H.264 §D.1.1 and H.265 §D.2.1: payloadType of recovery_point
const RECOVERY_POINT = 6;

/** Reads the messages of one SEI unit byte by byte. */
export class RecoveryPointReader {
  /** The zero bytes that came last, for the emulation prevention. */
  #zeros = 0;
  #field: 'type' | 'size' | 'payload' = 'type';
  #type = 0;
  #size = 0;

  /** A unit begins with the next byte. */
  begin(): void {
    this.#zeros = 0;
    this.#field = 'type';
    this.#type = 0;
    this.#size = 0;
  }

  // H.264 §7.3.2.3.1 and H.265 §7.3.5: sei_message
  read(byte: number): RecoveryPoint | undefined {
    // H.264 §7.3.1: emulation_prevention_three_byte
    const isEmulation = this.#zeros >= 2 && byte === 3;
    this.#zeros = byte === 0 ? this.#zeros + 1 : 0;
    if (isEmulation) return undefined;
    if (this.#field === 'type') {
      this.#type += byte;
      if (byte !== 0xff) this.#field = 'size';
    } else if (this.#field === 'size') {
      this.#size += byte;
      if (byte !== 0xff) this.#endSize();
    } else {
      // H.264 §D.1.8: recovery_frame_cnt, ue(v); H.265 §D.2.8: recovery_poc_cnt, se(v); 0 is one 1
      if (this.#type === RECOVERY_POINT) return byte >= 0x80 ? 'exact' : 'gradual';
      this.#size -= 1;
      if (this.#size === 0) this.#next();
    }
    return undefined;
  }

  #endSize(): void {
    if (this.#size === 0) this.#next();
    else this.#field = 'payload';
  }

  #next(): void {
    this.#field = 'type';
    this.#type = 0;
    this.#size = 0;
  }
}
