// This file makes the entries of a line-up from the channels and what was asked for.
import { assertNever } from '../base/assert.ts';
import { kindByAddress, mayBeHad, urlSourceOf } from '../channel/modes.ts';
import type { ChannelConfig, ChannelMode } from '../config/config.ts';
import type { M3uEntry, M3uLineUp } from '../media/m3u/entry.ts';
import { inGroups } from './groups.ts';
import type { LineUpRequest, ProgramName, ProgramRequest } from './request.ts';

/** What formatM3u() gives is this: by no other type does mpv know a list with a guide. */
export const LINE_UP_TYPE = 'audio/x-mpegurl; charset=utf-8';

/** Gzip as Kodi and Jellyfin want it: by name and content, not by Content-Encoding. */
const GUIDE_PATH = '/epg.xml.gz';

export type LineUpOptions = {
  /** Our own address in the eyes of whoever asks: see ownBaseUrl(). '' makes URLs relative. */
  readonly ownBase: string;
  /** There is a guide to point to. */
  readonly hasGuide: boolean;
};

/** `?mode=&quality=&host=&group=` over all channels, in their order. */
export function lineUpOf(
  channels: readonly ChannelConfig[],
  request: LineUpRequest,
  options: LineUpOptions,
): M3uLineUp {
  const wanted = inGroups(request.groups);
  const base = request.host ?? options.ownBase;
  return compose(channels, wanted, base, options, (channel) => {
    const mode = modeOf(channel, request.mode ?? channel.mode);
    // The host is where media comes from then, and knows nothing of our playlists.
    const from = mode === 'host' ? options.ownBase : base;
    return from + pathOf(channel, mode, request);
  });
}

/** The ancestor's `/program.m3u`: the same channels under the ancestor's addresses. */
export function programOf(
  channels: readonly ChannelConfig[],
  request: ProgramRequest,
  options: LineUpOptions,
): M3uLineUp {
  const base = request.host ?? options.ownBase;
  const everyone = (): boolean => true;
  return compose(channels, everyone, base, options, (channel) => {
    const { id } = channel;
    const hd = request.quality === undefined ? '' : `&hd=${request.quality}`;
    const mode = PROGRAM_MODES[request.name];
    const name = modeOf(channel, mode) === mode ? request.name : 'online';
    return `${base}/${name}.m3u8?fid=${encodeURIComponent(id)}${hd}`;
  });
}

/** A line-up names nothing that would be refused: such a channel plays buffered. */
function modeOf(channel: ChannelConfig, wanted: ChannelMode): ChannelMode {
  return mayBeHad(channel, wanted) ? wanted : 'buffered';
}

const PROGRAM_MODES: Readonly<Record<ProgramName, ChannelMode>> = {
  online: 'buffered',
  channel: 'proxy',
  channel2: 'host',
  channel3: 'redirect',
};

function compose(
  channels: readonly ChannelConfig[],
  wanted: (channel: ChannelConfig) => boolean,
  base: string,
  options: LineUpOptions,
  urlOf: (channel: ChannelConfig) => string,
): M3uLineUp {
  const entries = channels.filter(wanted).map((channel) => toEntry(channel, urlOf(channel)));
  // No player can make anything of a relative guide.
  const guideUrl = options.hasGuide && base !== '' ? base + GUIDE_PATH : undefined;
  return { ...(guideUrl === undefined ? {} : { guideUrl }), entries };
}

export function toEntry(channel: ChannelConfig, url: string): M3uEntry {
  return {
    id: channel.id,
    name: channel.name,
    ...(channel.number === undefined ? {} : { number: channel.number }),
    ...(channel.group === undefined ? {} : { group: channel.group }),
    ...(channel.logo === undefined ? {} : { logo: channel.logo }),
    ...(channel.guide === undefined ? {} : { guideId: channel.guide }),
    url,
  };
}

function pathOf(channel: ChannelConfig, mode: ChannelMode, request: LineUpRequest): string {
  const query = new URLSearchParams();
  if (request.quality !== undefined) query.set('quality', String(request.quality));
  if (mode === 'host' && request.host !== undefined) query.set('host', request.host);
  const tail = query.size === 0 ? '' : `?${query}`;
  const name = encodeURIComponent(channel.id);
  switch (mode) {
    case 'buffered':
      return `/live/${name}/index.m3u8${tail}`;
    case 'proxy':
      return isStream(channel) ? `/proxy/${name}.ts${tail}` : `/proxy/${name}/index.m3u8${tail}`;
    case 'host':
      return `/${mode}/${name}/index.m3u8${tail}`;
    case 'redirect':
      return `/redirect/${name}${tail}`;
    default:
      return assertNever(mode);
  }
}

/** What upstream has as one stream is passed on as one: a playlist of it is made of the buffer. */
function isStream(channel: ChannelConfig): boolean {
  const source = urlSourceOf(channel);
  return source !== undefined && kindByAddress(source.url) === 'stream';
}
