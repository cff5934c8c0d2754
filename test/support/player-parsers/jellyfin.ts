// This file reads a line-up as Jellyfin's M3U tuner does, flaws included.
import type { PlayerChannel } from './channel.ts';

export type JellyfinChannel = PlayerChannel;

/** Quoted and not empty, or it is no attribute. */
const ATTRIBUTE = /([a-z0-9\-_]+)="([^"]+)"/gi;

/** What .NET's double.TryParse takes with the invariant culture. */
function isNumber(text: string): boolean {
  const bare = text.replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, '');
  return (
    /^[-+]?(?:\d[\d,]*(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?$/i.test(bare) ||
    /^[-+]?(?:nan|infinity|∞)$/i.test(bare)
  );
}

function isChannelNumber(text: string | undefined): text is string {
  return text !== undefined && text !== '-1' && text !== '0' && isNumber(text);
}

function trimChars(text: string, chars: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && chars.includes(text[from] as string)) from += 1;
  while (to > from && chars.includes(text[to - 1] as string)) to -= 1;
  return text.slice(from, to);
}

/** The numeric word a title may start with ("84. VOX"), and what is left without it. */
function leadingNumber(title: string): { readonly number: string; readonly rest: string } | null {
  const space = title.indexOf(' ');
  if (space <= 0) return null;
  const number = trimChars(title.slice(0, space), ' .');
  if (!isNumber(number)) return null;
  return { number, rest: trimChars(title.slice(space + 1), ' -') };
}

function readInfo(text: string): {
  readonly attributes: ReadonlyMap<string, string>;
  readonly title: string | undefined;
} {
  const attributes = new Map<string, string>();
  let remaining = text;
  for (const [whole, key, value] of text.matchAll(ATTRIBUTE)) {
    attributes.set((key as string).toLowerCase(), value as string);
    const found = remaining.toLowerCase().indexOf(whole.toLowerCase());
    if (found >= 0) remaining = remaining.slice(0, found) + remaining.slice(found + whole.length);
  }
  // The title is what follows the last comma once the attributes are gone.
  const parts = remaining.split(',').filter((part) => part !== '');
  return { attributes, title: parts.length > 1 ? (parts.at(-1) as string).trim() : undefined };
}

function numberOf(
  attributes: ReadonlyMap<string, string>,
  title: string | undefined,
  url: string,
): string | undefined {
  let number = attributes.get('tvg-chno');
  if (!isChannelNumber(number)) {
    const id = attributes.get('tvg-id');
    const other = attributes.get('channel-id');
    if (id !== undefined && isNumber(id)) number = id;
    else if (id !== undefined && other !== undefined && isNumber(other)) number = other;
    number ||= leadingNumber(title ?? '')?.number;
  }
  if (isChannelNumber(number)) return number.trim();
  const file = url.slice(url.lastIndexOf('/') + 1).replace(/\.[^.]*$/, '');
  return isChannelNumber(file) ? file : undefined;
}

function isPlayable(url: string): boolean {
  const parsed = URL.parse(url);
  return parsed !== null && ['http:', 'https:', 'rtsp:', 'rtp:', 'udp:'].includes(parsed.protocol);
}

export function readAsJellyfin(text: string): readonly JellyfinChannel[] {
  const channels: JellyfinChannel[] = [];
  let info = '';
  for (const raw of text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/)) {
    const line = raw.trim();
    if (line === '' || line.toUpperCase().startsWith('#EXTM3U')) continue;
    if (line.toUpperCase().startsWith('#EXTINF:')) {
      info = line.slice('#EXTINF:'.length).trim();
    } else if (info !== '' && !line.startsWith('#')) {
      if (isPlayable(line)) channels.push(readChannel(info, line));
      info = '';
    }
  }
  return channels;
}

function readChannel(info: string, url: string): JellyfinChannel {
  const { attributes, title } = readInfo(info);
  const name = leadingNumber(title ?? '')?.rest ?? title;
  const number = numberOf(attributes, title, url);
  const logo = attributes.get('tvg-logo') ?? attributes.get('logo');
  const group = attributes.get('group-title');
  const guideId = attributes.get('tvg-id') ?? attributes.get('channel-id');
  return {
    name: name?.trim() || attributes.get('tvg-name') || attributes.get('tvg-id'),
    url,
    ...(number === undefined ? {} : { number }),
    ...(logo === undefined ? {} : { logo }),
    ...(guideId === undefined ? {} : { guideId }),
    groups: group === undefined ? [] : [group],
  };
}
