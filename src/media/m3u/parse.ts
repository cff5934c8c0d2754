// This file reads a whole line-up, from one text or from pieces of it.
import type { ParsedM3u } from './list.ts';
import { createM3uReader, M3U_LIMITS } from './reader.ts';

/** Throws FormatError for what is no M3U (HTML, JSON, an HLS playlist, nothing); else never. */
export function parseM3u(text: string, limits = M3U_LIMITS): ParsedM3u {
  const reader = createM3uReader(limits);
  reader.push(text);
  return reader.end();
}

/** The same for a list of any size that comes in pieces, which may be cut anywhere. */
export async function parseM3uChunks(
  chunks: AsyncIterable<string> | Iterable<string>,
  limits = M3U_LIMITS,
): Promise<ParsedM3u> {
  const reader = createM3uReader(limits);
  for await (const chunk of chunks) {
    if (!reader.push(chunk)) break;
  }
  return reader.end();
}
