// This file tests what a followed HLS playlist names.
import { describe, expect, test } from 'bun:test';
import { FormatError } from '../../../src/base/errors.ts';
import { NetError } from '../../../src/net/errors.ts';
import type { ListedSegment, Listing } from '../../../src/ring/listing.ts';
import { SourceStatusError } from '../../../src/source/errors.ts';
import { HlsSource } from '../../../src/source/pull/hls.ts';
import type { HlsSpec } from '../../../src/source/source.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { type ScriptedAnswer, scriptedOutbound } from '../../support/outbound-script.ts';
import { StreamWriter, writeFrames } from '../../support/ts-stream.ts';

const LIST_URL = 'https://origin.example/live/720/index.m3u8?token=abc';
const SPEC: HlsSpec = {
  kind: 'hls',
  url: LIST_URL,
  policy: { headers: {}, verifyTls: true, allowDowngrade: false },
  timeouts: {},
  imports: [],
};
const { signal } = new AbortController();

function playlistOf(...lines: readonly string[]): string {
  return ['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-TARGETDURATION:4', ...lines, ''].join('\n');
}

function sourceOf(answer: ScriptedAnswer, spec: HlsSpec = SPEC) {
  const outbound = scriptedOutbound({ [LIST_URL]: answer });
  return { source: new HlsSource(spec, outbound, new FakeClock()), requests: outbound.requests };
}

function poll(...lines: readonly string[]): Promise<Listing> {
  return sourceOf({ body: playlistOf(...lines) }).source.poll(4, signal);
}

async function only(...lines: readonly string[]): Promise<ListedSegment> {
  const { segments } = await poll(...lines);
  expect(segments).toHaveLength(1);
  return segments[0] as ListedSegment;
}

const ref = (url: string, more = {}) => ({ kind: 'http', url, ...more }) as const;

describe('listing of a playlist', () => {
  for (const [what, uri, url, identity] of [
    ['a relative URI', 'seg1.ts', 'https://origin.example/live/720/seg1.ts', 'seg1.ts'],
    ['one beside it', '../a/seg1.ts', 'https://origin.example/live/a/seg1.ts', 'seg1.ts'],
    ['one from the root', '/x/seg1.ts', 'https://origin.example/x/seg1.ts', 'seg1.ts'],
    ['another host', '//cdn.example/seg1.ts', 'https://cdn.example/seg1.ts', 'seg1.ts'],
    ['a token', 's.ts?token=1', 'https://origin.example/live/720/s.ts?token=1', 's.ts'],
    ['slashes in it', 's.ts?a=/b/c', 'https://origin.example/live/720/s.ts?a=/b/c', 's.ts'],
    ['a token in a folder', 't0ken/s.ts', 'https://origin.example/live/720/t0ken/s.ts', 's.ts'],
  ] as const) {
    test(`makes ${what} absolute and knows the content by its name`, async () => {
      const segment = await only('#EXTINF:4,', uri);
      expect(segment.ref).toEqual(ref(url));
      expect(segment.identity).toBe(identity);
    });
  }

  test('resolves against where redirects led', async () => {
    const body = playlistOf('#EXTINF:4,', 'a.ts');
    const { source } = sourceOf({ body, url: 'https://edge.example/p/index.m3u8' });
    const { segments } = await source.poll(4, signal);
    expect(segments[0]?.ref).toEqual(ref('https://edge.example/p/a.ts'));
  });

  test('tells parts of one file apart by their ranges', async () => {
    const { segments } = await poll(
      ...['#EXTINF:4,', '#EXT-X-BYTERANGE:100@0', 'all.ts'],
      ...['#EXTINF:4,', '#EXT-X-BYTERANGE:50', 'all.ts'],
    );
    const url = 'https://origin.example/live/720/all.ts';
    expect(segments.map((segment) => segment.ref)).toEqual([
      ref(url, { byteRange: { offset: 0, length: 100 } }),
      ref(url, { byteRange: { offset: 100, length: 50 } }),
    ]);
    expect(new Set(segments.map(({ identity }) => identity)).size).toBe(2);
  });

  test('fetches AES-128 keys itself and passes on others', async () => {
    const aes = await only('#EXT-X-KEY:METHOD=AES-128,URI="k.bin?t=1"', '#EXTINF:4,', 'a.ts');
    expect(aes.keys).toHaveLength(1);
    expect(aes.keys[0]?.asset?.ref).toEqual(ref('https://origin.example/live/720/k.bin?t=1'));
    expect(aes.keys[0]?.asset?.name).toMatch(/^key-[a-z0-9]+\.key$/);
    for (const [line, uri] of [
      ['METHOD=SAMPLE-AES,URI="k.bin"', 'https://origin.example/live/720/k.bin'],
      ['METHOD=AES-128,URI="skd://k",KEYFORMAT="com.apple"', 'skd://k'],
      ['METHOD=AES-128,URI="data:text/plain,0123456789abcdef"', 'data:text/plain,0123456789abcdef'],
    ] as const) {
      const segment = await only(`#EXT-X-KEY:${line}`, '#EXTINF:4,', 'a.ts');
      expect(segment.keys[0]?.asset).toBeUndefined();
      expect(segment.keys[0]?.key.uri).toBe(uri);
    }
  });

  test('an init segment keeps the keys that were in force where it stood', async () => {
    const segment = await only(
      '#EXT-X-KEY:METHOD=AES-128,URI="k1",IV=0x00000000000000000000000000000001',
      '#EXT-X-MAP:URI="init.mp4",BYTERANGE="700@20"',
      '#EXT-X-KEY:METHOD=AES-128,URI="k2"',
      ...['#EXTINF:4,', 'a.m4s'],
    );
    const place = { byteRange: { offset: 20, length: 700 } };
    expect(segment.map?.asset.ref).toEqual(ref('https://origin.example/live/720/init.mp4', place));
    expect(segment.map?.keys.map(({ key }) => key.uri)).toEqual(['k1']);
    expect(segment.keys.map(({ key }) => key.uri)).toEqual(['k2']);
    expect(segment.map?.keys[0]?.asset?.name).not.toBe(segment.keys[0]?.asset?.name as string);
    expect(segment.extension).toBe('m4s');
  });

  test('counts discontinuities on from the sequence of the list', async () => {
    const { segments } = await poll(
      ...['#EXT-X-MEDIA-SEQUENCE:50', '#EXT-X-DISCONTINUITY-SEQUENCE:7', '#EXTINF:4,', 'a.ts'],
      ...['#EXT-X-DISCONTINUITY', '#EXTINF:4,', 'b.ts', '#EXTINF:4,', 'c.ts'],
      ...['#EXT-X-DISCONTINUITY', '#EXTINF:4,', 'd.ts'],
    );
    expect(segments.map((segment) => segment.discontinuitySequence)).toEqual([7, 8, 8, 9]);
    expect(segments.map((segment) => segment.discontinuity)).toEqual([false, true, false, true]);
    expect(segments.map((segment) => segment.sequence)).toEqual([50, 51, 52, 53]);
  });

  for (const [declared, longest, expected] of [
    ['4', '4.0', 4],
    ['4', '4.49', 4],
    ['4', '9.6', 10],
    ['4.2', '4', 5],
    ['0', '0.3', 1],
    ['10', '2', 10],
  ] as const) {
    test(`target duration ${declared} with a segment of ${longest} s is ${expected}`, async () => {
      const body = `#EXTM3U\n#EXT-X-TARGETDURATION:${declared}\n#EXTINF:${longest},\na.ts\n`;
      const { targetDurationS } = await sourceOf({ body }).source.poll(4, signal);
      expect(targetDurationS).toBe(expected);
    });
  }

  test('passes on what a list and its segments say', async () => {
    const list = await poll(
      ...['#EXT-X-PLAYLIST-TYPE:EVENT', '#EXT-X-INDEPENDENT-SEGMENTS'],
      ...['#EXT-X-START:TIME-OFFSET=-12', '#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z'],
      ...['#EXT-X-GAP', '#EXTINF:4,News, at ten', 'a.ts', '#EXT-X-ENDLIST'],
    );
    expect(list).toMatchObject({ ended: true, type: 'EVENT', independentSegments: true });
    expect(list.start?.timeOffset).toBe(-12);
    expect(list.segments[0]).toMatchObject({
      programDateTimeMs: Date.UTC(2026, 0, 1),
      gap: true,
      title: 'News, at ten',
      durationS: 4,
      extension: 'ts',
    });
  });
});

describe('date ranges of a playlist', () => {
  const RANGE = '#EXT-X-DATERANGE:ID="a",START-DATE="2026-01-01T00:00:05Z"';
  const SEGMENT = ['#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z', '#EXTINF:4,', 'a.ts'];

  for (const [where, ...lines] of [
    ['in the head', RANGE, '#EXT-X-MEDIA-SEQUENCE:7', ...SEGMENT],
    ['before a segment', '#EXT-X-MEDIA-SEQUENCE:7', RANGE, ...SEGMENT],
    ['after the last segment', '#EXT-X-MEDIA-SEQUENCE:7', ...SEGMENT, RANGE],
  ] as const) {
    test(`are of the list, not of a segment: ${where}`, async () => {
      const { dateRanges } = await poll(...lines);
      expect(dateRanges).toMatchObject([{ id: 'a', startMs: Date.UTC(2026, 0, 1, 0, 0, 5) }]);
    });
  }

  test('are not there where there are none', async () => {
    expect(await poll(...SEGMENT)).not.toHaveProperty('dateRanges');
  });
});

describe('HlsSource.poll()', () => {
  test('uses the answer at hand once, then asks', async () => {
    const outbound = scriptedOutbound({
      [LIST_URL]: { body: playlistOf('#EXT-X-MEDIA-SEQUENCE:2', '#EXTINF:4,', 'b.ts') },
    });
    const first = { text: playlistOf('#EXTINF:4,', 'a.ts'), url: LIST_URL };
    const source = new HlsSource(SPEC, outbound, new FakeClock(), first);
    expect((await source.poll(4, signal)).segments[0]?.sequence).toBe(0);
    expect(outbound.requests).toHaveLength(0);
    expect((await source.poll(4, signal)).segments[0]?.sequence).toBe(2);
    expect(outbound.requests[0]).toMatchObject({ url: LIST_URL, compressed: true });
  });

  test('takes over the variables of the multivariant playlist', async () => {
    const body = playlistOf('#EXT-X-DEFINE:IMPORT="auth"', '#EXTINF:4,', 'a.ts?{$auth}');
    const { source } = sourceOf({ body }, { ...SPEC, imports: [['auth', 'k=1']] });
    const { segments } = await source.poll(4, signal);
    expect(segments[0]?.ref).toEqual(ref('https://origin.example/live/720/a.ts?k=1'));
  });

  test('names an init segment the same with every list', async () => {
    const body = playlistOf('#EXT-X-MAP:URI="init.mp4"', '#EXTINF:4,', 'a.m4s');
    const { source } = sourceOf({ body });
    const names: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      names.push((await source.poll(4, signal)).segments[0]?.map?.asset.name);
    }
    expect(new Set(names).size).toBe(1);
  });

  for (const [what, answer, kind, part] of [
    ['a refusal', { status: 403 }, SourceStatusError, '403'],
    ['nothing', { body: '' }, FormatError, ''],
    ['a web page', { body: '<!doctype html>' }, FormatError, ''],
    [
      'a multivariant playlist',
      { body: '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n' },
      FormatError,
      'multivariant',
    ],
  ] as const) {
    test(`refuses ${what}`, async () => {
      const error = await sourceOf(answer)
        .source.poll(4, signal)
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(kind);
      expect((error as Error).message).toContain(part);
      expect((error as Error).message).not.toContain('token=abc');
    });
  }

  test('an endless stream in place of a list is said to be one, and not read on', async () => {
    const packets = writeFrames(new StreamWriter(), 90_000, 50).take();
    const { source } = sourceOf({ body: packets });
    await expect(source.poll(4, signal)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
  });

  test('passes on why nothing came, and how long to wait', async () => {
    const dead = new HlsSource(SPEC, scriptedOutbound({}), new FakeClock());
    expect(await dead.poll(4, signal).catch((e: unknown) => e)).toBeInstanceOf(NetError);
    const busy = sourceOf({ status: 503, headers: { 'retry-after': '9' } }).source;
    const error = await busy.poll(4, signal).catch((e: unknown) => e);
    expect(error).toMatchObject({ status: 503, retryAfterMs: 9000 });
  });

  test('opens bodies by their reference', async () => {
    const url = 'https://origin.example/a.ts';
    const outbound = scriptedOutbound({ [url]: { body: 'bytes' } });
    const source = new HlsSource(SPEC, outbound, new FakeClock());
    const limits = { connectMs: 1, firstByteMs: 1, betweenBytesMs: 1, totalMs: 1, maxBytes: 9 };
    const { body } = await source.open(ref(url), limits, signal);
    expect(Buffer.concat(await Array.fromAsync(body)).toString()).toBe('bytes');
    expect(outbound.requests[0]).toMatchObject({ limits, policy: SPEC.policy });
  });
});
