// This file says in words which HDHomeRun devices weir looks like.
import type { Config } from '../config/config.ts';
import { inGroups } from '../lineup/groups.ts';

/** For `weir check`. */
export function deviceRows({ devices, channels }: Config): string[] {
  return devices.map(({ id, name, tuners, groups, discovery }) => {
    const has = groups.length === 0 ? 'all channels' : `channels of ${groups.join(', ')}`;
    const own = channels.filter(inGroups(groups)).length;
    const count = groups.length === 0 ? '' : ` (${own} of the file)`;
    const found = discovery ? 'found on the local network' : 'its address is typed in';
    return `${name} at /hdhr/${id}: ${tuners} ${tuners === 1 ? 'tuner' : 'tuners'}, ${has}${count}, ${found}`;
  });
}
