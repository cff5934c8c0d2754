// This file tells where on its own clock a piece of MPEG-TS begins.
import { headOf } from '../chunk-cursor.ts';
import { PACKET_BYTES, parsePacket, SYNC_BYTE } from './packet.ts';
import { parsePcrBase, ticksBetween } from './timestamp.ts';

/**
 * Most begin with one. It comes every 100 ms at the latest (ISO/IEC 13818-1 §2.7.2): the larger
 * head is as much at 40 Mbit/s.
 */
const HEAD_BYTES = [16 * 1024, 512 * 1024] as const;

/** A piece that begins less than this after the one before it does not move: 90 kHz. */
const STANDING_TICKS = 900;

/** Does the later of two pieces in a row begin where the earlier did? */
export function pcrStands(earlier: number, later: number): boolean {
  return Math.abs(ticksBetween(earlier, later)) <= STANDING_TICKS;
}

/** The first PCR, 90 kHz; undefined where there is none, or what is no MPEG-TS. */
export function firstPcr(chunks: readonly Uint8Array[]): number | undefined {
  for (const headBytes of HEAD_BYTES) {
    const pcr = firstPcrIn(headOf(chunks, headBytes));
    if (pcr !== undefined) return pcr;
  }
  return undefined;
}

function firstPcrIn(head: Uint8Array): number | undefined {
  for (let at = 0; at + PACKET_BYTES <= head.length; at += PACKET_BYTES) {
    if (head[at] !== SYNC_BYTE) return undefined;
    const { pcrAt } = parsePacket(head, at);
    if (pcrAt !== undefined) return parsePcrBase(head, pcrAt);
  }
  return undefined;
}
