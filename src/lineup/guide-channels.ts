// This file says which channels of a guide a line-up wants, by the ids that the line-up gives them.
import type { ChannelConfig } from '../config/config.ts';
import { safeText } from '../media/m3u/safe-text.ts';
import { inGroups } from './groups.ts';
import { logoUrlOf } from './logos/logo-url.ts';

export type GuideChannelOf = { readonly id: string; readonly name: string; readonly logo?: string };

export type LogoOf = (channel: ChannelConfig) => string | undefined;

const upstreamLogoOf: LogoOf = (channel) => logoUrlOf(channel, '', 'link');

/** As `tvg-id` has it: players join the two by nothing else. */
export function guideIdOf({ id, guide }: ChannelConfig): string {
  return safeText(guide ?? '') || id;
}

/**
 * Each once, in the order of the line-up; of two that share one the first names it. `logoOf`: where
 * players find the picture of a channel.
 */
export function guideChannelsOf(
  channels: readonly ChannelConfig[],
  groups: readonly string[],
  logoOf: LogoOf = upstreamLogoOf,
): readonly GuideChannelOf[] {
  const found = new Map<string, GuideChannelOf>();
  for (const channel of channels.filter(inGroups(groups))) {
    const id = guideIdOf(channel);
    if (found.has(id)) continue;
    const { name } = channel;
    const logo = logoOf(channel);
    found.set(id, { id, name, ...(logo === undefined ? {} : { logo }) });
  }
  return [...found.values()];
}
