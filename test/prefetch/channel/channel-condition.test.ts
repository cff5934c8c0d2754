// This file tests the condition of a channel by that of its renditions.
import { describe, expect, test } from 'bun:test';
import { channelCondition } from '../../../src/prefetch/channel/channel-condition.ts';
import type { BlankKind } from '../../../src/prefetch/rendition/blank-watch.ts';
import type { Rendition } from '../../../src/prefetch/rendition/rendition.ts';
import type { Trouble } from '../../../src/prefetch/rendition/vital-signs.ts';
import type { Traits } from '../../../src/source/failover/match.ts';

const SILENT: Trouble = { kind: 'silent', reason: 'its sound has been silent for 20.0 s' };
const BLACK: Trouble = { kind: 'black', reason: 'its picture has been of one colour for 20.0 s' };
const STALL: Trouble = { kind: 'stall', reason: 'it names nothing new for 6.0 s' };

type Is = {
  readonly kind?: Traits['kind'];
  readonly is: Trouble | 'well' | 'unknown';
  readonly shows?: BlankKind;
};

function renditionOf({ kind = 'variant', is, shows }: Is): Rendition {
  const rendition: Partial<Rendition> = {
    traits: { kind },
    condition: () => is,
    shows: (asked) => asked === shows,
  };
  return rendition as Rendition;
}

const ROWS: readonly (readonly [string, readonly Is[], Trouble | 'well' | 'unknown'])[] = [
  ['nothing is watched', [{ is: 'unknown' }], 'unknown'],
  ['one of two is watched', [{ is: 'unknown' }, { is: 'well' }], 'well'],
  ['one stalls', [{ is: 'well' }, { is: STALL }], STALL],
  ['text stalls', [{ is: 'well' }, { kind: 'subtitles', is: STALL }], 'well'],
  ['the only one is silent', [{ is: SILENT }], SILENT],
  [
    'sound beside a picture is silent',
    [
      { is: 'well', shows: 'black' },
      { kind: 'audio', is: SILENT },
    ],
    SILENT,
  ],
  [
    'one language of two is silent',
    [{ is: 'well' }, { kind: 'audio', is: SILENT }, { kind: 'audio', is: 'well', shows: 'silent' }],
    'well',
  ],
  [
    'both languages are silent',
    [{ is: 'well' }, { kind: 'audio', is: SILENT }, { kind: 'audio', is: SILENT }],
    SILENT,
  ],
  ['one variant is black', [{ is: BLACK }, { is: 'well', shows: 'black' }], 'well'],
  ['one is silent, another stalls', [{ is: SILENT }, { is: STALL }], STALL],
  [
    'black stays where silence is outweighed',
    [{ is: BLACK }, { kind: 'audio', is: SILENT }, { kind: 'audio', is: 'well', shows: 'silent' }],
    BLACK,
  ],
];

describe('channelCondition()', () => {
  test.each(ROWS)('%s', (_name, renditions, condition) => {
    expect(channelCondition(renditions.map(renditionOf), 0)).toBe(condition);
  });
});
