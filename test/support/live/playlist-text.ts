// This file writes the playlists of a synthetic live channel.

export type ListedSegment = {
  readonly uri: string;
  readonly durationMs: number;
  /** A discontinuity stands before it. */
  readonly isCut: boolean;
  readonly keyUri: string | undefined;
  readonly mapUri: string | undefined;
  readonly beganAtMs: number | undefined;
  /** Set where the segment is listed as a byte range, its whole file. */
  readonly sizeBytes: number | undefined;
};

export type ListedMedia = {
  readonly version: number;
  readonly targetMs: number;
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  readonly segments: readonly ListedSegment[];
  readonly isEnded: boolean;
};

// RFC 8216 §4.3.3
export function mediaText(media: ListedMedia): string {
  const lines = [
    '#EXTM3U',
    `#EXT-X-VERSION:${media.version}`,
    `#EXT-X-TARGETDURATION:${Math.ceil(media.targetMs / 1000)}`,
    `#EXT-X-MEDIA-SEQUENCE:${media.mediaSequence}`,
  ];
  if (media.discontinuitySequence > 0) {
    lines.push(`#EXT-X-DISCONTINUITY-SEQUENCE:${media.discontinuitySequence}`);
  }
  let previous: ListedSegment | undefined;
  for (const segment of media.segments) {
    lines.push(...segmentLines(segment, previous));
    previous = segment;
  }
  if (media.isEnded) lines.push('#EXT-X-ENDLIST');
  return `${lines.join('\n')}\n`;
}

/** Key and map hold until the next one, so they are said only where they change. */
function segmentLines(segment: ListedSegment, previous: ListedSegment | undefined): string[] {
  const lines: string[] = [];
  const { keyUri, mapUri, beganAtMs, durationMs, sizeBytes } = segment;
  if (segment.isCut) lines.push('#EXT-X-DISCONTINUITY');
  if (keyUri && keyUri !== previous?.keyUri) {
    lines.push(`#EXT-X-KEY:METHOD=AES-128,URI="${keyUri}"`);
  }
  if (mapUri && mapUri !== previous?.mapUri) lines.push(`#EXT-X-MAP:URI="${mapUri}"`);
  if (beganAtMs !== undefined) {
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(beganAtMs).toISOString()}`);
  }
  if (sizeBytes !== undefined) lines.push(`#EXT-X-BYTERANGE:${sizeBytes}@0`);
  lines.push(`#EXTINF:${(durationMs / 1000).toFixed(3)},`, segment.uri);
  return lines;
}

export type ListedVariant = {
  readonly uri: string;
  readonly width: number;
  readonly height: number;
  readonly bandwidth: number;
};

// RFC 8216 §4.3.4.2
export function multivariantText(variants: readonly ListedVariant[]): string {
  const lines = ['#EXTM3U', '#EXT-X-VERSION:3'];
  for (const { uri, width, height, bandwidth } of variants) {
    const attributes = `BANDWIDTH=${bandwidth},RESOLUTION=${width}x${height}`;
    lines.push(`#EXT-X-STREAM-INF:${attributes},CODECS="avc1.42c01f"`, uri);
  }
  return `${lines.join('\n')}\n`;
}
