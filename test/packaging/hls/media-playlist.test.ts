// This file tests the media playlist made of what a rendition lists.
import { describe, expect, test } from 'bun:test';
import { parsePlaylist } from '../../../src/media/m3u8/parse-playlist.ts';
import { renditionPlaylist } from '../../../src/packaging/hls/media-playlist.ts';
import type { ListedSegment } from '../../../src/ring/listing.ts';
import { RenditionRing, type Segment } from '../../../src/ring/rendition-ring.ts';
import { listedKey, listedSegment } from '../../support/listed.ts';

const PLAIN = { independentSegments: false, iFramesOnly: false, start: undefined };

type Part = Partial<ListedSegment> & { readonly state?: Segment['state']; readonly cut?: boolean };

/** Ours count from 100 on, the source's from 7. */
function ringOf(parts: readonly Part[], discontinuitySequence = 0): RenditionRing {
  const ring = new RenditionRing('main');
  ring.raiseTargetDuration(4);
  let discontinuities = discontinuitySequence;
  for (const [index, { state = 'held', cut = false, ...more }] of parts.entries()) {
    if (cut) discontinuities++;
    ring.push({
      mediaSequence: 100 + index,
      discontinuitySequence: discontinuities,
      discontinuity: cut,
      name: `${100 + index}-abc.ts`,
      listed: listedSegment(7 + index, more),
      ordinal: index,
      state,
      body: undefined,
      contentType: '',
      inFlight: undefined,
      promisedUntilMs: 0,
    });
  }
  ring.listAll(0);
  return ring;
}

function lines(ring: RenditionRing, prefix = '', header = PLAIN): string[] {
  return renditionPlaylist(ring, header, prefix).trimEnd().split('\n');
}

/** The tags before the names, without the head. */
function body(ring: RenditionRing, prefix = ''): string[] {
  const all = lines(ring, prefix);
  return all.slice(all.findIndex((line) => line.startsWith('#EXT-X-DISCONTINUITY-SEQUENCE')) + 1);
}

describe('renditionPlaylist()', () => {
  test('writes a live list under our numbers', () => {
    const ring = ringOf([{ title: 'News', programDateTimeMs: Date.UTC(2026, 0, 1) }, {}]);
    expect(lines(ring)).toEqual([
      '#EXTM3U',
      '#EXT-X-VERSION:3',
      '#EXT-X-TARGETDURATION:4',
      '#EXT-X-MEDIA-SEQUENCE:100',
      '#EXT-X-DISCONTINUITY-SEQUENCE:0',
      '#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z',
      '#EXTINF:4.0,News',
      '100-abc.ts',
      '#EXTINF:4.0,',
      '101-abc.ts',
    ]);
  });

  const at = (second: number) => ({ programDateTimeMs: Date.UTC(2026, 0, 1, 0, 0, second) });
  const carried = (second: number) => ({ ...at(second), isDateCarried: true }) as const;

  for (const [what, parts, dates] of [
    ['all that the source wrote', [at(0), at(4), at(8)], [0, 4, 8]],
    ['the first, whose list began earlier', [carried(0), carried(4), carried(8)], [0]],
    ['one that the source wrote between', [carried(0), at(5), carried(9)], [0, 5]],
    ['what follows a discontinuity', [at(0), { ...carried(4), cut: true }, carried(8)], [0, 4]],
    ['what follows a segment without', [at(0), {}, carried(9), carried(13)], [0, 9]],
    ['none that is not known', [{}, { cut: true }, {}], []],
  ] as const) {
    test(`dates ${what}`, () => {
      const tags = body(ringOf(parts)).filter((line) => line.includes('DATE-TIME'));
      expect(tags.map((tag) => Number(/:(\d\d)\.000Z$/.exec(tag)?.[1]))).toEqual([...dates]);
    });
  }

  test('writes date ranges where they begin, and none that the list is past', () => {
    const range = (id: string, second: number, endSecond?: number) => ({
      id,
      startMs: at(second).programDateTimeMs,
      ...(endSecond === undefined ? {} : { endMs: at(endSecond).programDateTimeMs }),
      attributes: new Map([['ID', { value: id, quoted: true }]]),
    });
    const ring = ringOf([carried(10), carried(14), carried(18)]);
    const before = ring.version;
    ring.nameDateRanges({
      ranges: [range('past', 1, 9), range('long', 1, 90), range('now', 15), range('to-come', 40)],
    });
    expect(ring.version).toBeGreaterThan(before);
    expect(body(ring)).toEqual([
      '#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:10.000Z',
      '#EXT-X-DATERANGE:ID="long"',
      '#EXTINF:4.0,',
      '100-abc.ts',
      '#EXT-X-DATERANGE:ID="now"',
      '#EXTINF:4.0,',
      '101-abc.ts',
      '#EXT-X-DATERANGE:ID="to-come"',
      '#EXTINF:4.0,',
      '102-abc.ts',
    ]);
  });

  test('writes no date range where there is no date', () => {
    const ring = ringOf([{}, {}]);
    ring.nameDateRanges({ ranges: [{ id: 'a', startMs: 0, attributes: new Map() }] });
    expect(body(ring).filter((line) => line.includes('DATERANGE'))).toEqual([]);
  });

  test('writes the header', () => {
    const header = {
      independentSegments: true,
      iFramesOnly: true,
      start: { timeOffset: -8, precise: false },
    };
    const text = renditionPlaylist(ringOf([{}]), header, '');
    expect(text).toContain('#EXT-X-INDEPENDENT-SEGMENTS\n');
    expect(text).toContain('#EXT-X-I-FRAMES-ONLY\n');
    expect(text).toContain('#EXT-X-START:TIME-OFFSET=-8');
  });

  test('writes an empty list', () => {
    expect(lines(ringOf([]))).toContain('#EXT-X-MEDIA-SEQUENCE:0');
  });

  test('writes the end only where there is one', () => {
    const ring = ringOf([{}]);
    expect(lines(ring)).not.toContain('#EXT-X-ENDLIST');
    ring.ended = true;
    expect(lines(ring).at(-1)).toBe('#EXT-X-ENDLIST');
  });

  test('writes a finished stream as VOD', () => {
    const ring = ringOf([{ state: 'awaited' }, { state: 'awaited' }]);
    ring.onDemand = true;
    ring.ended = true;
    expect(lines(ring)).toContain('#EXT-X-PLAYLIST-TYPE:VOD');
    expect(lines(ring)).not.toContain('#EXT-X-DISCONTINUITY-SEQUENCE:0');
    expect(lines(ring).at(-1)).toBe('#EXT-X-ENDLIST');
  });

  test('marks what was given up', () => {
    expect(body(ringOf([{}, { state: 'gap' }, {}]))).toEqual([
      '#EXTINF:4.0,',
      '100-abc.ts',
      '#EXT-X-GAP',
      '#EXTINF:4.0,',
      '101-abc.ts',
      '#EXTINF:4.0,',
      '102-abc.ts',
    ]);
  });

  test('counts discontinuities without the tag of the first segment', () => {
    const own = lines(ringOf([{ cut: true }, {}, { cut: true }], 4));
    expect(own).toContain('#EXT-X-DISCONTINUITY-SEQUENCE:4');
    expect(own.filter((line) => line === '#EXT-X-DISCONTINUITY')).toHaveLength(2);
    expect(lines(ringOf([{}, { cut: true }], 4))).toContain('#EXT-X-DISCONTINUITY-SEQUENCE:4');
  });

  test('gives a key without an IV the number its source counts', () => {
    const keys = [listedKey('key-a.key')];
    const ring = ringOf([{ keys }, { keys }]);
    expect(body(ring)).toEqual([
      `#EXT-X-KEY:METHOD=AES-128,URI="key-a.key",IV=0x${'7'.padStart(32, '0')}`,
      '#EXTINF:4.0,',
      '100-abc.ts',
      `#EXT-X-KEY:METHOD=AES-128,URI="key-a.key",IV=0x${'8'.padStart(32, '0')}`,
      '#EXTINF:4.0,',
      '101-abc.ts',
    ]);
  });

  test('leaves an IV that the source wrote, and writes the key once', () => {
    const keys = [listedKey('key-a.key', { iv: 'f'.repeat(32), keyFormat: 'identity' })];
    const tags = body(ringOf([{ keys }, { keys }])).filter((line) => line.includes('KEY'));
    expect(tags).toEqual([
      `#EXT-X-KEY:METHOD=AES-128,URI="key-a.key",IV=0x${'f'.repeat(32)},KEYFORMAT="identity"`,
    ]);
  });

  test('leaves a key of a DRM as it is, address and all', () => {
    const key = {
      method: 'SAMPLE-AES',
      uri: 'skd://one',
      keyFormat: 'com.apple.streamingkeydelivery',
      attributes: new Map(),
    };
    expect(body(ringOf([{ keys: [{ key }] }]), 'main/')).toContain(
      '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://one",KEYFORMAT="com.apple.streamingkeydelivery"',
    );
  });

  test('writes the prefix before every name, key and map', () => {
    const keys = [listedKey('key-a.key')];
    const asset = {
      name: 'init-b.mp4',
      ref: { kind: 'http' as const, url: 'http://up.example/i' },
    };
    const prefix = 'https://tv.example/live/news/main/';
    const ring = ringOf([{ keys, map: { asset, keys: [listedKey('key-m.key')] } }]);
    const text = renditionPlaylist(ring, PLAIN, prefix);
    for (const name of ['100-abc.ts', 'key-a.key', 'key-m.key', 'init-b.mp4']) {
      expect(text.split(name)).toHaveLength(2);
      expect(text).toContain(`${prefix}${name}`);
    }
    expect(text).not.toContain('up.example');
  });

  test('writes a map once while it stays, and again where it changes', () => {
    const map = (name: string) => ({
      asset: { name, ref: { kind: 'http' as const, url: `http://up.example/${name}` } },
      keys: [],
    });
    // Equal, but not the same object: as after a reload of the list
    const ring = ringOf([
      { map: map('init-a.mp4') },
      { map: map('init-a.mp4') },
      { map: map('init-b.mp4') },
    ]);
    expect(body(ring).filter((line) => line.startsWith('#EXT-X-MAP'))).toEqual([
      '#EXT-X-MAP:URI="init-a.mp4"',
      '#EXT-X-MAP:URI="init-b.mp4"',
    ]);
  });

  test('writes what its own reader reads', () => {
    const ring = ringOf(
      [
        { keys: [listedKey('key-a.key')], bitrate: 1000, title: 'a,b' },
        { cut: true, state: 'gap' },
        { durationS: 3.5 },
      ],
      2,
    );
    const read = parsePlaylist(renditionPlaylist(ring, PLAIN, ''));
    if (read.kind !== 'media') throw new Error('not a media playlist');
    expect(read.segments.map((each) => [each.sequence, each.uri, each.duration, each.gap])).toEqual(
      [
        [100, '100-abc.ts', 4, false],
        [101, '101-abc.ts', 4, true],
        [102, '102-abc.ts', 3.5, false],
      ],
    );
    expect(read.discontinuitySequence).toBe(2);
    expect(read.segments[0]?.keys[0]?.iv).toBe('7'.padStart(32, '0'));
    expect(read.segments[1]?.keys).toEqual([]);
  });
});
