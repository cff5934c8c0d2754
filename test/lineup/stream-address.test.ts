// This file tests which of our addresses a line-up names for what was asked for.
import { describe, expect, test } from 'bun:test';
import type { ChannelMode } from '../../src/config/config.ts';
import type { LineUpRequest } from '../../src/lineup/request.ts';
import { streamAddressOf } from '../../src/lineup/stream-address.ts';
import { urlChannel } from '../support/in-process-app.ts';

const LIST = urlChannel('tv', 'http://up.example/tv/list.m3u8');
const STREAM = urlChannel('tv', 'http://up.example/tv/live.ts');
const ASKED: LineUpRequest = { kind: 'line-up', groups: [] };

describe('streamAddressOf()', () => {
  const rows: readonly (readonly [ChannelMode, 'hls' | 'ts' | undefined, string, string])[] = [
    ['buffered', undefined, '/live/tv/index.m3u8', '/live/tv/index.m3u8'],
    ['buffered', 'hls', '/live/tv/index.m3u8', '/live/tv/index.m3u8'],
    ['buffered', 'ts', '/live/tv.ts', '/live/tv.ts'],
    ['proxy', undefined, '/proxy/tv/index.m3u8', '/proxy/tv.ts'],
    ['proxy', 'hls', '/proxy/tv/index.m3u8', '/proxy/tv/index.m3u8'],
    ['proxy', 'ts', '/proxy/tv.ts', '/proxy/tv.ts'],
    ['host', undefined, '/host/tv/index.m3u8', '/host/tv/index.m3u8'],
    ['host', 'hls', '/host/tv/index.m3u8', '/host/tv/index.m3u8'],
    ['host', 'ts', '/live/tv.ts', '/live/tv.ts'],
    ['redirect', undefined, '/redirect/tv', '/redirect/tv'],
    ['redirect', 'hls', '/redirect/tv', '/live/tv/index.m3u8'],
    ['redirect', 'ts', '/live/tv.ts', '/redirect/tv'],
  ];
  test.each(rows)('mode %s, output %s: %s of a list, %s of a stream', (mode, output, list, ts) => {
    const request = { ...ASKED, mode, ...(output === undefined ? {} : { output }) };
    const found = [LIST, STREAM].map((channel) => streamAddressOf(channel, request));
    expect(found.map(({ path }) => path)).toEqual([list, ts]);
    for (const [index, { path, form }] of found.entries()) {
      const told = path.startsWith('/redirect/') ? (['hls', 'ts'] as const)[index] : undefined;
      expect(form).toBe(told ?? (path.endsWith('.ts') ? 'ts' : 'hls'));
      if (output !== undefined) expect(form).toBe(output);
    }
  });

  test('keeps quality and, in the mode host, the host', () => {
    const request = { ...ASKED, quality: 720, host: 'http://cdn.example' };
    expect(streamAddressOf(LIST, { ...request, mode: 'buffered', output: 'ts' }).path).toBe(
      '/live/tv.ts?quality=720',
    );
    expect(streamAddressOf(LIST, { ...request, mode: 'host', output: 'hls' }).path).toBe(
      '/host/tv/index.m3u8?quality=720&host=http%3A%2F%2Fcdn.example',
    );
  });

  test('of what a redirect leads to nothing is said where its address says nothing', () => {
    const channel = urlChannel('tv', 'http://up.example/tv');
    expect(streamAddressOf(channel, { ...ASKED, mode: 'redirect' })).toEqual({
      mode: 'redirect',
      path: '/redirect/tv',
    });
  });
});
