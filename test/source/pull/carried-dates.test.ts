// This file tests how program date and time reaches segments without a tag.
import { describe, expect, test } from 'bun:test';
import { parsePlaylist } from '../../../src/media/m3u8/parse-playlist.ts';
import type { MediaPlaylist } from '../../../src/media/m3u8/playlist.ts';
import { carriedDates } from '../../../src/source/pull/carried-dates.ts';

/**
 * Seconds past the hour: `=5` of a tag, `5` carried on, `-` unknown. In `lines` a number is a
 * segment of so many seconds, `@5` a date tag, `|` a discontinuity.
 */
const ROWS: readonly (readonly [what: string, lines: string, dates: string])[] = [
  ['nowhere a tag', '4 4', '- -'],
  ['a tag on the first', '@10 4 4 2.5 4', '=10 14 18 20.5'],
  ['a tag in the middle holds from there on', '4 @10 4 4', '- =10 14'],
  ['a tag on every one', '@1 4 @9 4 @11 4', '=1 =9 =11'],
  ['a tag wins over what durations add up to', '@10 4 4 @18.3 4 4', '=10 14 =18.3 22.3'],
  ['a discontinuity ends it', '@10 4 4 | 4 4', '=10 14 - -'],
  ['a tag behind a discontinuity', '@10 4 | @50 4 4', '=10 =50 54'],
  ['a discontinuity on the very first', '| @10 4 4', '=10 14'],
  ['durations of more digits than a date has', '@0 0.33366 0.33366 4', '=0 0.334 0.667'],
];

function playlistOf(lines: string): MediaPlaylist {
  const text = lines.split(' ').map((each) => {
    if (each === '|') return '#EXT-X-DISCONTINUITY';
    if (!each.startsWith('@')) return `#EXTINF:${each},\na.ts`;
    return `#EXT-X-PROGRAM-DATE-TIME:${new Date(Number(each.slice(1)) * 1000).toISOString()}`;
  });
  return parsePlaylist(['#EXTM3U', ...text].join('\n')) as MediaPlaylist;
}

describe('carriedDates()', () => {
  test.each(ROWS)('%s', (_, lines, dates) => {
    const said = [...carriedDates(playlistOf(lines).segments)].map(
      ({ programDateTimeMs, isDateCarried }) => {
        if (programDateTimeMs === undefined) return '-';
        return `${isDateCarried ? '' : '='}${programDateTimeMs / 1000}`;
      },
    );
    expect(said.join(' ')).toBe(dates);
  });
});
