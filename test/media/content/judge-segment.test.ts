// This file tests judging segments that ffmpeg made long ago, and segments that are broken.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { judgeSegment, unknown } from '../../../src/media/content/judge-segment.ts';
import type { Judgement } from '../../../src/media/content/judgement.ts';
import { joinSounds } from '../../../src/media/content/sound.ts';
import { adtsSound } from '../../support/adts-sound.ts';
import { readTsVector, TS_VECTORS } from '../../support/ts-vectors.ts';

const BOTH = { silence: true, black: true };
const SHOWN: Judgement = { kind: 'judged', blankS: 0, isWhole: false };
const BLANK: Judgement = { kind: 'judged', blankS: 4, isWhole: true };
const END: Judgement = { kind: 'judged', blankS: 1, isWhole: false };
const SEALED: Judgement = { kind: 'unknown', why: 'its sound is of stream type 0x87' };
const ABSENT: Judgement = { kind: 'absent' };

describe('judgeSegment()', () => {
  test.each(TS_VECTORS)('%s shows all that it has', async (name) => {
    const { sound, picture } = judgeSegment(await readTsVector(name), undefined, BOTH);
    const hasSound = !['ffmpeg-hevc', 'ffmpeg-mpeg2', 'ffmpeg-h264-ntsc'].includes(name);
    expect(picture).toEqual(name.endsWith('-only') ? ABSENT : SHOWN);
    expect(sound?.kind).toBe(hasSound ? 'judged' : 'absent');
    if (hasSound) expect(sound).toEqual(SHOWN);
  });

  test('packed audio is as long as its frames, tags before it or not', () => {
    const tag = [0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 0, 2, 0, 0];
    for (const bytes of [adtsSound(3), Uint8Array.of(...tag, ...adtsSound(3))]) {
      const { sound, picture } = judgeSegment(bytes, undefined, BOTH);
      expect(sound).toMatchObject({ kind: 'judged', isWhole: true });
      expect(sound?.kind === 'judged' ? sound.blankS : 0).toBeCloseTo(3, 1);
      expect(picture).toEqual(ABSENT);
    }
  });

  test('what is scrambled cannot be judged', async () => {
    const bytes = await readTsVector('ffmpeg-h264-bframes-aac');
    // transport_scrambling_control of the last packet: even key
    bytes[bytes.length - 188 + 3]! |= 0x80;
    expect(judgeSegment(bytes, undefined, BOTH)).toEqual(unknown(BOTH, 'it is scrambled'));
  });

  test('sound that is announced and does not come is silence', async () => {
    const bytes = await readTsVector('ffmpeg-h264-bframes-aac');
    for (let at = 0; at < bytes.length; at += 188) {
      const pid = ((bytes[at + 1]! & 0x1f) << 8) | bytes[at + 2]!;
      if (pid === 0x101) bytes.set([0x1f, 0xff], at + 1);
    }
    const { sound, picture } = judgeSegment(bytes, undefined, BOTH);
    expect(sound).toMatchObject({ kind: 'judged', isWhole: true });
    expect(sound?.kind === 'judged' ? sound.blankS : 0).toBeGreaterThan(0.5);
    expect(picture).toEqual(SHOWN);
  });

  test('tables and nothing else cannot be judged', async () => {
    const bytes = await readTsVector('ffmpeg-h264-bframes-aac');
    const tables = bytes.slice(0, 3 * 188);
    expect(judgeSegment(tables, undefined, BOTH)).toEqual(unknown(BOTH, 'no frame of it is found'));
  });

  test('text has neither', () => {
    const text = new TextEncoder().encode('WEBVTT\n\n');
    expect(judgeSegment(text, undefined, BOTH)).toEqual({ sound: ABSENT, picture: ABSENT });
  });

  test('what is none of it cannot be judged', () => {
    const page = new TextEncoder().encode('<html>');
    expect(judgeSegment(page, undefined, BOTH)).toEqual(
      unknown(BOTH, 'its container is not known'),
    );
    expect(judgeSegment(page, page, BOTH).sound?.kind).toBe('unknown');
    expect(judgeSegment(page, undefined, { silence: false, black: true }).sound).toBeUndefined();
  });

  test('never throws, whatever bytes are wrong', async () => {
    const vectors = await Promise.all(TS_VECTORS.map(readTsVector));
    const damage = fc.array(fc.tuple(fc.nat(200_000), fc.nat(255)), { maxLength: 60 });
    fc.assert(
      fc.property(fc.constantFrom(...vectors), damage, fc.nat(60_000), (vector, places, size) => {
        const bytes = vector.slice(0, size);
        for (const [at, byte] of places) if (at < bytes.length) bytes[at] = byte;
        const { sound, picture } = judgeSegment(bytes, undefined, BOTH);
        expect([typeof sound?.kind, typeof picture?.kind]).toEqual(['string', 'string']);
      }),
      { numRuns: 200 },
    );
  });
});

describe('joinSounds()', () => {
  test.each([
    ['no sound', [], ABSENT],
    ['one', [BLANK], BLANK],
    ['one that is heard', [BLANK, SHOWN], SHOWN],
    ['the shortest silence', [BLANK, END], END],
    ['one that cannot be judged', [BLANK, SEALED], SEALED],
    ['one that cannot be judged beside one that is heard', [SEALED, SHOWN], SHOWN],
    ['none beside one', [ABSENT, BLANK, ABSENT], BLANK],
  ] as const)('%s', (_name, sounds, joined) => {
    expect(joinSounds(sounds)).toEqual(joined);
  });
});
