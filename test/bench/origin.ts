// This file is the upstream of the measurements: live channels that are described by their paths.
import { tsSegment } from '../support/live/ts-segment.ts';

/*
 * /live-<tag>-<segment ms>-<segment bytes>-<late by ms>/index.m3u8   the newest WINDOW segments
 * /live-…/<sequence>.ts                                              one of them
 * /counts                                                            requests so far, by path
 */

const WINDOW = 6;
const PATH = /^\/live-\w+-(\d+)-(\d+)-(\d+)\/(index\.m3u8|\d+\.ts)$/;

const bodies = new Map<number, Blob>();
const counts = new Map<string, number>();

/** All segments of a size are the same bytes; who asks cannot tell. */
function body(sizeBytes: number): Blob {
  let found = bodies.get(sizeBytes);
  if (found === undefined) {
    found = new Blob([tsSegment('bench', 0, 4000, sizeBytes) as Uint8Array<ArrayBuffer>]);
    bodies.set(sizeBytes, found);
  }
  return found;
}

function playlist(segmentMs: number): string {
  const newest = Math.floor(Date.now() / segmentMs);
  const first = newest - WINDOW + 1;
  const lines = Array.from(
    { length: WINDOW },
    (_, index) => `#EXTINF:${(segmentMs / 1000).toFixed(3)},\n${first + index}.ts`,
  );
  const target = Math.ceil(segmentMs / 1000);
  return `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:${target}\n#EXT-X-MEDIA-SEQUENCE:${first}\n${lines.join('\n')}\n`;
}

async function answer(path: string): Promise<Response> {
  if (path === '/counts') return Response.json(Object.fromEntries(counts));
  counts.set(path, (counts.get(path) ?? 0) + 1);
  const [, segmentMs, sizeBytes, lateMs, name] = PATH.exec(path) ?? [];
  if (name === undefined) return new Response('no such path', { status: 404 });
  const cors = { 'access-control-allow-origin': '*' };
  if (name === 'index.m3u8') {
    const type = { 'content-type': 'application/vnd.apple.mpegurl' };
    const headers = {
      ...cors,
      ...type,
      'cache-control': 'public, max-age=1',
      etag: `"${Date.now()}"`,
    };
    return new Response(playlist(Number(segmentMs)), { headers });
  }
  await Bun.sleep(Number(lateMs));
  const cache = 'public, max-age=31536000, immutable';
  const headers = {
    ...cors,
    'content-type': 'video/mp2t',
    'cache-control': cache,
    etag: `"${name}"`,
  };
  return new Response(body(Number(sizeBytes)), { headers });
}

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  idleTimeout: 0,
  fetch: (request) => answer(new URL(request.url).pathname),
});
console.log(server.port);
