// This file measures the sound in a PES packet.
import { AdtsCounter } from '../codec/adts.ts';
import { PACKET_BYTES, parsePacket, SYNC_BYTE } from './packet.ts';
import { PesHeaderReader } from './pes.ts';
import type { Program } from './program-reader.ts';
import { TICKS_PER_SECOND } from './timestamp.ts';

// ISO/IEC 13818-1 Table 2-34
const ADTS_TYPE = 0x0f;

/** Of the streams of ADTS, in the order of the map. */
export function adtsPids({ map }: Program): readonly number[] {
  return map.streams.flatMap(({ type, pid }) => (type === ADTS_TYPE ? [pid] : []));
}

/** So far apart the packets of one PES packet may lie. */
const LOOKED_AT_BYTES = 1024 * 1024;

/** The PES packet that begins at `from`; undefined where its sound is not ADTS. */
export function adtsTicks(
  type: number,
  bytes: Uint8Array,
  from: number,
  pid: number,
): number | undefined {
  if (type !== ADTS_TYPE) return undefined;
  const counter = new AdtsCounter();
  const headers = new PesHeaderReader();
  counter.begin();
  let isInData = false;
  const end = Math.min(bytes.length, from + LOOKED_AT_BYTES);
  for (let at = from; at + PACKET_BYTES <= end; at += PACKET_BYTES) {
    if (bytes[at] !== SYNC_BYTE) break;
    if ((((bytes[at + 1]! & 0x1f) << 8) | bytes[at + 2]!) !== pid) continue;
    const packet = parsePacket(bytes, at);
    if (packet.unitStart && at > from) break;
    const header = isInData ? undefined : headers.read(bytes, packet);
    if (header === undefined && !isInData) continue;
    isInData = true;
    counter.read(bytes, header?.dataAt ?? packet.payloadAt, packet.endAt);
  }
  const { seconds } = counter;
  return seconds === undefined ? undefined : Math.round(seconds * TICKS_PER_SECOND);
}
