// This file checks that small texts are read whatever their bytes are.
import { describe, expect, test } from 'bun:test';
import { decodeText } from '../../src/net/text.ts';

describe('decodeText()', () => {
  const UTF16 = [0x23, 0, 0x45, 0];
  const TEXTS: readonly (readonly [name: string, bytes: readonly number[], text: string])[] = [
    ['nothing', [], ''],
    ['one byte', [0x23], '#'],
    ['UTF-8', [0xc3, 0xa4], 'ä'],
    ['UTF-8 with a mark', [0xef, 0xbb, 0xbf, 0x23], '#'],
    ['Latin-1', [0x23, 0xe4], '#ä'],
    ['cut UTF-8 as Latin-1', [0xc3], 'Ã'],
    ['UTF-16, little end first', [0xff, 0xfe, ...UTF16], '#E'],
    ['UTF-16, big end first', [0xfe, 0xff, 0, 0x23, 0, 0x45], '#E'],
  ];
  test.each([...TEXTS])('%s', (_name, bytes, text) => {
    expect(decodeText(new Uint8Array(bytes))).toBe(text);
  });
});
