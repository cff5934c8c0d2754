// This file makes and reads the file names of segments.
import type { ListedSegment } from './listing.ts';

/**
 * Media sequence number, then a hash of what the source calls the content: a function of the
 * upstream and of our persisted numbering, so that it never names other bytes, not even after
 * the data folder was lost.
 */
export function segmentName(mediaSequence: number, listed: ListedSegment): string {
  return `${mediaSequence}-${contentName(listed)}`;
}

/** The part of it that every weir gives to the same content, however it numbers what it lists. */
export function contentName(listed: ListedSegment): string {
  const hash = Bun.hash.wyhash(`${listed.identity}#${listed.sequence}`).toString(36).slice(0, 8);
  return `${hash}.${listed.extension}`;
}

/** Name of an init segment or key: a hash of where it is. */
export function assetName(prefix: 'init' | 'key', location: string, extension: string): string {
  return `${prefix}-${Bun.hash.wyhash(location).toString(36)}.${extension}`;
}

/** The media sequence number in a segment's name, or undefined where the name is not one of ours. */
export function mediaSequenceOf(name: string): number | undefined {
  const dash = name.indexOf('-');
  if (dash < 1 || dash > 15) return undefined;
  let sequence = 0;
  for (let i = 0; i < dash; i++) {
    const digit = name.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return undefined;
    sequence = sequence * 10 + digit;
  }
  return sequence;
}

/** Whether segmentName() could have made it; that it did nobody remembers once it is gone. */
export function isSegmentName(name: string): boolean {
  return /^(?:0|[1-9]\d{0,14})-[0-9a-z]{1,8}\.[0-9a-z]{2,8}$/.test(name);
}
