// This file writes channels as the live streams of an Xtream panel.
import type { ChannelConfig } from '../../config/config.ts';
import { plainText } from '../../media/m3u/safe-text.ts';
import { safeUrl } from '../../media/m3u/safe-url.ts';
import { guideIdOf } from '../guide-channels.ts';
import type { CategoryNumber } from './category.ts';

export type LiveStream = {
  readonly num: number;
  readonly name: string;
  readonly stream_type: 'live';
  readonly stream_id: number;
  readonly stream_icon: string;
  readonly epg_channel_id: string;
  readonly added: string;
  readonly is_adult: 0 | 1;
  readonly category_id: string;
  readonly category_ids: readonly number[];
  readonly custom_sid: '';
  readonly tv_archive: 0 | 1;
  readonly direct_source: '';
  readonly tv_archive_duration: number;
  readonly thumbnail: '';
};

/** What a row says beside what its channel, film or series does. */
export type RowFacts = {
  /** In the list, from 1. */
  readonly place: number;
  readonly number: number;
  readonly category: CategoryNumber;
  readonly addedS: number;
};

const DAY_MS = 86_400_000;
const WITH_USERINFO = /^https?:\/\/[^/]*@/;

/** `logo`: where it is served, or '' where there is none. */
export function liveStreamOf(channel: ChannelConfig, facts: RowFacts, logo: string): LiveStream {
  const days = archiveDaysOf(channel);
  return {
    num: numOf(channel.number, facts.place),
    name: nameOf(channel),
    stream_type: 'live',
    stream_id: facts.number,
    stream_icon: logo,
    epg_channel_id: guideIdOf(channel),
    // Text: strict clients stop at a number
    added: String(facts.addedS),
    is_adult: channel.isAdult === true ? 1 : 0,
    ...facts.category,
    custom_sid: '',
    tv_archive: days > 0 ? 1 : 0,
    direct_source: '',
    tv_archive_duration: days,
    thumbnail: '',
  };
}

/** An hour is a day to those who count in days: what is not there any more is told by the guide. */
export function archiveDaysOf({ archive }: ChannelConfig): number {
  return archive === undefined ? 0 : Math.max(1, Math.ceil(archive.keepMs / DAY_MS));
}

/** On one line and well-formed: half a character stops decoders that are strict about Unicode. */
export function nameOf({ id, name }: { readonly id: string; readonly name: string }): string {
  return plainText(name) || id;
}

/** Of addresses that players can fetch, and that tell nobody a password; '' of others. */
export function pictureOf(url: string | undefined): string {
  const safe = (url === undefined ? undefined : safeUrl(url)) ?? '';
  // No client puts our own name before a path
  return safe.startsWith('/') || WITH_USERINFO.test(safe) ? '' : safe;
}

/** Whole: clients hold it as an integer, and channels may be 7.1. */
function numOf(number: number | undefined, place: number): number {
  return number !== undefined && Number.isInteger(number) ? number : place;
}
