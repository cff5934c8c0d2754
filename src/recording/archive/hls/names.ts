// This file says where in a folder of plain HLS something lies, by names that every system can have.
import { join } from 'node:path';
import { channelFolder } from '../../../ring/tiers/disk-names.ts';
import type { ShelfPlace } from '../shelf.ts';

export const LIST_FILE = 'index.m3u8';

const DAY_MS = 86_400_000;
const DAY = /^\d{4}-\d\d-\d\d$/;
/** No path, nothing hidden, nothing that Windows cannot have at the end of a name. */
const FILE = /^[0-9A-Za-z][0-9A-Za-z_-]{0,99}\.[0-9A-Za-z]{1,8}$/;
/** Windows takes these for devices whatever follows the point. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)\./i;
const HALF = /^\.(.+)\.half$/;

/** A rendition on one day. */
export type DayPlace = ShelfPlace & { readonly day: string };

/**
 * Days of UTC, whatever zone the machine is in: none has 23 or 25 hours, the folder is a function
 * of the segment alone, so that a container which is started in another zone finds it again, and
 * it agrees with the dates in the lists, which end in Z.
 */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

export function dayEndMs(day: string): number {
  return Date.parse(day) + DAY_MS;
}

export function isDay(name: string): boolean {
  return DAY.test(name) && !Number.isNaN(Date.parse(name));
}

/** Of a channel or a rendition: its own id where that is harmless. */
export function folderName(id: string): string {
  return channelFolder({ channel: id, rendition: '', name: '' });
}

export function isFileName(name: string): boolean {
  return FILE.test(name) && !DEVICE.test(name);
}

/** What a file is called until it is whole: hidden from web servers, and never listed. */
export function halfName(name: string): string {
  return `.${name}.half`;
}

/** Left by a process that was killed. */
export function isHalfName(name: string): boolean {
  const whole = HALF.exec(name)?.[1];
  return whole !== undefined && isFileName(whole);
}

export function channelPath(root: string, channel: string): string {
  return join(root, folderName(channel));
}

export function dayPath(root: string, { channel, day }: Omit<DayPlace, 'rendition'>): string {
  return join(channelPath(root, channel), day);
}

export function placePath(root: string, place: DayPlace): string {
  return join(dayPath(root, place), folderName(place.rendition));
}
