// This file says at which of our addresses a line-up finds a channel.
import { assertNever } from '../base/assert.ts';
import { kindByAddress, mayBeHad, urlSourceOf } from '../channel/modes.ts';
import type { ChannelConfig, ChannelMode } from '../config/config.ts';
import type { StreamForm } from '../media/m3u/entry.ts';
import type { LineUpRequest } from './request.ts';

export type StreamAddress = {
  readonly mode: ChannelMode;
  /** With its query. */
  readonly path: string;
  /** Absent where upstream decides. */
  readonly form?: StreamForm;
};

/** A line-up names nothing that would be refused: such a channel plays buffered. */
export function modeOf(channel: ChannelConfig, wanted: ChannelMode): ChannelMode {
  return mayBeHad(channel, wanted) ? wanted : 'buffered';
}

export function streamAddressOf(channel: ChannelConfig, request: LineUpRequest): StreamAddress {
  const { output, quality, host } = request;
  const wanted = modeOf(channel, request.mode ?? channel.mode);
  const mode = output === undefined ? wanted : modeWith(channel, wanted, output);
  const tail = tailOf(quality, mode === 'host' ? host : undefined);
  const name = encodeURIComponent(channel.id);
  const list = (root: string): StreamAddress => {
    return { mode, path: `/${root}/${name}/index.m3u8${tail}`, form: 'hls' };
  };
  const stream = (root: string): StreamAddress => {
    return { mode, path: `/${root}/${name}.ts${tail}`, form: 'ts' };
  };
  switch (mode) {
    case 'buffered':
      return output === 'ts' ? stream('live') : list('live');
    case 'proxy':
      return (output ?? (isStream(channel) ? 'ts' : 'hls')) === 'ts' ? stream(mode) : list(mode);
    case 'host':
      return list(mode);
    case 'redirect':
      return { mode, path: `/redirect/${name}${tail}`, ...knownForm(channel) };
    default:
      return assertNever(mode);
  }
}

/** Of a list of 20,000 most have none. */
function tailOf(quality: number | undefined, host: string | undefined): string {
  if (quality === undefined && host === undefined) return '';
  const query = new URLSearchParams();
  if (quality !== undefined) query.set('quality', String(quality));
  if (host !== undefined) query.set('host', host);
  return `?${query}`;
}

/** What only passes on, or only rewrites, has no other form than upstream's. */
function modeWith(channel: ChannelConfig, mode: ChannelMode, output: StreamForm): ChannelMode {
  if (mode === 'host') return output === 'hls' ? mode : 'buffered';
  if (mode === 'redirect') return isStream(channel) === (output === 'ts') ? mode : 'buffered';
  return mode;
}

function knownForm(channel: ChannelConfig): { readonly form?: StreamForm } {
  const source = urlSourceOf(channel);
  const kind = source === undefined ? undefined : kindByAddress(source.url);
  return kind === undefined ? {} : { form: kind === 'stream' ? 'ts' : 'hls' };
}

/** What upstream has as one stream is passed on as one: a playlist of it is made of the buffer. */
function isStream(channel: ChannelConfig): boolean {
  return knownForm(channel).form === 'ts';
}
