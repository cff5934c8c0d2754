// This file reads and writes EXT-X-START.
import { formatDecimal, parseDecimal } from './decimal.ts';
import { MAX_DURATION } from './inf.ts';
import type { Attributes, Start } from './playlist.ts';

// RFC 8216 §4.3.5.2; undefined where the tag says nothing of use
export function parseStart(attributes: Attributes): Start | undefined {
  const timeOffset = parseDecimal(attributes.get('TIME-OFFSET')?.value ?? '');
  if (timeOffset === undefined || Math.abs(timeOffset) > MAX_DURATION) return undefined;
  return { timeOffset, precise: attributes.get('PRECISE')?.value === 'YES' };
}

export function formatStart(start: Start): string {
  const offset = `#EXT-X-START:TIME-OFFSET=${formatDecimal(start.timeOffset)}`;
  return start.precise ? `${offset},PRECISE=YES` : offset;
}
