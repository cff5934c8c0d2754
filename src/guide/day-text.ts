// This file takes the text of a day out of its part, and the programmes out of the text.
import { constants, inflateRawSync } from 'node:zlib';
import { escapeMarkup } from '../media/xmltv/markup.ts';
import { formatXmltvTime, parseXmltvTime } from '../media/xmltv/time.ts';

/** As it is written by an edition: nowhere else can such a tag begin, since words are escaped. */
const HEAD = /<programme start="(\d{14} \+0000)" stop="(\d{14} \+0000)" channel="[^"]*"/g;

export type DayProgramme = {
  readonly startMs: number;
  readonly stopMs: number;
  /** The whole element, and the line break behind it. */
  readonly text: string;
  /** Characters of it that say when and where. */
  readonly headChars: number;
};

/** `sizeBytes`: of the text, as it was when it was compressed. */
export function dayProgrammes(deflated: Uint8Array, sizeBytes: number): readonly DayProgramme[] {
  const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: sizeBytes + 1 };
  const text = inflateRawSync(deflated, options).toString('utf8');
  const heads = [...text.matchAll(HEAD)];
  return heads.map((head, at) => ({
    startMs: parseXmltvTime(head[1] as string) as number,
    stopMs: parseXmltvTime(head[2] as string) as number,
    text: text.slice(head.index, heads[at + 1]?.index),
    headChars: head[0].length,
  }));
}

/** The same programme under another channel's name, so much later. */
export function movedProgramme(
  { startMs, stopMs, text, headChars }: DayProgramme,
  channel: string,
  shiftMs: number,
): string {
  const start = formatXmltvTime(startMs + shiftMs);
  const stop = formatXmltvTime(stopMs + shiftMs);
  const head = `<programme start="${start}" stop="${stop}" channel="${escapeMarkup(channel)}"`;
  return head + text.slice(headChars);
}
