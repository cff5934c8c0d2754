// This file learns of a segment, when it is archived, what it takes to send it within one file.
import { othersTurn } from '../../base/turn.ts';
import { PACKET_BYTES } from '../../media/mpegts/packet.ts';
import { type TransportMarks, TransportSurvey } from '../../media/mpegts/transport-marks.ts';
import { aesKeyOf, decryptSegment } from '../../prefetch/loop/decrypt.ts';
import type { KeptNeeds } from './archived-assets.ts';

/** Looked at in one turn: less than a millisecond. */
const PART_BYTES = 1000 * PACKET_BYTES;

/** Undefined where it is no MPEG-TS, or cannot be opened: it is then in lists, and in no file. */
export async function segmentMarks(
  body: Blob,
  needs: Pick<KeptNeeds, 'keys' | 'map' | 'assets'>,
): Promise<TransportMarks | undefined> {
  // RFC 8216 §3.3: what needs an init segment is fMP4
  if (needs.map !== undefined) return undefined;
  const clear = await opened(body, needs);
  return clear === undefined ? undefined : await marksOf(clear);
}

async function opened(
  body: Blob,
  { keys, assets }: Pick<KeptNeeds, 'keys' | 'assets'>,
): Promise<Blob | undefined> {
  if (keys.length === 0) return body;
  try {
    const key = aesKeyOf(keys.map((archived) => archived.key));
    const name = keys.find((archived) => archived.key === key)?.asset;
    const asset = assets.find((each) => each.name === name);
    if (key?.iv === undefined || asset === undefined) return undefined;
    const clear = decryptSegment(await body.bytes(), asset.body, key.iv);
    return new Blob([clear as Uint8Array<ArrayBuffer>]);
  } catch {
    // Of another kind of encryption, or of another key: players find that out too
    return undefined;
  }
}

export async function marksOf(clear: Blob): Promise<TransportMarks | undefined> {
  const survey = new TransportSurvey();
  for (let at = 0; at < clear.size; at += PART_BYTES) {
    if (!survey.add(await clear.slice(at, at + PART_BYTES).bytes())) return undefined;
    await othersTurn();
  }
  return survey.marks();
}
