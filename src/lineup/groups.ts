// This file says which channels somebody asks for, by their groups and ids.
import type { ChannelConfig } from '../config/config.ts';

/** All channels where no group is named; '' are those without a group. */
export function inGroups(groups: readonly string[]): (channel: ChannelConfig) => boolean {
  const wanted = new Set(groups);
  return ({ group }) => wanted.size === 0 || wanted.has(group ?? '');
}

export type ChannelsWanted = {
  /** All where none is named. */
  readonly groups: readonly string[];
  /** Of these the channels with these ids; all where absent. */
  readonly ids?: readonly string[];
};

export function wantedBy({ groups, ids }: ChannelsWanted): (channel: ChannelConfig) => boolean {
  const isInGroups = inGroups(groups);
  const named = ids === undefined ? undefined : new Set(ids);
  return (channel) => isInGroups(channel) && (named?.has(channel.id) ?? true);
}
