// This file makes the ID3 tags of packed audio by hand.
import { type Bytes, join, text, u32, u64 } from '../../support/fmp4-boxes.ts';

const OWNER = 'com.apple.streaming.transportStreamTimestamp';

export function stampFrame(ticks: bigint, owner = OWNER): Uint8Array {
  const body = join(text(`${owner}\0`), u64(ticks));
  return join(text('PRIV'), u32(body.length), [0, 0], body);
}

/** The size in four times seven bits. */
export function id3Tag(frames: Bytes, version = 4): Uint8Array {
  const size = [21, 14, 7, 0].map((shift) => (frames.length >> shift) & 0x7f);
  return join(text('ID3'), [version, 0, 0], size, frames);
}
