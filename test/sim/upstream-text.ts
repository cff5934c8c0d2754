// This file writes the playlists of a simulated upstream.
import type { Made } from './encoder.ts';

export type ListOptions = {
  readonly targetS: number;
  readonly extension: string;
  /** Put behind every URI; changes with each answer where tokens do. */
  readonly query: string;
  /** Part of every segment's name; changes with each answer where names are signed. */
  readonly signature: string;
  readonly countsCuts: boolean;
  readonly hasDates: boolean;
  readonly keyOf: (made: Made) => number | undefined;
  readonly mapOf: (made: Made) => number | undefined;
  readonly isEnded: boolean;
};

// RFC 8216 §4.3.3
export function listText(segments: readonly Made[], options: ListOptions): string {
  const first = segments[0];
  const lines = ['#EXTM3U', '#EXT-X-VERSION:6', `#EXT-X-TARGETDURATION:${options.targetS}`];
  lines.push(`#EXT-X-MEDIA-SEQUENCE:${first?.sequence ?? 0}`);
  if (options.countsCuts && first !== undefined) {
    lines.push(`#EXT-X-DISCONTINUITY-SEQUENCE:${first.cuts - (first.isCut ? 1 : 0)}`);
  }
  let before: Made | undefined;
  for (const made of segments) {
    lines.push(...segmentLines(made, before, options));
    before = made;
  }
  if (options.isEnded) lines.push('#EXT-X-ENDLIST');
  return `${lines.join('\n')}\n`;
}

function segmentLines(made: Made, before: Made | undefined, options: ListOptions): string[] {
  const { extension, query, signature, keyOf, mapOf, hasDates } = options;
  const lines: string[] = [];
  if (made.isCut) lines.push('#EXT-X-DISCONTINUITY');
  if (made.isGap) lines.push('#EXT-X-GAP');
  const key = keyOf(made);
  if (key !== undefined && (before === undefined || key !== keyOf(before))) {
    lines.push(`#EXT-X-KEY:METHOD=AES-128,URI="key${key}.bin${query}"`);
  }
  const map = mapOf(made);
  if (map !== undefined && (before === undefined || map !== mapOf(before))) {
    lines.push(`#EXT-X-MAP:URI="map${map}.mp4${query}"`);
  }
  if (hasDates) lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(made.wallMs).toISOString()}`);
  lines.push(
    `#EXTINF:${made.durationS.toFixed(3)},`,
    `${made.name}${signature}.${extension}${query}`,
  );
  return lines;
}

// RFC 8216 §4.3.4.2
export function masterText(renditions: readonly string[]): string {
  const lines = ['#EXTM3U'];
  for (const [index, name] of renditions.entries()) {
    const height = 720 - index * 240;
    lines.push(`#EXT-X-STREAM-INF:BANDWIDTH=${height * 4000},RESOLUTION=1280x${height}`);
    lines.push(`${name}/list.m3u8`);
  }
  return `${lines.join('\n')}\n`;
}
