// This file tests by which id a channel and its programmes are joined.
import { expect, test } from 'bun:test';
import type { GuideFeed } from '../../src/guide/feed.ts';
import { feedOf, guideChannelsOf, guideIdOf } from '../../src/lineup/guide-channels.ts';
import { loopChannel } from '../support/in-process-app.ts';

const HOUR = 3600_000;
/** No guide has come. */
const UNMATCHED = { feedOf: (_: string, feed: GuideFeed) => feed };

const ROWS = [
  ['its own id', {}, 'one', { id: 'one' }],
  ['its guide id', { guide: 'bbc1.uk' }, 'bbc1.uk', { id: 'bbc1.uk' }],
  [
    'one of its own where it is shifted',
    { guide: 'bbc1.uk', guideShiftMs: HOUR },
    'bbc1.uk+1h',
    { id: 'bbc1.uk+1h', source: 'bbc1.uk', shiftMs: HOUR },
  ],
  [
    'and where it is earlier',
    { guide: 'bbc1.uk', guideShiftMs: -HOUR / 2 },
    'bbc1.uk-30m',
    { id: 'bbc1.uk-30m', source: 'bbc1.uk', shiftMs: -HOUR / 2 },
  ],
  ['its own, shifted', { guideShiftMs: HOUR }, 'one', { id: 'one', shiftMs: HOUR }],
  ['nothing that breaks a line', { guide: 'a"b' }, "a'b", { id: "a'b" }],
] as const;

test.each(ROWS)('a channel has %s', (_, given, id, feed) => {
  const channel = { ...loopChannel('one'), ...given };
  expect(guideIdOf(channel)).toBe(id);
  expect(feedOf(channel, UNMATCHED)).toEqual(feed);
});

test('a channel and the one that follows it are two', () => {
  const one = { ...loopChannel('one'), guide: 'x' };
  const later = { ...loopChannel('later'), guide: 'x', guideShiftMs: HOUR };
  const again = { ...loopChannel('again'), guide: 'x' };
  expect(guideChannelsOf([one, later, again], UNMATCHED).map(({ id }) => id)).toEqual([
    'x',
    'x+1h',
  ]);
});
