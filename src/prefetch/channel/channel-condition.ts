// This file tells the condition of a channel by that of its renditions.
import { type Blank, isBlank } from '../rendition/blank-watch.ts';
import type { Rendition } from '../rendition/rendition.ts';
import type { Trouble } from '../rendition/vital-signs.ts';

/**
 * Text and I-frames that fail are no reason to leave a source whose picture and sound play. Of
 * silence and black every rendition that is watched must have them: there are languages in which
 * little is said, and variants of sound alone.
 */
export function channelCondition(
  renditions: Iterable<Rendition>,
  nowMs: number,
): Trouble | 'well' | 'unknown' {
  let condition: 'well' | 'unknown' = 'unknown';
  let blank: Blank | undefined;
  const main = [...renditions].filter(
    ({ traits: { kind } }) => kind !== 'subtitles' && kind !== 'iframe',
  );
  for (const rendition of main) {
    const seen = rendition.condition(nowMs);
    if (typeof seen !== 'string' && !isBlank(seen)) return seen;
    if (typeof seen !== 'string' && !main.some((other) => other.shows(seen.kind))) blank ??= seen;
    if (seen !== 'unknown') condition = 'well';
  }
  return blank ?? condition;
}
