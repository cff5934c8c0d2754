// This file makes packed AAC of nothing, or of something, without an encoder.
import { writeAdtsFrame } from '../../src/media/codec/adts-header.ts';

const CONFIG = { objectType: 2, frequencyIndex: 3, channelConfig: 2 } as const;
/** What FDK writes for two channels of nothing. */
const SILENT = Uint8Array.from([0x21, 0x00, 0x49, 0x90, 0x02, 0x19, 0x00, 0x23, 0x80]);
/** A band of the first codebook: nobody decodes it, but it is no silence. */
const HEARD = Uint8Array.from([0x00, 0xc8, 0x00, 0x90, 0x84, 0x00, 0x00, 0x00, 0x0e]);
/** 48 kHz. */
const FRAMES_PER_S = 48_000 / 1024;

/** ADTS of about `seconds`; `heard`: not silent. */
export function adtsSound(seconds: number, isHeard = false): Uint8Array<ArrayBuffer> {
  const frame = isHeard ? HEARD : SILENT;
  const count = Math.round(seconds * FRAMES_PER_S);
  const bytes = new Uint8Array(count * (frame.length + 7));
  let at = 0;
  for (let index = 0; index < count; index++) at = writeAdtsFrame(bytes, at, frame, CONFIG);
  return bytes;
}
