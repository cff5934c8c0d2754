// This file tests what the start prints for a person.
import { describe, expect, test } from 'bun:test';
import {
  type BannerFacts,
  baseUrls,
  formatBanner,
  type MachineAddress,
} from '../../src/command/banner.ts';

const addresses: MachineAddress[] = [
  { address: '127.0.0.1', family: 'IPv4', internal: true },
  { address: '::1', family: 'IPv6', internal: true },
  { address: '2001:db8::5', family: 'IPv6', internal: false },
  { address: 'fe80::1', family: 'IPv6', internal: false },
  { address: '192.168.1.20', family: 'IPv4', internal: false },
];
const facts: BannerFacts = {
  version: '1.2.3',
  host: '0.0.0.0',
  port: 8080,
  channels: [{ id: 'demo', name: 'weir demo' }],
  addresses,
  colour: false,
};

describe('formatBanner()', () => {
  test('says what to open, with the addresses of the machine', () => {
    expect(formatBanner(facts)).toBe(`
  weir 1.2.3 is on air with one channel, weir demo

  Watch    http://192.168.1.20:8080/live/demo/index.m3u8
  Line-up  http://192.168.1.20:8080/playlist.m3u
  Console  http://192.168.1.20:8080/
  Health   http://192.168.1.20:8080/healthz

  The same at http://localhost:8080

  Open the first address in VLC, mpv or a browser with HLS. Ctrl+C stops.

`);
  });

  test('counts channels, and has nothing to watch where there are none', () => {
    const two = [...facts.channels, { id: 'b', name: 'B' }];
    expect(formatBanner({ ...facts, channels: two })).toContain('on air with 2 channels');
    const none = formatBanner({ ...facts, channels: [] });
    expect(none).toContain('on air with 0 channels');
    expect(none).not.toContain('Watch');
  });

  test('colour is only where it was asked for', () => {
    expect(formatBanner(facts)).not.toContain('\x1b');
    expect(formatBanner({ ...facts, colour: true })).toContain('\x1b[36mhttp://');
  });
});

describe('baseUrls()', () => {
  const rows: readonly [string, Partial<BannerFacts>, string[]][] = [
    ['every IPv4 address', {}, ['http://192.168.1.20:8080', 'http://localhost:8080']],
    [
      'every address',
      { host: '::' },
      ['http://192.168.1.20:8080', 'http://[2001:db8::5]:8080', 'http://localhost:8080'],
    ],
    ['one address', { host: '127.0.0.1', port: 9 }, ['http://127.0.0.1:9']],
    ['one IPv6 address', { host: '::1' }, ['http://[::1]:8080']],
    ['a name', { host: 'tv.example.com' }, ['http://tv.example.com:8080']],
    [
      'the public one first',
      { host: '127.0.0.1', publicUrl: 'https://tv.example.com/tv' },
      ['https://tv.example.com/tv', 'http://127.0.0.1:8080'],
    ],
    ['no network', { addresses: addresses.slice(0, 2) }, ['http://localhost:8080']],
  ];
  test.each(rows)('%s', (_, given, urls) => {
    expect(baseUrls({ ...facts, ...given })).toEqual(urls);
  });
});
