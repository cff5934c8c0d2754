// This file says which channels the guide of an HDHomeRun device has.
import type { WantedChannel } from '../../guide/document.ts';
import type { Guides } from '../../guide/guides.ts';
import { guideChannelsOf, type LogoOf } from '../guide-channels.ts';
import type { NumberedChannel } from './documents.ts';

/**
 * One for each that can be tuned: clients of tuners join the two by the number, or by the name, and
 * would find nothing of the second of two channels that one channel of the guide feeds.
 */
export function deviceGuideOf(
  channels: readonly NumberedChannel[],
  guides: Pick<Guides, 'feedOf'>,
  logoOf: LogoOf | undefined,
): readonly WantedChannel[] {
  const taken = new Set<string>();
  return channels.flatMap((channel) =>
    guideChannelsOf([channel], guides, logoOf).map((wanted) => {
      let { id } = wanted;
      while (taken.has(id)) id += `#${channel.number}`;
      taken.add(id);
      return id === wanted.id ? wanted : { ...wanted, id, source: wanted.source ?? wanted.id };
    }),
  );
}
