// This file tests which rendition of another source comes nearest to one that is gone.
import { describe, expect, test } from 'bun:test';
import { nearestTo, type Traits } from '../../../src/source/failover/match.ts';

const variant = (height?: number, bandwidth?: number): Traits => ({
  kind: 'variant',
  ...(height === undefined ? {} : { height }),
  ...(bandwidth === undefined ? {} : { bandwidth }),
});
const audio = (language: string, name: string): Traits => ({ kind: 'audio', language, name });
const subtitles = (language: string): Traits => ({ kind: 'subtitles', language });

/** What is wanted, among what, and which of them it is; -1: nothing will do. */
const ROWS: Record<string, readonly [Traits, readonly Traits[], number]> = {
  'nothing to choose from': [variant(720), [], -1],
  'the only one, whatever it is': [variant(720), [variant()], 0],
  'the same height': [variant(720), [variant(1080), variant(720), variant(480)], 1],
  'the nearest height above': [variant(1000), [variant(480), variant(1080)], 1],
  'the nearest height below': [variant(540), [variant(480), variant(1080)], 0],
  'of one height the nearest rate': [
    variant(720, 3e6),
    [variant(720, 1e6), variant(720, 2.5e6), variant(720, 9e6)],
    1,
  ],
  'height goes before rate': [variant(720, 3e6), [variant(1080, 3e6), variant(720, 9e6)], 1],
  'rates compare by their ratio': [
    variant(undefined, 2e6),
    [variant(undefined, 1e5), variant(undefined, 4e6)],
    1,
  ],
  'of equals the first': [variant(720), [variant(720), variant(720)], 0],
  'language goes before name': [
    audio('en', 'Stereo'),
    [audio('de', 'Stereo'), audio('en', 'Surround')],
    1,
  ],
  'of one language the name': [
    audio('en', 'Stereo'),
    [audio('en', 'Surround'), audio('en', 'Stereo')],
    1,
  ],
  'sound that is in the variants': [audio('en', 'Stereo'), [variant(720), variant(480)], 0],
  'a picture where angles are wanted': [{ kind: 'video', name: 'Left' }, [variant(720)], 0],
  'no subtitles for a picture': [subtitles('en'), [variant(720), audio('en', 'Stereo')], -1],
  'subtitles in another language rather than none': [subtitles('en'), [subtitles('de')], 0],
  'no I-frames for a picture': [{ kind: 'iframe', height: 720 }, [variant(720)], -1],
  'no sound alone for a picture': [variant(720), [audio('en', 'Stereo')], -1],
};

describe('nearestTo()', () => {
  test.each(Object.entries(ROWS))('%s', (_name, [wanted, among, index]) => {
    const others = among.map((traits) => ({ traits }));
    expect(nearestTo(wanted, others)).toBe(others[index]);
  });
});
