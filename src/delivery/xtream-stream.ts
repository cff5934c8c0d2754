// This file plays the channels that Xtream clients ask for by number.
import type { User } from '../access/user.ts';
import { kindByAddress, mayBeHad, urlSourceOf } from '../channel/modes.ts';
import type { ChannelConfig, ChannelMode } from '../config/config.ts';
import type { StreamName } from '../lineup/xtream/request.ts';
import { pastFile } from './archive-query.ts';
import { channelStream, STREAM_HEADERS } from './endless.ts';
import { headResponse, isHead } from './head.ts';
import { channelPlaylist } from './live.ts';
import { passedChannel } from './passed-stream.ts';
import {
  inPlace,
  pathPrefix,
  streamAsked,
  tooMany,
  unknownStream,
  type XtreamSurface,
} from './xtream-surface.ts';

/** `name`: the number, with `.ts`, `.m3u8` or nothing behind it. */
export async function liveStream(
  surface: XtreamSurface,
  name: string,
  password: string,
  stream: string,
  request: Request,
): Promise<Response> {
  const asked = await streamAsked(surface, name, password, stream, request);
  if (asked instanceof Response) return asked;
  const { user, wanted } = asked;
  const channel = await channelIn(surface, wanted.number);
  if (channel === undefined) return unknownStream(wanted.number, request);
  const mode = modeOf(channel, wanted.form);
  if (mode === 'redirect') return surface.modes.redirect(channel.id, request);
  const file = [name, password, `${wanted.number}.ts`].map(encodeURIComponent).join('/');
  const past = wanted.form === 'ts' ? pastFile(request.url, `past/${file}`) : undefined;
  if (past !== undefined) return past;
  return wanted.form === 'ts'
    ? await transportStream(surface, user, channel, mode, request)
    : await liveList(surface, user, channel, mode, request);
}

export async function channelIn(
  { xtream }: XtreamSurface,
  number: number,
): Promise<ChannelConfig | undefined> {
  // After a start nobody may have asked for a list yet
  await xtream.lineUp.live();
  return xtream.lineUp.channel(number);
}

/** As a line-up has it; buffered where upstream has not the form that is asked for. */
export function modeOf(channel: ChannelConfig, form: StreamName['form']): ChannelMode {
  const { mode } = channel;
  const source = urlSourceOf(channel);
  if (source === undefined || !mayBeHad(channel, mode)) return 'buffered';
  const kind = kindByAddress(source.url) ?? 'list';
  if (form === 'm3u8') return kind === 'list' ? mode : 'buffered';
  return kind === 'stream' && mode !== 'host' ? mode : 'buffered';
}

async function transportStream(
  surface: XtreamSurface,
  user: User,
  channel: ChannelConfig,
  mode: ChannelMode,
  request: Request,
): Promise<Response> {
  if (isHead(request)) return headResponse(STREAM_HEADERS);
  const { endless, passing } = surface;
  return await inPlace(surface, user, { kind: 'live', what: '' }, request, async (left, ended) => {
    if (mode === 'proxy') {
      const answer = await passedChannel(passing, channel.id, request, left, ended);
      // Else its upstream had no stream after all
      if (answer.status !== 302) return answer;
    }
    return await channelStream(endless, channel.id, request, left, ended);
  });
}

/**
 * The list itself, so that every poll of it is one of the user; what it names is the channel's own.
 * With absolute paths, since its address is not where those lie.
 */
async function liveList(
  surface: XtreamSurface,
  user: User,
  channel: ChannelConfig,
  mode: ChannelMode,
  request: Request,
): Promise<Response> {
  const { live, modes } = surface;
  const { id } = channel;
  if (!isHead(request) && !(await isWatching(surface, user, id, request))) {
    return tooMany(user, request);
  }
  const root = pathPrefix(surface);
  if (mode === 'proxy' || mode === 'host') {
    const answer = await modes.playlist(mode, id, request, `${root}/${mode}/${id}/`);
    if (answer.status !== 302) return answer;
  }
  return await channelPlaylist(live, id, request, `${root}/live/${id}/`);
}

/** Counts who polls a list; false where the user has no room for him. */
export async function isWatching(
  { xtream, endless }: XtreamSurface,
  user: User,
  channel: string,
  request: Request,
): Promise<boolean> {
  const viewer = endless.addressOf(request);
  const lastSeenMs = () =>
    endless.relays.peek(channel)?.lastSeenMs(viewer) ?? Number.NEGATIVE_INFINITY;
  return await xtream.connections.polled(user, viewer, lastSeenMs, request.signal);
}
