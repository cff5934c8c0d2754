// This file says what differs between two configurations.
import { isDeepStrictEqual } from 'node:util';
import type { ChannelConfig } from './config.ts';
import type { LoadedConfig } from './load.ts';

export type ChannelChanges = {
  readonly added: readonly ChannelConfig[];
  readonly removed: readonly ChannelConfig[];
  readonly changed: readonly { readonly before: ChannelConfig; readonly after: ChannelConfig }[];
  /** The same channels in another order, which only a line-up shows. */
  readonly isReordered: boolean;
};

export type ConfigChanges = {
  readonly channels: ChannelChanges;
  /** Keys of the server that a running server takes up. */
  readonly settings: readonly string[];
  /** Keys of the server that only the next start takes up. */
  readonly nextStart: readonly string[];
  readonly isEmpty: boolean;
};

/** By id; whatever is deeply equal has not changed, however it is written. */
export function diffChannels(
  before: readonly ChannelConfig[],
  after: readonly ChannelConfig[],
): ChannelChanges {
  const old = new Map(before.map((channel) => [channel.id, channel]));
  const ids = new Set(after.map((channel) => channel.id));
  const added: ChannelConfig[] = [];
  const changed: { before: ChannelConfig; after: ChannelConfig }[] = [];
  for (const channel of after) {
    const was = old.get(channel.id);
    if (was === undefined) added.push(channel);
    else if (!isDeepStrictEqual(was, channel)) changed.push({ before: was, after: channel });
  }
  const kept = after.filter(({ id }) => old.has(id)).map(({ id }) => id);
  const removed = before.filter(({ id }) => !ids.has(id));
  const stayed = before.filter(({ id }) => ids.has(id)).map(({ id }) => id);
  return { added, removed, changed, isReordered: !isDeepStrictEqual(kept, stayed) };
}

export function diffConfig(before: LoadedConfig, after: LoadedConfig): ConfigChanges {
  const channels = diffChannels(before.config.channels, after.config.channels);
  const shown = new Map(before.settings.map((setting) => [setting.key, setting.shown]));
  const isSame = isDeepStrictEqual(serverPart(before), serverPart(after));
  const differing = isSame
    ? [] // 1h and 60m are two spellings of one setting
    : after.settings.filter((setting) => shown.get(setting.key) !== setting.shown);
  const named = (needsRestart: boolean) =>
    differing.filter((each) => each.needsRestart === needsRestart).map((each) => each.key);
  const settings = named(false);
  const nextStart = named(true);
  // A list of sections is no single setting, and so is not among those above
  const isMoved = !isDeepStrictEqual(before.config.overflow, after.config.overflow);
  if (isMoved) nextStart.push('overflow');
  const isGuided = !isDeepStrictEqual(before.config.guides, after.config.guides);
  if (isGuided) nextStart.push('guides');
  const isTuned = !isDeepStrictEqual(before.config.devices, after.config.devices);
  if (isTuned) nextStart.push('hdhomerun');
  const isListed = !isDeepStrictEqual(before.config.lineUps, after.config.lineUps);
  if (isListed) settings.push('lineups');
  const { added, removed, changed, isReordered } = channels;
  const isEmpty =
    [added, removed, changed, settings, nextStart].every((list) => list.length === 0) &&
    !isReordered;
  return { channels, settings, nextStart, isEmpty };
}

function serverPart(loaded: LoadedConfig): Omit<LoadedConfig['config'], 'channels'> {
  const { channels: _, ...server } = loaded.config;
  return server;
}
