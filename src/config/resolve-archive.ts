// This file turns what a channel says of its archive into what is kept of it, and where.
import type { Problems } from './errors.ts';
import type { PathBase } from './path-base.ts';
import { isSet, originAt, type SectionSetting, sectionsAt, settingAt, valueAt } from './setting.ts';

export type ArchiveConfig = {
  readonly keepMs: number;
  /** Absent: as much as it takes. */
  readonly sizeBytes?: number;
  /** Where it lies as plain HLS; absent: in the tiers. */
  readonly hlsPath?: string;
};

/** Undefined where it has none, or where what it says is of no use. */
export function resolveArchive(
  root: SectionSetting,
  channel: SectionSetting,
  toPath: PathBase,
  problems: Problems,
): ArchiveConfig | undefined {
  const written = settingAt(channel, 'channels[].archive');
  const keepMs: number | undefined = valueAt(channel, 'channels[].archive.keep');
  if (written === undefined || keepMs === undefined) return undefined;
  const sizeBytes = valueAt(channel, 'channels[].archive.size');
  const path = valueAt(channel, 'channels[].archive.path');
  const most = sizeBytes === undefined ? {} : { sizeBytes };
  const key = `${channel.key}.archive`;
  const pathOrigin = originAt(channel, 'channels[].archive.path');
  if (valueAt(channel, 'channels[].archive.as') === 'hls') {
    if (path !== undefined) return { keepMs, ...most, hlsPath: toPath(path, pathOrigin) };
    if (isSet(channel, 'channels[].archive.path')) return undefined; // said already, as wrong
    const message = 'missing, wanted the folder that as: hls writes into';
    problems.add('CONFIG_KEY_MISSING', written.origin, `${key}.path`, message);
    return undefined;
  }
  if (path !== undefined) {
    const message = 'nothing is written there without as: hls';
    problems.add('CONFIG_KEY_CONFLICT', pathOrigin, `${key}.path`, message);
  }
  if (sectionsAt(root, 'overflow').length === 0 && !problems.concern('overflow')) {
    const message =
      'there is no place to keep it, wanted overflow with a disk or a database, or as: hls with a path';
    problems.add('CONFIG_KEY_CONFLICT', written.origin, key, message);
  }
  return { keepMs, ...most };
}
