// This file tests how segments are recognised, judged and named.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  type Container,
  checkWhole,
  contentTypeOf,
  type Expectation,
  extensionOf,
  sniffChunks,
  sniffContainer,
} from '../../src/media/container.ts';
import { bytesOf, concat } from './chunks.ts';

const TS = new Uint8Array(188 * 3).map((_, at) => (at % 188 === 0 ? 0x47 : at & 0x3f));
const ID3 = concat(bytesOf('ID3'), [4, 0, 0, 0, 0, 0, 4], [1, 2, 3, 4]);
const ADTS = [0xff, 0xf1, 0x50, 0x80, 0x00, 0xff, 0xfc];
const MP3 = [0xff, 0xfb, 0x90, 0x64, 0, 0, 0];
const AC3 = [0x0b, 0x77, 1, 2, 3, 4, 5];
const CIPHERTEXT = new Uint8Array(64).map((_, at) => (at * 89 + 200) & 0xff);

function box(type: string, size = 8): Uint8Array {
  return concat([0, 0, 0, size], bytesOf(type), new Uint8Array(Math.max(0, size - 8)));
}

const SNIFFED: readonly (readonly [name: string, head: Uint8Array, container: Container])[] = [
  ['MPEG-TS', TS, 'mpegts'],
  ['one packet of MPEG-TS', TS.subarray(0, 188), 'mpegts'],
  ['a sync byte alone', Uint8Array.of(0x47), 'mpegts'],
  ['a second packet without sync', concat(TS.subarray(0, 188), [0]), 'unknown'],
  ...['ftyp', 'styp', 'moof', 'moov', 'sidx', 'emsg', 'prft', 'mdat', 'uuid'].map(
    (type) => [`fMP4 from ${type}`, box(type), 'fmp4'] as const,
  ),
  ['fMP4 with a 64-bit size', concat([0, 0, 0, 1], bytesOf('mdat')), 'fmp4'],
  ['a box of size 2', concat([0, 0, 0, 2], bytesOf('moof')), 'unknown'],
  ['a box of no known type', box('abcd'), 'unknown'],
  ['AAC', concat(ADTS), 'aac'],
  ['AAC behind ID3', concat(ID3, ADTS), 'aac'],
  ['MP3', concat(MP3), 'mp3'],
  ['MP3 behind two ID3 tags', concat(ID3, ID3, MP3), 'mp3'],
  ['AC-3 behind ID3', concat(ID3, AC3), 'ac3'],
  ['ID3 longer than the head', ID3.subarray(0, 12), 'aac'],
  ['ID3 and then nothing known', concat(ID3, [1, 2, 3, 4]), 'unknown'],
  ['WebVTT', bytesOf('WEBVTT\n\n'), 'webvtt'],
  ['WebVTT with a byte order mark', bytesOf('\ufeffWEBVTT\r\n'), 'webvtt'],
  ['WebVTT with a title', bytesOf('WEBVTT - subtitles'), 'webvtt'],
  ['WebVTT and nothing more', bytesOf('WEBVTT'), 'webvtt'],
  ['a word that begins like it', bytesOf('WEBVTTX\n'), 'unknown'],
  ['an HTML page', bytesOf('<!DOCTYPE html>'), 'unknown'],
  ['a byte order mark of UTF-16', Uint8Array.of(0xff, 0xfe, 0x3c, 0), 'unknown'],
  ['nothing', new Uint8Array(0), 'unknown'],
];

describe('sniffContainer()', () => {
  for (const [name, head, container] of SNIFFED) {
    test(`${name} is ${container}`, () => {
      expect(sniffContainer(head)).toBe(container);
      expect(sniffChunks([...head].map((byte) => Uint8Array.of(byte)))).toBe(container);
      expect(sniffContainer(concat([9, 9], head, [9]).subarray(2, 2 + head.length))).toBe(
        container,
      );
    });
  }
});

type Judged = readonly [name: string, bytes: Uint8Array, expect: Expectation, reason?: string];

const JUDGED: readonly Judged[] = [
  ['MPEG-TS', TS, {}],
  ['fMP4', concat(box('moof'), box('mdat', 40)), { role: 'media' }],
  ['an init segment', concat(box('ftyp', 16), box('moov')), { role: 'init' }],
  ['MPEG-TS as an init segment', TS, { role: 'init' }],
  ['packed audio', concat(ID3, ADTS), {}],
  ['WebVTT', bytesOf('WEBVTT\n'), {}],
  ['an encrypted segment', CIPHERTEXT, { encrypted: true }],
  ['SAMPLE-AES, said to be encrypted', TS.subarray(0, 188), { encrypted: true }],
  ['subtitles in the clear, said to be encrypted', bytesOf('WEBVTT\n'), { encrypted: true }],
  ['nothing', new Uint8Array(0), {}, 'it is empty, wanted a media segment'],
  ['nothing, encrypted', new Uint8Array(0), { encrypted: true }, 'it is empty'],
  ['MPEG-TS cut', TS.subarray(0, 500), {}, 'the last packet has 124 bytes, wanted 188'],
  [
    'MPEG-TS out of step',
    TS.map((byte, at) => (at === 188 ? 0 : byte)),
    {},
    'packet 1 begins with 0x00',
  ],
  ['an init segment where media is wanted', box('moov'), { role: 'media' }, 'it has no moof'],
  ['encrypted, but no one said so', CIPHERTEXT, {}, 'it is binary data, wanted a media segment'],
  [
    'encrypted and cut',
    CIPHERTEXT.subarray(0, 60),
    { encrypted: true },
    'its last block has 12 bytes, wanted 16',
  ],
  [
    'an HTML page',
    bytesOf('<!DOCTYPE html><html>'),
    {},
    'it is an HTML page, wanted a media segment',
  ],
  ['an HTML page with a mark', bytesOf('\ufeff<html>'), {}, 'it is an HTML page'],
  [
    'an HTML page of 16 bytes, encrypted',
    bytesOf('<html>no</html>\n'),
    { encrypted: true },
    'it is an HTML page, wanted an encrypted segment',
  ],
  ['JSON', bytesOf('{"error":"gone"}'), {}, 'it is JSON'],
  ['JSON of 16 bytes, encrypted', bytesOf('{"error":"gone"}'), { encrypted: true }, 'it is JSON'],
  ['an error in words', bytesOf('Gateway Timeout'), {}, 'it is plain text'],
  ['a playlist', bytesOf('#EXTM3U\n'), {}, 'it is a playlist'],
  ['gzip data', Uint8Array.of(0x1f, 0x8b, 8, 0), {}, 'it is gzip data'],
  ['a picture', concat([0x89], bytesOf('PNG\r\n')), {}, 'it is binary data'],
];

describe('checkWhole()', () => {
  for (const [name, bytes, expectation, reason] of JUDGED) {
    test(`${name}: ${reason ?? 'whole'}`, () => {
      for (const chunks of [[bytes], [...bytes].map((byte) => Uint8Array.of(byte))]) {
        const flaw = checkWhole(chunks, expectation);
        if (reason === undefined) expect(flaw).toBeUndefined();
        else expect(flaw?.reason).toStartWith(reason);
      }
    });
  }

  test('any bytes are judged, none crash it', () => {
    const head = fc.constantFrom(TS, ID3, box('moof'), bytesOf('WEBVTT'), CIPHERTEXT, concat(ADTS));
    fc.assert(
      fc.property(
        head,
        fc.uint8Array({ maxLength: 300 }),
        fc.boolean(),
        (first, rest, encrypted) => {
          const flaw = checkWhole([first, rest], { encrypted });
          if (flaw === undefined) return;
          expect(flaw.reason).toMatch(/^[\x20-\x7e©]+, wanted [\x20-\x7e]+$/);
          expect(flaw.offset).toBeLessThanOrEqual(first.length + rest.length);
        },
      ),
      { numRuns: 500 },
    );
  });
});

const NAMED: readonly (readonly [Container, uri: string, type: string, extension: string])[] = [
  ['mpegts', 'https://h/a/b.ts?x=.mp4#.aac', 'video/mp2t', 'ts'],
  ['mpegts', 'segment', 'video/mp2t', 'ts'],
  ['mpegts', 'picture.JPG', 'video/mp2t', 'ts'],
  ['fmp4', 'a.m4s', 'video/mp4', 'm4s'],
  ['fmp4', 'init.MP4', 'video/mp4', 'mp4'],
  ['fmp4', 'a.m4a', 'audio/mp4', 'm4a'],
  ['fmp4', 'a.cmfv', 'video/mp4', 'cmfv'],
  ['fmp4', 'a.php?f=a.ts', 'video/mp4', 'm4s'],
  ['fmp4', 'a.ec3', 'video/mp4', 'm4s'],
  ['aac', 'a.aac', 'audio/aac', 'aac'],
  ['aac', 'a.ts', 'audio/aac', 'aac'],
  ['mp3', 'a', 'audio/mpeg', 'mp3'],
  ['ac3', 'a.ac3', 'audio/ac3', 'ac3'],
  ['ac3', 'a.ec3', 'audio/eac3', 'ec3'],
  ['webvtt', 'a.webvtt', 'text/vtt', 'webvtt'],
  ['webvtt', 'a.html', 'text/vtt', 'vtt'],
  ['unknown', 'crypt.ts', 'video/mp2t', 'ts'],
  ['unknown', 'crypt.m4s', 'video/mp4', 'm4s'],
  ['unknown', 'crypt.m4a', 'audio/mp4', 'm4a'],
  ['unknown', 'crypt.aac?t=1', 'audio/aac', 'aac'],
  ['unknown', 'host.ts/crypt', 'application/octet-stream', 'ts'],
  ['unknown', 'constructor', 'application/octet-stream', 'ts'],
  ['unknown', 'x.constructor', 'application/octet-stream', 'ts'],
  ['unknown', '', 'application/octet-stream', 'ts'],
];

describe('contentTypeOf() and extensionOf()', () => {
  for (const [container, uri, type, extension] of NAMED) {
    test(`${container} at "${uri}" is ${type}, .${extension}`, () => {
      expect(contentTypeOf(container, uri)).toBe(type);
      expect(extensionOf(container, uri)).toBe(extension);
    });
  }
});
