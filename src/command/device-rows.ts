// This file says in words which HDHomeRun devices weir looks like.
import type { Config } from '../config/config.ts';
import { inGroups } from '../lineup/groups.ts';
import { numbered } from '../lineup/hdhomerun/documents.ts';

/** For `weir check`. */
export function deviceRows({ devices, channels }: Config): string[] {
  return devices.map(({ id, name, tuners, groups, discovery }) => {
    const has = groups.length === 0 ? 'all channels' : `channels of ${groups.join(', ')}`;
    const own = channels.filter(inGroups(groups));
    // Clients tune by nothing else, so that the others are not there
    const count = `those with a number: ${numbered(own).length} of ${own.length} in the file`;
    const found = discovery ? 'found on the local network' : 'its address is typed in';
    return `${name} at /hdhr/${id}: ${tuners} ${tuners === 1 ? 'tuner' : 'tuners'}, ${has}, ${count}, ${found}`;
  });
}
