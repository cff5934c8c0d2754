// This file tests in which modes a channel may be had.
import { describe, expect, test } from 'bun:test';
import { kindByAddress, mayBeHad, withoutUserinfo } from '../../src/channel/modes.ts';
import type { ChannelConfig, ChannelMode } from '../../src/config/config.ts';
import { loopChannel, urlChannel } from '../support/in-process-app.ts';

const MODES: readonly ChannelMode[] = ['buffered', 'proxy', 'host', 'redirect'];

const had = (channel: ChannelConfig) => MODES.filter((mode) => mayBeHad(channel, mode));

describe('mayBeHad()', () => {
  const OF_MODE: readonly (readonly [mode: ChannelMode, had: readonly ChannelMode[]])[] = [
    ['buffered', ['buffered', 'proxy']],
    ['proxy', ['buffered', 'proxy']],
    ['host', ['buffered', 'proxy', 'host']],
    ['redirect', MODES],
  ];
  test.each(OF_MODE)('a secret source of a channel of mode %s: %j', (mode, wanted) => {
    expect(had({ ...urlChannel('a', 'http://up/a.m3u8?t=1'), mode })).toEqual([...wanted]);
  });

  const PATHS: readonly (readonly [path: string, isSecret: boolean])[] = [
    ['/live/joe/pw/101.ts', true],
    ['/live/joe/pw/101.m3u8', true],
    ['/joe/pw/101', true],
    ['/joe/pw/101.ts', true],
    ['/hls/news/index.m3u8', false],
    ['/hls/news/720/index.m3u8', false],
    ['/hls/news/720p.m3u8', false],
    ['/101.m3u8', false],
    ['/news/101.m3u8', false],
    ['/a/b/c/101.m3u8', false],
  ];
  test.each(PATHS)('a source at %s is secret: %p', (path, isSecret) => {
    const wanted = isSecret ? ['buffered', 'proxy'] : [...MODES];
    expect(had(urlChannel('a', `http://up.example${path}`))).toEqual(wanted as ChannelMode[]);
  });

  test('a channel without an address upstream has nothing to tell', () => {
    expect(had(loopChannel('a'))).toEqual([...MODES]);
  });

  test('a source that is no playlist does not stand for the one that is', () => {
    const channel = urlChannel('a', 'http://u:p@up/a.m3u8');
    const sources = [...loopChannel('a').sources, ...channel.sources];
    expect(had({ ...channel, sources })).toEqual(['buffered', 'proxy']);
  });
});

test('withoutUserinfo() leaves everything else as it was written', () => {
  expect(withoutUserinfo('http://UP/A?b=%41')).toBe('http://UP/A?b=%41');
  expect(withoutUserinfo('http://u@up/a?b=%41#c')).toBe('http://up/a?b=%41#c');
  expect(withoutUserinfo('https://u:p@up:81/a')).toBe('https://up:81/a');
});

describe('kindByAddress()', () => {
  const ADDRESSES: readonly (readonly [url: string, is: ReturnType<typeof kindByAddress>])[] = [
    ['http://up/tv/list.m3u8', 'list'],
    ['http://up/tv/LIST.M3U8?token=a.ts', 'list'],
    ['http://up/joe/pw/101.m3u8', 'list'],
    ['http://up/tv/one.ts', 'stream'],
    ['http://up/tv/one.TS?t=1', 'stream'],
    ['http://up/joe/pw/101.ts', 'stream'],
    ['http://up/joe/pw/101', 'stream'],
    ['http://up:8000/live/joe/pw/101', 'stream'],
    ['http://tuner:5004/auto/v5.1', undefined],
    ['http://up/stream', undefined],
    ['http://up/', undefined],
    ['no address', undefined],
  ];
  test.each(ADDRESSES)('%s is a %p', (url, is) => {
    expect(kindByAddress(url)).toBe(is as 'list');
  });
});
