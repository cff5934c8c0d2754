// This file makes the entries of a line-up from the channels and what was asked for.
import type { ChannelConfig, ChannelMode, LogoMode } from '../config/config.ts';
import type { M3uEntry, M3uLineUp } from '../media/m3u/entry.ts';
import { catchupOf } from './catch-up.ts';
import { type ChannelsWanted, wantedBy } from './groups.ts';
import { guideIdOf } from './guide-channels.ts';
import { logoUrlOf } from './logos/logo-url.ts';
import type { LineUpRequest, ProgramName, ProgramRequest } from './request.ts';
import { modeOf, streamAddressOf } from './stream-address.ts';

/**
 * What formatM3u() gives is this: by no other type does mpv know a list with a guide, nor by this one
 * where anything stands behind it. It is UTF-8, as everybody takes it to be.
 */
export const LINE_UP_TYPE = 'audio/x-mpegurl';

/** Gzip as Kodi and Jellyfin want it: by name and content, not by Content-Encoding. */
const GUIDE_PATH = '/epg.xml.gz';

export type LineUpOptions = {
  /** Our own address in the eyes of whoever asks: see ownBaseUrl(). '' makes URLs relative. */
  readonly ownBase: string;
  /** There is a guide to point to. */
  readonly hasGuide: boolean;
  /** Where pictures come from; from here where absent. */
  readonly logos?: LogoMode;
};

/** `?mode=&quality=&host=&group=&id=&output=` over all channels, in their order. */
export function lineUpOf(
  channels: readonly ChannelConfig[],
  request: LineUpRequest,
  options: LineUpOptions,
): M3uLineUp {
  const { quality } = request;
  const base = request.host ?? options.ownBase;
  // Where media comes from in the mode host is no guide, nor any playlist
  const guideBase = request.mode === 'host' ? options.ownBase : base;
  const guideUrl = guideUrlOf(guideBase, options, request);
  return compose(channels.filter(wantedBy(request)), guideUrl, (channel) => {
    const { mode, path, form } = streamAddressOf(channel, request);
    // The host is where media comes from then, and knows nothing of our playlists.
    const from = mode === 'host' ? options.ownBase : base;
    const isShiftable = mode === 'buffered';
    const watched = { base: from, form: form ?? 'hls', quality, isShiftable };
    const catchup = catchupOf(channel, watched);
    return {
      ...toEntry(channel, from + path, logoUrlOf(channel, from, options.logos ?? 'serve')),
      ...(form === undefined ? {} : { form }),
      ...(catchup === undefined ? {} : { catchup }),
    };
  });
}

/** The ancestor's `/program.m3u`: the same channels under the ancestor's addresses. */
export function programOf(
  channels: readonly ChannelConfig[],
  request: ProgramRequest,
  options: LineUpOptions,
): M3uLineUp {
  const base = request.host ?? options.ownBase;
  return compose(channels, guideUrlOf(base, options, { groups: [] }), (channel) => {
    const { id } = channel;
    const hd = request.quality === undefined ? '' : `&hd=${request.quality}`;
    const mode = PROGRAM_MODES[request.name];
    const name = modeOf(channel, mode) === mode ? request.name : 'online';
    const url = `${base}/${name}.m3u8?fid=${encodeURIComponent(id)}${hd}`;
    return toEntry(channel, url, logoUrlOf(channel, base, options.logos ?? 'serve'));
  });
}

const PROGRAM_MODES: Readonly<Record<ProgramName, ChannelMode>> = {
  online: 'buffered',
  channel: 'proxy',
  channel2: 'host',
  channel3: 'redirect',
};

function compose(
  channels: readonly ChannelConfig[],
  guideUrl: string | undefined,
  entryOf: (channel: ChannelConfig) => M3uEntry,
): M3uLineUp {
  const entries = channels.map(entryOf);
  return { ...(guideUrl === undefined ? {} : { guideUrl }), entries };
}

/** A guide of the same channels: players need not load what they have no channel for. */
function guideUrlOf(
  base: string,
  { hasGuide }: LineUpOptions,
  { groups, ids }: ChannelsWanted,
): string | undefined {
  // No player can make anything of a relative guide.
  if (!hasGuide || base === '') return undefined;
  const query = new URLSearchParams(groups.map((group) => ['group', group]));
  if (ids !== undefined) query.set('ids', ids.join(','));
  return query.size === 0 ? base + GUIDE_PATH : `${base}${GUIDE_PATH}?${query}`;
}

/** `logo`: as logoUrlOf() has it. */
export function toEntry(channel: ChannelConfig, url: string, logo: string | undefined): M3uEntry {
  return {
    id: channel.id,
    name: channel.name,
    ...(channel.number === undefined ? {} : { number: channel.number }),
    ...(channel.group === undefined ? {} : { group: channel.group }),
    ...(logo === undefined ? {} : { logo }),
    guideId: guideIdOf(channel),
    ...(channel.vlcOptions === undefined ? {} : { vlcOptions: channel.vlcOptions }),
    url,
  };
}
