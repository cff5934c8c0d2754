// This file checks that a transport stream segment is whole.
import type { Flaw } from '../flaw.ts';
import { PACKET_BYTES, SYNC_BYTE } from './packet.ts';

// ISO/IEC 13818-1 §2.4.3.2
/** Whole packets, each with its sync byte: one look per packet, its place kept over chunks. */
export function checkTransportStream(chunks: readonly Uint8Array[]): Flaw | undefined {
  /** Bytes before this chunk. */
  let before = 0;
  /** Place of the next sync byte, counted from the start of this chunk. */
  let next = 0;
  for (const chunk of chunks) {
    const size = chunk.length;
    for (; next < size; next += PACKET_BYTES) {
      if (chunk[next] !== SYNC_BYTE) return lostSync(before + next, chunk[next] as number);
    }
    next -= size;
    before += size;
  }
  if (before === 0) return { reason: 'it is empty, wanted transport stream packets', offset: 0 };
  if (next === 0) return undefined;
  const rest = PACKET_BYTES - next;
  const reason = `the last packet has ${rest} bytes, wanted ${PACKET_BYTES}`;
  return { reason, offset: before - rest };
}

function lostSync(offset: number, byte: number): Flaw {
  const seen = `0x${byte.toString(16).padStart(2, '0')}`;
  const packet = Math.floor(offset / PACKET_BYTES);
  return { reason: `packet ${packet} begins with ${seen}, wanted 0x47`, offset };
}
