// This file loads line-ups from files and URLs and makes channels of them.

import { errorRecord } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { redactUrl } from '../base/redact.ts';
import type { ChannelConfig } from '../config/config.ts';
import { parseM3uChunks } from '../media/m3u/parse.ts';
import type { Outbound } from '../net/outbound.ts';
import { SourceStatusError } from '../source/errors.ts';
import { channelsFromM3u } from './import.ts';

/** A provider's whole line-up with films fits; more is not a line-up. */
const LINE_UP_MAX_BYTES = 512 * 1024 * 1024;

const LIMITS = {
  connectMs: 5000,
  firstByteMs: 30_000,
  betweenBytesMs: 15_000,
  totalMs: 120_000,
  maxBytes: LINE_UP_MAX_BYTES,
};

/**
 * The channels of all line-ups, in their order; `taken` are ids that are not theirs to use. A
 * line-up that is not to be had is logged and left out: the others play.
 */
export async function loadLineUps(
  places: readonly string[],
  taken: ReadonlySet<string>,
  outbound: Outbound,
  log: Log,
): Promise<readonly ChannelConfig[]> {
  const all: ChannelConfig[] = [];
  const ids = new Set(taken);
  for (const place of places) {
    const shown = isUrl(place) ? redactUrl(place) : place;
    try {
      const { entries } = await parseM3uChunks(textOf(place, outbound));
      const baseUrl = isUrl(place) ? { baseUrl: place } : {};
      const { channels, problems } = channelsFromM3u(entries, { taken: ids, ...baseUrl });
      for (const channel of channels) ids.add(channel.id);
      all.push(...channels);
      log.info('line-up loaded', { place: shown, channels: channels.length });
      for (const problem of problems.first) log.warn('line-up entry', { place: shown, ...problem });
    } catch (error) {
      log.error('line-up not loaded', { place: shown, ...errorRecord(error) });
    }
  }
  return all;
}

function isUrl(place: string): boolean {
  return /^https?:\/\//i.test(place);
}

async function* textOf(place: string, outbound: Outbound): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  if (!isUrl(place)) {
    for await (const chunk of Bun.file(place).stream())
      yield decoder.decode(chunk, { stream: true });
    return;
  }
  const policy = { headers: {}, verifyTls: true, allowDowngrade: false };
  const response = await outbound({ url: place, policy, limits: LIMITS, compressed: true });
  if (response.status !== 200) {
    response.cancel();
    throw new SourceStatusError('line-up', response.status, undefined);
  }
  for await (const chunk of response.body) yield decoder.decode(chunk, { stream: true });
}
