// This file makes MPEG-TS that does nothing but tell its clock.
import { tsPacket } from './ts-packets.ts';

const TICKS_27MHZ = 300;

/** Whole media: `before` packets without a clock, then one that tells `ticks` of 90 kHz. */
export function tsWithClock(ticks: number, before = 0): Uint8Array {
  const plain = tsPacket({ pid: 0x100, payload: new Array<number>(184).fill(0) });
  const packets = Array.from({ length: before }, () => plain);
  return Buffer.concat([...packets, tsPacket({ pid: 0x100, pcr: ticks * TICKS_27MHZ })]);
}
