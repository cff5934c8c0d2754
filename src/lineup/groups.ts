// This file says which channels are in the groups that somebody asks for.
import type { ChannelConfig } from '../config/config.ts';

/** All channels where no group is named; '' are those without a group. */
export function inGroups(groups: readonly string[]): (channel: ChannelConfig) => boolean {
  const wanted = new Set(groups);
  return ({ group }) => wanted.size === 0 || wanted.has(group ?? '');
}
