// This file says in words where segments are kept beyond memory.
import type { Config } from '../config/config.ts';
import { formatDuration } from '../config/duration.ts';
import { formatSize } from '../config/size.ts';
import { isShared } from '../ring/tiers/open-overflow.ts';
import { placeOf } from '../ring/tiers/tier-spec.ts';

/** For `weir check`. */
export function overflowRows({ overflow }: Config): string[] {
  const rows = overflow.map((tier) => {
    const { sizeBytes, ageMs } = tier;
    const most = sizeBytes === undefined ? 'as much as it takes' : formatSize(sizeBytes);
    const who = isShared(tier) ? 'shared with every weir that names it' : 'of this weir alone';
    const where = tier.kind === 'disk' ? `folder ${tier.path}` : placeOf(tier);
    return `${where}: ${most}, for ${formatDuration(ageMs)}, ${who}`;
  });
  const asked = 'what another weir has put there is not fetched from the source again';
  return overflow.some(isShared) ? [...rows, asked] : rows;
}
