// This file says which channels of a guide a line-up wants, by the ids that the line-up gives them.

import type { ChannelConfig, LogoMode } from '../config/config.ts';
import { formatDuration } from '../config/duration.ts';
import type { WantedChannel } from '../guide/document.ts';
import type { GuideFeed } from '../guide/feed.ts';
import type { Guides } from '../guide/guides.ts';
import type { MatchWanted } from '../guide/match/match-channel.ts';
import type { ProgrammesWanted, ToldProgramme } from '../guide/programmes.ts';
import { safeText } from '../media/m3u/safe-text.ts';
import { ownBaseUrl } from './base-url.ts';
import { logoUrlOf } from './logos/logo-url.ts';

/** Where players find the picture of a channel. */
export type LogoOf = (channel: ChannelConfig) => string | undefined;

/** A guide is kept by caches for all, so it goes by no name of the request's. */
export function guideLogoOf(publicUrl: () => string | undefined, mode: () => LogoMode): LogoOf {
  return (channel) => logoUrlOf(channel, ownBaseUrl(publicUrl(), null) ?? '', mode());
}

/** Nothing was found: channels are fed by what they say. */
const NO_GUIDES: Pick<Guides, 'feedOf'> = { feedOf: (_, feed) => feed };

const upstreamLogoOf: LogoOf = (channel) => logoUrlOf(channel, '', 'link');

/**
 * As `tvg-id` has it: players join the two by nothing else. One that is shifted has an id of its own,
 * since the channel it follows may be in the line-up too.
 */
export function guideIdOf(channel: ChannelConfig): string {
  const source = sourceOf(channel);
  const { guideShiftMs = 0 } = channel;
  if (guideShiftMs === 0 || source === channel.id) return source;
  return `${source}${guideShiftMs < 0 ? '-' : '+'}${formatDuration(Math.abs(guideShiftMs))}`;
}

/** What feeds it, as the guides know by now. */
export function feedOf(channel: ChannelConfig, guides: Pick<Guides, 'feedOf'>): GuideFeed {
  return guides.feedOf(channel.id, saidFeed(channel));
}

/** For the guides, which look for it; what `written` says of a channel no other word is heard about. */
export function matchWantedOf(
  channels: readonly ChannelConfig[],
  written: readonly ChannelConfig[],
): readonly Omit<MatchWanted, 'choice'>[] {
  const said = new Set(written.filter(({ guide }) => guide !== undefined).map(({ id }) => id));
  return channels.map(({ id, guide, name, number }) => ({
    channel: id,
    ...(guide === undefined ? {} : { guideId: safeText(guide) }),
    isWritten: said.has(id),
    name,
    ...(number === undefined ? {} : { number }),
  }));
}

function saidFeed(channel: ChannelConfig): GuideFeed {
  const { guideShiftMs: shiftMs } = channel;
  const id = guideIdOf(channel);
  const source = sourceOf(channel);
  return {
    id,
    ...(source === id ? {} : { source }),
    // None at all is said too: a channel that is found by its name may be moved by that
    ...(shiftMs === undefined ? {} : { shiftMs }),
  };
}

/** What is told of a channel in a span of time: nothing where no guide has anything. */
export function programmesOf(
  guides: Guides,
  channel: ChannelConfig,
  wanted: ProgrammesWanted,
): Promise<readonly ToldProgramme[]> {
  return guides.programmes(feedOf(channel, guides), wanted);
}

/**
 * Each once, in the order of the line-up; of two that share one the first names it. `logoOf`: where
 * players find the picture of a channel.
 */
export function guideChannelsOf(
  channels: readonly ChannelConfig[],
  guides: Pick<Guides, 'feedOf'> = NO_GUIDES,
  logoOf: LogoOf = upstreamLogoOf,
): readonly WantedChannel[] {
  const found = new Map<string, WantedChannel>();
  const numbers = new Set<number>();
  for (const channel of channels) {
    const { name, number } = channel;
    const isFirst = number !== undefined && !numbers.has(number);
    if (isFirst) numbers.add(number);
    const feed = feedOf(channel, guides);
    if (found.has(feed.id)) continue;
    const logo = logoOf(channel);
    found.set(feed.id, {
      ...feed,
      name,
      ...(isFirst ? { number } : {}),
      ...(logo === undefined ? {} : { logo }),
    });
  }
  return [...found.values()];
}

/** As guides call it, so far as the channel says. */
function sourceOf({ id, guide }: ChannelConfig): string {
  return safeText(guide ?? '') || id;
}
