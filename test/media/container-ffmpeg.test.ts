// This file tests checks and playlists on what ffmpeg makes.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Container, checkWhole, sniffContainer } from '../../src/media/container.ts';
import { formatMediaPlaylist } from '../../src/media/m3u8/format-media.ts';
import { parsePlaylist } from '../../src/media/m3u8/parse-playlist.ts';
import type { MediaPlaylist } from '../../src/media/m3u8/playlist.ts';
import { hasProgram, runProgram } from '../support/programs.ts';
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts';
import { cutAt } from './chunks.ts';

/** Two and a half seconds of picture and tone, in segments of one second. */
const PICTURE = '-f lavfi -i testsrc=size=160x90:rate=10:duration=2.5';
const TONE = '-f lavfi -i sine=frequency=440:duration=2.5';
const CODED = '-c:v libx264 -preset ultrafast -g 10 -c:a aac -b:a 64k -flags +bitexact';
const HLS = '-f hls -hls_time 1 -hls_list_size 0';

/** One ffmpeg makes them all. Each output is a folder or a file of its own. */
const OUTPUTS = [
  `${CODED} ${HLS} -hls_segment_filename ts/%d.ts ts/index.m3u8`,
  `${CODED} ${HLS} -hls_segment_type fmp4 -hls_segment_filename fmp4/%d.m4s fmp4/index.m3u8`,
  `${CODED} ${HLS} -hls_flags single_file+program_date_time ranges/index.m3u8`,
  `${CODED} ${HLS} -hls_key_info_file key.info -hls_segment_filename crypt/%d.ts crypt/index.m3u8`,
  '-map 1:a -c:a aac -f adts -write_id3v2 1 tone.aac',
  '-map 1:a -c:a libmp3lame -f mp3 tone.mp3',
  '-map 1:a -c:a ac3 -f ac3 tone.ac3',
  '-map 1:a -c:a eac3 -f eac3 tone.ec3',
];

/** Playlist, its first segment, and what a segment of it is. */
const LISTS: readonly (readonly [folder: string, container: Container, first: string])[] = [
  ['ts', 'mpegts', '0.ts'],
  ['fmp4', 'fmp4', '0.m4s'],
  ['ranges', 'mpegts', 'index.ts'],
  ['crypt', 'unknown', '0.ts'],
];

const FILES: readonly (readonly [name: string, container: Container])[] = [
  ['tone.aac', 'aac'],
  ['tone.mp3', 'mp3'],
  ['tone.ac3', 'ac3'],
  ['tone.ec3', 'ac3'],
];

describe.skipIf(!hasProgram('ffmpeg') || !hasProgram('ffprobe'))('what ffmpeg makes', () => {
  let folder: TempFolder;

  beforeAll(async () => {
    folder = await createTempFolder();
    await folder.write(
      'live.key',
      Uint8Array.from({ length: 16 }, (_, index) => index),
    );
    await folder.write('key.info', `../live.key\n${join(folder.path, 'live.key')}\n`);
    const folders = LISTS.map(([name]) => join(folder.path, name));
    await runProgram(['mkdir', ...folders], 5_000);
    const words = ['-nostdin', '-loglevel', 'error', ...`${PICTURE} ${TONE}`.split(' ')];
    const cmd = ['ffmpeg', ...words, ...OUTPUTS.join(' ').split(' ')];
    const made = await runProgram(['env', '-C', folder.path, ...cmd], 60_000);
    if (made.code !== 0) throw new Error(`ffmpeg failed: ${made.stderr}`);
  }, 70_000);

  afterAll(() => folder[Symbol.asyncDispose]());

  async function bytes(name: string): Promise<Uint8Array> {
    return new Uint8Array(await Bun.file(join(folder.path, name)).arrayBuffer());
  }

  async function playlist(name: string): Promise<MediaPlaylist> {
    const parsed = parsePlaylist(await Bun.file(join(folder.path, name, 'index.m3u8')).text());
    if (parsed.kind !== 'media') throw new Error('not a media playlist');
    return parsed;
  }

  /** The bytes of each segment, byte ranges cut out. */
  async function segments(name: string): Promise<Uint8Array[]> {
    const { segments } = await playlist(name);
    const parts: Uint8Array[] = [];
    for (const { uri, byteRange } of segments) {
      const file = await bytes(`${name}/${uri}`);
      const { offset, length } = byteRange ?? { offset: 0, length: file.length };
      parts.push(file.subarray(offset, offset + length));
    }
    return parts;
  }

  for (const [name, container, first] of LISTS) {
    test(`${name}: the list is read as ffmpeg meant it`, async () => {
      const list = await playlist(name);
      expect(list).toMatchObject({ targetDuration: 1, mediaSequence: 0, endList: true });
      expect(list.segments.map((segment) => segment.duration)).toEqual([1, 1, 0.5]);
      expect(list.segments[0]?.uri).toBe(first);
      expect(list.segments[0]?.map?.uri).toBe(name === 'fmp4' ? 'init.mp4' : (undefined as never));
      expect(list.segments[0]?.keys.length).toBe(name === 'crypt' ? 1 : 0);
      expect(list.segments[0]?.programDateTimeMs !== undefined).toBe(name === 'ranges');
    });

    test(`${name}: every segment is whole, in chunks of any size`, async () => {
      const encrypted = name === 'crypt';
      const parts = await segments(name);
      expect(parts.length).toBe(3);
      for (const part of parts) {
        expect(part.length).toBeGreaterThan(1000);
        if (!encrypted) expect(sniffContainer(part)).toBe(container);
        const chunks = cutAt(part, [1, 3, 100, 101, 189, part.length - 1]);
        expect(checkWhole(chunks, { role: 'media', encrypted })).toBeUndefined();
      }
    });

    test(`${name}: a cut is found, wherever it is`, async () => {
      const encrypted = name === 'crypt';
      const [part = new Uint8Array(0)] = await segments(name);
      // Between packets, blocks or fragments only the length of the answer tells.
      const block = encrypted ? 16 : 188;
      const ends = container === 'fmp4' ? fragmentEnds(part) : undefined;
      for (let size = 1; size < part.length; size += 37) {
        const flaw = checkWhole([part.subarray(0, size)], { role: 'media', encrypted });
        const isWhole = flaw === undefined;
        const isUnseen = ends === undefined ? size % block === 0 : ends.includes(size);
        expect({ size, isWhole }).toEqual({ size, isWhole: isUnseen });
      }
    });

    test(`${name}: ffprobe reads from our list what it reads from its own`, async () => {
      const text = formatMediaPlaylist(await playlist(name));
      await folder.write(`${name}/ours.m3u8`, text);
      const theirs = await packets(join(folder.path, name, 'index.m3u8'));
      expect(theirs).toContain('25');
      expect(await packets(join(folder.path, name, 'ours.m3u8'))).toEqual(theirs);
    });
  }

  test('an init segment has its moov, and no fragment', async () => {
    const init = await bytes('fmp4/init.mp4');
    expect(checkWhole([init], { role: 'init' })).toBeUndefined();
    expect(checkWhole([init], { role: 'media' })?.reason).toBe('it has no moof, wanted one');
    expect(checkWhole([init.subarray(0, -1)], { role: 'init' })?.reason).toContain('is cut off');
  });

  for (const [name, container] of FILES) {
    test(`${name} is ${container} and whole`, async () => {
      const audio = await bytes(name);
      expect(sniffContainer(audio)).toBe(container);
      expect(checkWhole(cutAt(audio, [1, 9, 11, 500]))).toBeUndefined();
    });
  }

  test('ADTS out of step is found', async () => {
    const audio = await bytes('tone.aac');
    const flaw = checkWhole([audio.subarray(0, 900), audio.subarray(901)]);
    expect(flaw?.reason).toBe('no frame begins here, wanted audio');
  });

  test('every file was looked at', async () => {
    const made = (await readdir(folder.path, { withFileTypes: true })).map((entry) => entry.name);
    const known = [...LISTS.map(([name]) => name), ...FILES.map(([name]) => name)];
    expect(made.sort()).toEqual([...known, 'key.info', 'live.key'].sort());
  });

  /** Packets of each stream, as ffprobe counts them. */
  async function packets(file: string): Promise<string[]> {
    const show = ['-count_packets', '-show_entries', 'stream=nb_read_packets', '-of', 'csv=p=0'];
    const allow = ['-allowed_extensions', 'ALL'];
    const cmd = ['ffprobe', '-loglevel', 'error', ...allow, ...show, file];
    const probed = await runProgram(cmd, 20_000);
    expect(probed.stderr).toBe('');
    return probed.stdout.split(/\s+/).filter((word) => word !== '');
  }
});

/** Where an mdat ends: read with the sizes of the boxes, all small here. */
function fragmentEnds(part: Uint8Array): number[] {
  const ends: number[] = [];
  const view = new DataView(part.buffer, part.byteOffset, part.byteLength);
  for (let at = 0; at + 8 <= part.length; at += view.getUint32(at)) {
    const type = String.fromCharCode(...part.subarray(at + 4, at + 8));
    if (type === 'mdat') ends.push(at + view.getUint32(at));
  }
  return ends;
}
