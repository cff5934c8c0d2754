// This file keeps the playlist benchmark from rotting: it runs it for a moment.
import { expect, test } from 'bun:test';
import { benchPlaylistParse } from './playlist-parse.ts';

test('benchPlaylistParse() measures each thing once', () => {
  const measurements = benchPlaylistParse(1);
  expect(measurements.map(({ name, unit }) => `${name}, ${unit}`)).toEqual([
    'parse 10 segments, playlists/s',
    'format 10 segments, playlists/s',
    'parse 5000 segments, playlists/s',
    'format 5000 segments, playlists/s',
    'check MPEG-TS segment, MB/s',
  ]);
  for (const { value } of measurements) expect(value).toBeGreaterThan(0);
});
