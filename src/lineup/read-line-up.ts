// This file reads one line-up from where it lies, a file or a URL.
import { isUrl } from '../base/place.ts';
import { othersTurn } from '../base/turn.ts';
import type { ChannelConfig } from '../config/config.ts';
import type { ParsedM3uEntry } from '../media/m3u/list.ts';
import { parseM3uChunks } from '../media/m3u/parse.ts';
import type { Problem } from '../media/m3u/problems.ts';
import type { Outbound } from '../net/outbound.ts';
import { SourceStatusError } from '../source/errors.ts';
import { channelsFromM3u } from './import.ts';

export type ReadLineUp = {
  readonly entries: readonly ParsedM3uEntry[];
  /** What the entries make where nothing else is. */
  readonly channels: readonly ChannelConfig[];
  /** Of the text and of its entries. */
  readonly problems: {
    readonly first: readonly Problem<string>[];
    readonly counts: ReadonlyMap<string, number>;
  };
};

const LIMITS = {
  connectMs: 5_000,
  firstByteMs: 30_000,
  betweenBytesMs: 15_000,
  totalMs: 120_000,
  /** A provider's whole line-up with films fits; more is not a line-up. */
  maxBytes: 512 * 1024 * 1024,
};

/** Rejects where it cannot be had. */
export async function readLineUp(
  place: string,
  outbound: Outbound,
  signal: AbortSignal,
): Promise<ReadLineUp> {
  const { entries, problems: ofText } = await parseM3uChunks(textOf(place, outbound, signal));
  const taken = new Set<string>();
  const { channels, problems } = channelsFromM3u(entries, { taken, ...baseOf(place) });
  return {
    entries,
    channels,
    problems: {
      first: [...ofText.first, ...problems.first],
      counts: new Map<string, number>([...ofText.counts, ...problems.counts]),
    },
  };
}

/** What relative URLs in the list are relative to. */
export function baseOf(place: string): { readonly baseUrl?: string } {
  return isUrl(place) ? { baseUrl: place } : {};
}

async function* textOf(
  place: string,
  outbound: Outbound,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const chunk of isUrl(place)
    ? await bodyOf(place, outbound, signal)
    : Bun.file(place).stream()) {
    yield decoder.decode(chunk, { stream: true });
    // A long list must not hold up the viewers
    await othersTurn();
  }
}

async function bodyOf(
  url: string,
  outbound: Outbound,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const response = await outbound({
    url,
    policy: { headers: {}, verifyTls: true, allowDowngrade: false },
    limits: LIMITS,
    compressed: true,
    signal,
  });
  if (response.status === 200) return response.body;
  response.cancel();
  throw new SourceStatusError('line-up', response.status, undefined);
}
