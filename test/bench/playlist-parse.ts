// This file measures how fast playlists are parsed and written, and segments checked.
import { checkWhole } from '../../src/media/container.ts';
import { formatMediaPlaylist } from '../../src/media/m3u8/format-media.ts';
import { parsePlaylist } from '../../src/media/m3u8/parse-playlist.ts';
import type { MediaPlaylist } from '../../src/media/m3u8/playlist.ts';

export type Measurement = { readonly name: string; readonly value: number; readonly unit: string };

/** Long enough that the compiler is done and the clock is exact; a test may ask for less. */
const MEASURED_MS = 400;

const LIVE_SEGMENTS = 10;
const LONG_SEGMENTS = 5_000;
const SEGMENT_BYTES = 188 * 8_000;
const CHUNK_BYTES = 64 * 1024;

/** Playlists a second for a live list of 10 segments and one of 5,000, and bytes a second checked. */
export function benchPlaylistParse(measuredMs = MEASURED_MS): Measurement[] {
  const measurements: Measurement[] = [];
  for (const count of [LIVE_SEGMENTS, LONG_SEGMENTS]) {
    const text = playlistText(count);
    const playlist = parsePlaylist(text) as MediaPlaylist;
    const parsed = perSecond(() => parsePlaylist(text), measuredMs);
    const formatted = perSecond(() => formatMediaPlaylist(playlist), measuredMs);
    measurements.push({ name: `parse ${count} segments`, value: parsed, unit: 'playlists/s' });
    measurements.push({ name: `format ${count} segments`, value: formatted, unit: 'playlists/s' });
  }
  const chunks = transportStreamChunks();
  const checked = perSecond(() => checkWhole(chunks), measuredMs);
  const megabytes = (checked * SEGMENT_BYTES) / 1e6;
  measurements.push({ name: 'check MPEG-TS segment', value: megabytes, unit: 'MB/s' });
  return measurements;
}

/** A live list as origins write it: dates at every segment, tokens on the URIs. */
function playlistText(segmentCount: number): string {
  const lines = ['#EXTM3U', '#EXT-X-VERSION:3', '#EXT-X-TARGETDURATION:6'];
  lines.push('#EXT-X-MEDIA-SEQUENCE:81920', '#EXT-X-DISCONTINUITY-SEQUENCE:4');
  for (let index = 0; index < segmentCount; index++) {
    const date = new Date(Date.UTC(2026, 0, 1) + index * 6006).toISOString();
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${date}`, '#EXTINF:6.006,');
    lines.push(`1080p/segment-${81_920 + index}.ts?token=0123456789abcdef`);
  }
  return `${lines.join('\n')}\n`;
}

/** A segment in pieces of the size that sockets give, which no packet fits into evenly. */
function transportStreamChunks(): Uint8Array[] {
  const bytes = new Uint8Array(SEGMENT_BYTES);
  for (let at = 0; at < bytes.length; at += 188) bytes[at] = 0x47;
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    chunks.push(bytes.slice(at, at + CHUNK_BYTES));
  }
  return chunks;
}

/** Calls a second, after as much time of warming up. */
function perSecond(run: () => unknown, measuredMs: number): number {
  repeat(run, measuredMs);
  const { calls, tookMs } = repeat(run, measuredMs);
  return (calls * 1000) / tookMs;
}

function repeat(run: () => unknown, forMs: number): { calls: number; tookMs: number } {
  const startedAtMs = performance.now();
  for (let calls = 1; ; calls++) {
    run();
    const tookMs = performance.now() - startedAtMs;
    if (tookMs >= forMs && tookMs > 0) return { calls, tookMs };
  }
}
