// This file tests how long a frame of AC-3 is by its header.
import { describe, expect, test } from 'bun:test';
import { parseAc3Frame } from '../../../src/media/codec/ac3-header.ts';

const HEADERS = [
  [
    '192 kbit/s at 48 kHz',
    [0x0b, 0x77, 0, 0, 0x14, 0x40, 0, 0],
    { frameBytes: 768, sampleRate: 48_000 },
  ],
  [
    '384 kbit/s at 48 kHz',
    [0x0b, 0x77, 0, 0, 0x1c, 0x40, 0, 0],
    { frameBytes: 1536, sampleRate: 48_000 },
  ],
  [
    '192 kbit/s at 44.1 kHz',
    [0x0b, 0x77, 0, 0, 0x54, 0x40, 0, 0],
    { frameBytes: 834, sampleRate: 44_100 },
  ],
  [
    'the longer of these',
    [0x0b, 0x77, 0, 0, 0x55, 0x40, 0, 0],
    { frameBytes: 836, sampleRate: 44_100 },
  ],
  [
    '192 kbit/s at 32 kHz',
    [0x0b, 0x77, 0, 0, 0x94, 0x40, 0, 0],
    { frameBytes: 1152, sampleRate: 32_000 },
  ],
  ['a reserved rate', [0x0b, 0x77, 0, 0, 0xd4, 0x40, 0, 0], undefined],
  ['a reserved size', [0x0b, 0x77, 0, 0, 0x26, 0x40, 0, 0], undefined],
  ['no sync word', [0x0b, 0x78, 0, 0, 0x14, 0x40, 0, 0], undefined],
  ['seven bytes', [0x0b, 0x77, 0, 0, 0x14, 0x40, 0], undefined],
] as const;

describe('parseAc3Frame()', () => {
  test.each(HEADERS)('%s', (_name, bytes, header) => {
    const frame = parseAc3Frame(Uint8Array.from(bytes), 0);
    if (header === undefined) expect(frame).toBeUndefined();
    else expect(frame).toMatchObject({ ...header, isEnhanced: false, samples: 1536 });
  });
});
