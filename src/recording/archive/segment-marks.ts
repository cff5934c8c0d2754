// This file learns of a segment, when it is archived, what it takes to send it within one file.
import { othersTurn } from '../../base/turn.ts';
import { type Container, SNIFF_BYTES, sniffContainer } from '../../media/container.ts';
import { PACKET_BYTES } from '../../media/mpegts/packet.ts';
import { TransportSurvey } from '../../media/mpegts/transport-marks.ts';
import { besideSound, soundMarks } from '../../media/remux/sound-marks.ts';
import { TransportPiece } from '../../media/remux/transport-piece.ts';
import { aesKeyOf, decryptSegment } from '../../prefetch/loop/decrypt.ts';
import type { ArchivedKey, SegmentMarks } from './archived.ts';
import type { KeptNeeds } from './archived-assets.ts';

/** Looked at in one turn: less than a millisecond. */
const PART_BYTES = 1000 * PACKET_BYTES;
/** A minute of 256 kbit/s. What is larger, and made of frames of some bytes, would hold up everybody. */
const SOUND_MAX_BYTES = 2 * 1024 * 1024;
/** What MPEG-TS can be made of, or is already. */
const CARRIED: ReadonlySet<Container> = new Set(['mpegts', 'fmp4', 'aac'] as const);

export type ClearSegment = {
  readonly body: Blob;
  /** Undefined where it needs none. */
  readonly init: Uint8Array | undefined;
};

export type LearnAs = {
  readonly kind: 'video' | 'audio' | 'subtitles';
  /** What the segment before it was made with. */
  readonly earlierTicks: number;
};

/** Nothing where MPEG-TS cannot carry it, or it cannot be opened: it is then in lists, and in no file. */
export async function segmentMarks(
  body: Blob,
  needs: Pick<KeptNeeds, 'keys' | 'map' | 'assets'>,
  as: LearnAs,
): Promise<SegmentMarks> {
  try {
    return await marksOf(await opened(body, needs), as);
  } catch {
    // Of another kind of encryption or codec, or broken: players find that out too
    return {};
  }
}

/** Throws FormatError where it cannot be read. */
export async function marksOf(
  { body, init }: ClearSegment,
  { kind, earlierTicks }: LearnAs,
): Promise<SegmentMarks> {
  const container = sniffContainer(await body.slice(0, SNIFF_BYTES).bytes());
  if (!CARRIED.has(container)) return {};
  if (kind === 'audio') {
    // It is looked at in one go
    if (body.size > SOUND_MAX_BYTES) return {};
    const found = besideSound(await body.bytes(), init);
    const sound = found && soundMarks(found);
    return sound === undefined ? {} : { sound };
  }
  const survey = new TransportSurvey();
  if (container === 'mpegts') {
    // RFC 8216 §3.2: it may have tables alone for an init segment, which a file would lack
    if (init !== undefined) return {};
    for (let at = 0; at < body.size; at += PART_BYTES) {
      if (!survey.add(await body.slice(at, at + PART_BYTES).bytes())) return {};
      await othersTurn();
    }
    return shown(survey);
  }
  const bytes = await body.bytes();
  const piece = new TransportPiece({ bytes, ...(init && { init }), earlierTicks });
  for (const part of piece.parts()) {
    if (!survey.add(part)) return {};
    await othersTurn();
  }
  const made = { earlierTicks: piece.earlierTicks };
  return { ...shown(survey), made };
}

function shown(survey: TransportSurvey): SegmentMarks {
  const marks = survey.marks();
  return marks === undefined ? {} : { marks };
}

async function opened(
  body: Blob,
  { keys, map, assets }: Pick<KeptNeeds, 'keys' | 'map' | 'assets'>,
): Promise<ClearSegment> {
  const assetOf = (name: string | undefined) => assets.find((each) => each.name === name)?.body;
  const clear = await decrypted(body, keys, assetOf);
  if (map === undefined) return { body: clear, init: undefined };
  const init = assetOf(map.asset);
  if (init === undefined) throw new Error('Cannot open the segment: its init segment is not here');
  const clearInit = await decrypted(new Blob([init as BlobPart]), map.keys, assetOf);
  return { body: clear, init: await clearInit.bytes() };
}

async function decrypted(
  body: Blob,
  keys: readonly ArchivedKey[],
  assetOf: (name: string | undefined) => Uint8Array | undefined,
): Promise<Blob> {
  const key = aesKeyOf(keys.map((archived) => archived.key));
  if (key === undefined) return body;
  const asset = assetOf(keys.find((archived) => archived.key === key)?.asset);
  if (key.iv === undefined || asset === undefined) {
    throw new Error('Cannot open the segment: its key is not here');
  }
  const clear = decryptSegment(await body.bytes(), asset, key.iv);
  return new Blob([clear as Uint8Array<ArrayBuffer>]);
}
