// This file says where in a folder a segment lies.
import { keyDigest } from './key-digest.ts';
import type { TierKey } from './tier.ts';

/** The form of a channel's id in the configuration. */
const PLAIN_CHANNEL = /^[a-z0-9_-]{1,64}$/;
/** Windows takes these for devices, in every folder. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)$/;

const SEGMENT_FILE = /^[0-9a-f]{32}\.seg$/;
const HALF_FILE = /^\.[0-9a-f]{32}\.[0-9a-z]{1,16}\.half$/;

/** Its channel's own name where that is harmless, so that a person sees who takes the room. */
export function channelFolder({ channel }: TierKey): string {
  if (PLAIN_CHANNEL.test(channel) && !DEVICE.test(channel)) return channel;
  return `=${keyDigest({ channel, rendition: '', name: '' })}`;
}

export function segmentFile(key: TierKey): string {
  return `${keyDigest(key)}.seg`;
}

/** What `file` is called until it is whole; no two writers use the same. */
export function halfFile(file: string): string {
  const chance = crypto.getRandomValues(new Uint32Array(2));
  const digest = file.slice(0, -'.seg'.length);
  return `.${digest}.${chance[0]!.toString(36)}${chance[1]!.toString(36)}.half`;
}

export function isChannelFolder(name: string): boolean {
  return PLAIN_CHANNEL.test(name) || /^=[0-9a-f]{32}$/.test(name);
}

export function isSegmentFile(name: string): boolean {
  return SEGMENT_FILE.test(name);
}

/** Left by a writer that did not get to its end, unless it is still at it. */
export function isHalfFile(name: string): boolean {
  return HALF_FILE.test(name);
}
