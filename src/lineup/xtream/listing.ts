// This file writes programmes of the guide as the listings of an Xtream panel.
import type { ToldProgramme } from '../../guide/programmes.ts';
import { plainText } from '../../media/m3u/safe-text.ts';
import { secondsText, timeText } from './login.ts';

export type Listing = {
  readonly id: string;
  readonly epg_id: string;
  /** Base64 of UTF-8, as the description. */
  readonly title: string;
  readonly lang: string;
  readonly start: string;
  readonly end: string;
  readonly description: string;
  readonly channel_id: string;
  readonly start_timestamp: string;
  readonly stop_timestamp: string;
  readonly stream_id: string;
  readonly now_playing: 0 | 1;
  readonly has_archive: 0 | 1;
};

export type ListingFacts = {
  readonly number: number;
  /** The channel's in the guide. */
  readonly guideId: string;
  readonly nowMs: number;
  /** Whether what was shown then can be watched again. */
  readonly isHeld: (fromMs: number, toMs: number) => boolean;
};

/** Some guides write an essay. */
const DESCRIPTION_MAX_CHARS = 4096;

export function listingOf(programme: ToldProgramme, facts: ListingFacts): Listing {
  const { startMs, stopMs, title, description, lang = '' } = programme;
  const { number, guideId, nowMs, isHeld } = facts;
  return {
    // Some clients hold it as 32 bits with a sign
    id: String(Number(programme.id) % 2 ** 31),
    epg_id: String(number),
    title: base64(plainText(title)),
    lang: plainText(lang, 16),
    start: timeText(startMs),
    end: timeText(stopMs),
    description: base64(plainText(description, DESCRIPTION_MAX_CHARS)),
    channel_id: guideId,
    start_timestamp: secondsText(startMs),
    stop_timestamp: secondsText(stopMs),
    stream_id: String(number),
    now_playing: startMs <= nowMs && nowMs < stopMs ? 1 : 0,
    has_archive: startMs < nowMs && isHeld(startMs, Math.min(stopMs, nowMs)) ? 1 : 0,
  };
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
