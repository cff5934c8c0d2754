// This file tests when silence and black are held against a source.
import { describe, expect, test } from 'bun:test';
import { type Log, silentLog } from '../../../src/base/log.ts';
import type { BlankLimits } from '../../../src/config/config.ts';
import type { Judgement } from '../../../src/media/content/judgement.ts';
import { BlankWatch, watchFor } from '../../../src/prefetch/rendition/blank-watch.ts';
import { VitalSigns } from '../../../src/prefetch/rendition/vital-signs.ts';

const BLANK: Judgement = { kind: 'judged', blankS: 4, isWhole: true };
const SHOWN: Judgement = { kind: 'judged', blankS: 0, isWhole: false };
const SEALED: Judgement = { kind: 'unknown', why: 'it is encrypted' };
const BOTH: BlankLimits = { silenceMs: 10_000, blackMs: 20_000 };

function watch(limits: BlankLimits, sounds: readonly Judgement[], pictures: readonly Judgement[]) {
  const said: unknown[] = [];
  const log: Log = { ...silentLog, warn: (what, fields) => said.push([what, fields]) };
  const blanks = new BlankWatch(limits, log);
  for (let key = 0; key < Math.max(sounds.length, pictures.length); key++) {
    const [sound, picture] = [sounds[key], pictures[key]];
    blanks.take({
      type: 'judged',
      key,
      ...(sound === undefined ? {} : { sound }),
      ...(picture === undefined ? {} : { picture }),
    });
  }
  return { blanks, said };
}

const times = (count: number, judgement: Judgement) =>
  Array.from({ length: count }, () => judgement);

describe('BlankWatch', () => {
  test('silence for as long as it may last, and not sooner', () => {
    expect(watch(BOTH, times(2, BLANK), times(3, SHOWN)).blanks.trouble()).toBeUndefined();
    expect(watch(BOTH, times(3, BLANK), times(3, SHOWN)).blanks.trouble()).toEqual({
      kind: 'silent',
      reason: 'its sound has been silent for 12.0 s',
    });
  });

  test('black for as long as it may last', () => {
    expect(watch(BOTH, times(4, SHOWN), times(4, BLANK)).blanks.trouble()).toBeUndefined();
    expect(watch(BOTH, times(5, SHOWN), times(5, BLANK)).blanks.trouble()).toEqual({
      kind: 'black',
      reason: 'its picture has been of one colour for 20.0 s',
    });
  });

  test('what was not asked for is none', () => {
    const { blanks } = watch({ blackMs: 5000 }, times(9, BLANK), times(9, SHOWN));
    expect([blanks.trouble(), blanks.shows('silent'), blanks.shows('black')]).toEqual([
      undefined,
      false,
      true,
    ]);
  });

  test('what shows something is told from what has nothing to show', () => {
    const { blanks } = watch(BOTH, times(3, { kind: 'absent' }), times(3, SHOWN));
    expect([blanks.shows('silent'), blanks.shows('black')]).toEqual([false, true]);
  });

  test('what cannot be judged is said once', () => {
    const { blanks, said } = watch(BOTH, times(9, SEALED), times(9, SHOWN));
    expect(blanks.trouble()).toBeUndefined();
    expect(said).toEqual([
      ['source cannot be judged to be silent', { because: 'it is encrypted' }],
    ]);
  });
});

test('watchFor() asks for what has a limit', () => {
  expect(watchFor(undefined)).toBeUndefined();
  expect(watchFor({ silenceMs: 5000 })).toEqual({ silence: true, black: false });
  expect(watchFor(BOTH)).toEqual({ silence: true, black: true });
});

describe('VitalSigns with silence', () => {
  const { blanks } = watch(BOTH, times(3, BLANK), []);
  const at = (nowMs: number, ended = false) =>
    new VitalSigns(0, blanks).trouble({ nowMs, targetDurationS: 4, ended })?.kind;

  test('it is trouble where nothing worse is wrong', () => {
    expect(at(1000)).toBe('silent');
    expect(at(1000, true)).toBe('ended');
    expect(at(9000)).toBe('stall');
  });
});
