// This file tests decryption on segments that ffmpeg encrypted.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { parsePlaylist } from '../../../src/media/m3u8/parse-playlist.ts';
import { aesKeyOf, decryptSegment, ivOf } from '../../../src/prefetch/loop/decrypt.ts';
import { hasProgram, runProgram } from '../../support/programs.ts';
import { createTempFolder, type TempFolder } from '../../support/temp-folder.ts';

const TONE = '-f lavfi -i sine=frequency=440:duration=5';
const CODED = '-c:a aac -b:a 64k -flags +bitexact -f hls -hls_time 2 -hls_list_size 0';
const KEY = Uint8Array.from({ length: 16 }, (_, index) => index * 7);

/** Name, and the lines of the file that tells ffmpeg of the key. */
const SHAPES = [
  { name: 'implicit', iv: '' },
  { name: 'explicit', iv: '00112233445566778899aabbccddeeff\n' },
];

describe.skipIf(!hasProgram('ffmpeg'))('decryptSegment(), of what ffmpeg makes', () => {
  let folder: TempFolder;
  const read = async (name: string) =>
    new Uint8Array(await Bun.file(join(folder.path, name)).arrayBuffer());

  beforeAll(async () => {
    folder = await createTempFolder();
    const keyPath = await folder.write('live.key', KEY);
    const outputs = [`${CODED} -hls_segment_filename clear-%d.ts clear.m3u8`];
    for (const { name, iv } of SHAPES) {
      await folder.write(`${name}.info`, `live.key\n${keyPath}\n${iv}`);
      const info = `-hls_key_info_file ${name}.info -start_number 7`;
      outputs.push(`${CODED} ${info} -hls_segment_filename ${name}-%d.ts ${name}.m3u8`);
    }
    const words = ['-nostdin', '-loglevel', 'error', ...`${TONE} ${outputs.join(' ')}`.split(' ')];
    const made = await runProgram(['env', '-C', folder.path, 'ffmpeg', ...words], 30_000);
    if (made.code !== 0) throw new Error(`ffmpeg failed: ${made.stderr}`);
  }, 40_000);

  afterAll(() => folder[Symbol.asyncDispose]());

  for (const { name } of SHAPES) {
    test(`the IV is ${name}`, async () => {
      const list = parsePlaylist(Buffer.from(await read(`${name}.m3u8`)).toString());
      if (list.kind !== 'media') throw new Error('not a media playlist');
      expect(list.segments.length).toBe(3);
      for (const [index, { uri, keys }] of list.segments.entries()) {
        const key = aesKeyOf(keys)!;
        const iv = ivOf(key, list.mediaSequence + index);
        const clear = decryptSegment(await read(uri), KEY, iv);
        expect(Buffer.from(clear).equals(await read(`clear-${index}.ts`))).toBe(true);
        const wrongIv = decryptSegment(await read(uri), KEY, 'f'.repeat(32));
        expect(Buffer.from(wrongIv.subarray(16)).equals(clear.subarray(16))).toBe(true);
        expect(wrongIv[0]).not.toBe(0x47);
      }
    });
  }
});
