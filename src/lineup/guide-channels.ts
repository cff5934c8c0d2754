// This file says which channels of a guide a line-up wants, by the ids that the line-up gives them.
import type { ChannelConfig } from '../config/config.ts';
import { safeText } from '../media/m3u/safe-text.ts';
import { inGroups } from './groups.ts';

export type GuideChannelOf = { readonly id: string; readonly name: string; readonly logo?: string };

/** As `tvg-id` has it: players join the two by nothing else. */
export function guideIdOf({ id, guide }: ChannelConfig): string {
  return safeText(guide ?? '') || id;
}

/** Each once, in the order of the line-up; of two that share one the first names it. */
export function guideChannelsOf(
  channels: readonly ChannelConfig[],
  groups: readonly string[],
): readonly GuideChannelOf[] {
  const found = new Map<string, GuideChannelOf>();
  for (const channel of channels.filter(inGroups(groups))) {
    const id = guideIdOf(channel);
    const { name, logo } = channel;
    if (!found.has(id)) found.set(id, { id, name, ...(logo === undefined ? {} : { logo }) });
  }
  return [...found.values()];
}
