// This file reads playlists as a simple player does, on its own, so that it can judge the server's.

export type ListedKey = { readonly uri: string; readonly iv: string | undefined };

export type Listed = {
  /** Resolved against the playlist. */
  readonly url: string;
  readonly sequence: number;
  /** Discontinuities before it, those long gone included. */
  readonly discontinuity: number;
  readonly durationMs: number;
  readonly isGap: boolean;
  readonly key: ListedKey | undefined;
  readonly mapUrl: string | undefined;
};

export type MediaList = {
  readonly version: number;
  readonly targetMs: number;
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  readonly isEnded: boolean;
  readonly segments: readonly Listed[];
};

function numberOf(text: string, tag: string, absent: number): number {
  const match = new RegExp(`^#${tag}:(\\d+)\\s*$`, 'm').exec(text);
  return match === null ? absent : Number(match[1]);
}

function attribute(line: string, name: string): string | undefined {
  const match = new RegExp(`[:,]${name}=(?:"([^"]*)"|([^,"]*))`).exec(line);
  return match?.[1] ?? match?.[2];
}

/** URLs of the variants, best bandwidth last; empty where this is a media playlist. */
export function readVariants(text: string, baseUrl: string): string[] {
  const lines = text.split('\n').map((line) => line.trim());
  const variants: { url: string; bandwidth: number }[] = [];
  for (const [index, line] of lines.entries()) {
    if (!line.startsWith('#EXT-X-STREAM-INF:')) continue;
    const uri = lines.slice(index + 1).find((next) => next !== '' && !next.startsWith('#'));
    if (uri === undefined) continue;
    const bandwidth = Number(attribute(line, 'BANDWIDTH'));
    variants.push({ url: new URL(uri, baseUrl).href, bandwidth });
  }
  return variants.sort((a, b) => a.bandwidth - b.bandwidth).map(({ url }) => url);
}

/** Throws where the text is no media playlist that a player would take. */
export function readMediaList(text: string, baseUrl: string): MediaList {
  if (!text.startsWith('#EXTM3U')) throw new Error('Cannot read playlist: no #EXTM3U');
  const targetMs = numberOf(text, 'EXT-X-TARGETDURATION', 0) * 1000;
  if (targetMs === 0) throw new Error('Cannot read playlist: no EXT-X-TARGETDURATION');
  const mediaSequence = numberOf(text, 'EXT-X-MEDIA-SEQUENCE', 0);
  const discontinuitySequence = numberOf(text, 'EXT-X-DISCONTINUITY-SEQUENCE', 0);
  const segments: Listed[] = [];
  let discontinuity = discontinuitySequence;
  let durationMs = 0;
  let isGap = false;
  let key: ListedKey | undefined;
  let mapUrl: string | undefined;
  for (const line of text.split('\n').map((raw) => raw.trim())) {
    if (line === '#EXT-X-DISCONTINUITY') discontinuity++;
    else if (line === '#EXT-X-GAP') isGap = true;
    else if (line.startsWith('#EXTINF:')) durationMs = Number.parseFloat(line.slice(8)) * 1000;
    else if (line.startsWith('#EXT-X-KEY:')) key = readKey(line, baseUrl);
    else if (line.startsWith('#EXT-X-MAP:')) mapUrl = absolute(attribute(line, 'URI'), baseUrl);
    else if (line !== '' && !line.startsWith('#')) {
      const url = new URL(line, baseUrl).href;
      const sequence = mediaSequence + segments.length;
      segments.push({ url, sequence, discontinuity, durationMs, isGap, key, mapUrl });
      isGap = false;
    }
  }
  return {
    version: numberOf(text, 'EXT-X-VERSION', 1),
    targetMs,
    mediaSequence,
    discontinuitySequence,
    isEnded: /^#EXT-X-ENDLIST\s*$/m.test(text),
    segments,
  };
}

function readKey(line: string, baseUrl: string): ListedKey | undefined {
  const uri = absolute(attribute(line, 'URI'), baseUrl);
  const iv = attribute(line, 'IV');
  return attribute(line, 'METHOD') === 'AES-128' && uri ? { uri, iv } : undefined;
}

function absolute(uri: string | undefined, baseUrl: string): string | undefined {
  return uri === undefined ? undefined : new URL(uri, baseUrl).href;
}
