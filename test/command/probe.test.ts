// This file tests what a probe sees of an upstream, and what it says about it.
import { describe, expect, test } from 'bun:test';
import { hintsOf, isPlayable } from '../../src/command/probe-hints.ts';
import { formatProbe, probeJson } from '../../src/command/probe-report.ts';
import { transportTracks } from '../../src/command/probe-transport.ts';
import { type Probed, probeUpstream } from '../../src/command/probe-upstream.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { fmp4Init, fmp4Segment } from '../support/live/fmp4-segment.ts';
import { tsSegment } from '../support/live/ts-segment.ts';
import { type Script, type ScriptedAnswer, scriptedOutbound } from '../support/outbound-script.ts';

const BASE = 'https://h.example/news/';
const NOW_MS = Date.UTC(2026, 0, 1, 0, 1, 0);
const POLICY = { headers: { 'user-agent': 'x' }, verifyTls: true, allowDowngrade: false };

const ts = tsSegment('a', 0, 4000, 200_000);

async function probe(script: Script, path = 'index.m3u8'): Promise<Probed> {
  const clock = new FakeClock(NOW_MS);
  const outbound = scriptedOutbound(script);
  let outcome: Probed | Error | undefined;
  probeUpstream(BASE + path, { outbound, clock, policy: POLICY }).then(
    (probed) => {
      outcome = probed;
    },
    (error) => {
      outcome = error;
    },
  );
  for (let step = 0; step < 40 && outcome === undefined; step++) await clock.advance(500);
  for (const { policy } of outbound.requests) expect(policy).toBe(POLICY);
  if (outcome instanceof Error) throw outcome;
  if (outcome === undefined) throw new Error('The probe has no end');
  return outcome;
}

type ListOptions = {
  first?: number;
  count?: number;
  head?: string;
  dated?: boolean;
  tail?: string;
};

function list({
  first = 10,
  count = 6,
  head = '',
  dated = true,
  tail = '',
}: ListOptions = {}): string {
  const date = dated ? '#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:30Z\n' : '';
  const lines = Array.from({ length: count }, (_, index) => `#EXTINF:4,\n${first + index}.ts\n`);
  return `#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:${first}\n${head}${date}${lines.join('')}${tail}`;
}

/** A list that has gone on by one at the second look. */
function moving(options: ListOptions = {}): () => ScriptedAnswer {
  let looks = 0;
  return () => ({
    body: list({ ...options, first: (options.first ?? 10) + looks++ }),
    headers: { 'content-type': 'application/vnd.apple.mpegurl' },
  });
}

const segments = (body: Uint8Array | string, headers = {}): Script =>
  Object.fromEntries(
    Array.from({ length: 20 }, (_, index) => [`${BASE}${index}.ts`, { body, headers }]),
  );

describe('probeUpstream()', () => {
  test('a live media playlist', async () => {
    const probed = await probe({ [`${BASE}index.m3u8`]: moving(), ...segments(ts) });
    expect(probed.answer).toMatchObject({ status: 200, isRedirected: false });
    expect(probed.media?.newest).toMatchObject({
      durationS: 4,
      container: 'mpegts',
      answer: { url: `${BASE}15.ts`, sizeBytes: ts.byteLength },
    });
    expect(probed.media?.newest?.flaw).toBeUndefined();
    // Six segments of 4 s from 00:00:30 on end at 00:00:54; it is 00:01:00.
    expect(probed.media?.delay).toEqual({ seconds: 6, by: 'EXT-X-PROGRAM-DATE-TIME' });
    expect(probed.media?.second).toMatchObject({ newSegments: 1 });
    expect(probed.failures).toEqual([]);
    expect(isPlayable(probed)).toBe(true);
    expect(hintsOf(probed)).toEqual([]);
  });

  test('a multivariant playlist: the variant with the highest bandwidth, behind a redirect', async () => {
    const master = `#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Deutsch",LANGUAGE="de",DEFAULT=YES,URI="a.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1000000,RESOLUTION=640x360,CODECS="avc1.4d401e,mp4a.40.2",AUDIO="a"
sd.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=5000000,RESOLUTION=1920x1080,FRAME-RATE=50,AUDIO="a"
hd.m3u8
`;
    const cdn = 'https://cdn.example/x/';
    const probed = await probe({
      [`${BASE}index.m3u8`]: { body: master, url: `${cdn}master.m3u8?token=c4n4ry` },
      [`${cdn}hd.m3u8`]: moving(),
      [`${cdn}15.ts`]: { body: ts },
    });
    expect(probed.answer).toMatchObject({ isRedirected: true, url: `${cdn}master.m3u8?token=***` });
    expect(probed.multivariant?.variants).toHaveLength(2);
    expect(isPlayable(probed)).toBe(true);
    const said = formatProbe(`${BASE}index.m3u8`, probed);
    expect(said).toContain(`  redirected   to ${cdn}master.m3u8?token=***\n`);
    expect(said).toContain(`Multivariant playlist with 2 variants
  640x360, 1.0 Mbit/s, avc1.4d401e,mp4a.40.2
  1920x1080, 50 fps, 5.0 Mbit/s, codecs not said
  audio: Deutsch, de, default
`);
    expect(said).toContain('one quality alone with ?quality=360');
  });

  test('fMP4, its init segment looked at too', async () => {
    const head = '#EXT-X-MAP:URI="init.mp4"\n';
    const media = {
      [`${BASE}index.m3u8`]: moving({ head }),
      ...segments(fmp4Segment('a', 0, 4000, 5000)),
    };
    const good = await probe({ ...media, [`${BASE}init.mp4`]: { body: fmp4Init('a', 640, 360) } });
    expect(good.media?.newest?.container).toBe('fmp4');
    expect(isPlayable(good)).toBe(true);
    const without = await probe({ ...media, [`${BASE}init.mp4`]: { status: 403 } });
    expect(without.failures).toMatchObject([{ what: 'init segment', code: 'SOURCE_STATUS' }]);
    expect(isPlayable(without)).toBe(false);
  });

  test('AES-128, its key looked at too', async () => {
    const head = '#EXT-X-KEY:METHOD=AES-128,URI="k"\n';
    const body = new Uint8Array(1600).map((_, index) => (index * 89) ^ 0xa5);
    const media = { [`${BASE}index.m3u8`]: moving({ head }), ...segments(body) };
    const good = await probe({ ...media, [`${BASE}k`]: { body: new Uint8Array(16) } });
    expect(good.media?.newest?.container).toBe('encrypted');
    expect(isPlayable(good)).toBe(true);
    const bad = await probe({ ...media, [`${BASE}k`]: { body: 'forbidden' } });
    expect(hintsOf(bad)).toEqual([
      'The key is not to be had: Cannot use the key: 9 bytes, wanted 16',
    ]);
  });

  test('a byte range is asked for and nothing else', async () => {
    const body = new Uint8Array(188 * 30);
    body.set(ts.subarray(0, 188 * 10), 188 * 20);
    const text = list({ count: 1, tail: '' }).replace(
      '10.ts',
      `#EXT-X-BYTERANGE:${188 * 10}@${188 * 20}\n10.ts`,
    );
    const probed = await probe({
      [`${BASE}index.m3u8`]: { body: text },
      [`${BASE}10.ts`]: { body },
    });
    expect(probed.media?.newest?.answer).toMatchObject({ status: 206, sizeBytes: 1880 });
    expect(probed.media?.newest?.flaw).toBeUndefined();
  });

  test('the delay by Last-Modified where the list has no dates', async () => {
    const headers = { 'last-modified': new Date(NOW_MS - 9000).toUTCString() };
    const probed = await probe({
      [`${BASE}index.m3u8`]: moving({ dated: false }),
      ...segments(ts, headers),
    });
    expect(probed.media?.delay).toEqual({ seconds: 9, by: 'Last-Modified' });
  });

  test('a finished stream is not looked at twice', async () => {
    const probed = await probe({
      [`${BASE}index.m3u8`]: { body: list({ tail: '#EXT-X-ENDLIST\n' }) },
      ...segments(ts),
    });
    expect(probed.media?.second).toBeUndefined();
    expect(probed.media?.delay).toBeUndefined();
    expect(hintsOf(probed)).toEqual(['The stream is finished: it plays once and does not go on']);
  });

  test('an address that is not to be had throws', async () => {
    expect(probe({})).rejects.toMatchObject({ code: 'NET_CONNECT' });
  });

  test('an endless body is read no further than its head', async () => {
    const probed = await probe(
      { [`${BASE}live.ts`]: { body: tsSegment('a', 0, 4000, 5_000_000) } },
      'live.ts',
    );
    expect(probed.answer.sizeBytes).toBeLessThan(1_000_000);
    expect(hintsOf(probed)).toEqual(['The stream is finished: it plays once and does not go on']);
    expect(isPlayable(probed)).toBe(true);
    expect(probed.stream).toMatchObject({
      program: 1,
      tracks: transportTracks(ts),
      continuityErrors: 0,
      lostSyncs: 0,
      isFinite: true,
    });
    expect(formatProbe(`${BASE}live.ts`, probed)).toContain(
      'Endless transport stream\n  looked for',
    );
  });
});

describe('hintsOf()', () => {
  const url = `${BASE}index.m3u8`;
  const rows: readonly [string, Script, string][] = [
    ['a refusal', { [url]: { status: 403 } }, 'The upstream refuses (403): try --header'],
    ['nothing there', { [url]: { status: 404 } }, 'There is nothing at this address (404)'],
    ['an error', { [url]: { status: 503 } }, 'The upstream answers 503, wanted 200'],
    ['a page', { [url]: { body: '<!doctype html><html>' } }, 'This is an HTML page, wanted an HLS'],
    ['DASH', { [url]: { body: '<?xml version="1.0"?><MPD>' } }, 'This is DASH; ask the provider'],
    ['nothing listed', { [url]: { body: list({ count: 0 }) } }, 'The list is empty'],
    [
      'one segment',
      { [url]: moving({ count: 1 }), ...segments(ts) },
      'Only 1 segment is listed: players have little reserve',
    ],
    [
      'a list that stands still',
      { [url]: { body: list() }, ...segments(ts) },
      'No new segment came in 4.5 s: the stream may stand still',
    ],
    [
      'half a segment',
      { [url]: moving(), ...segments(ts.subarray(0, 1000)) },
      'The newest segment cannot be used: the last packet has 60 bytes, wanted 188',
    ],
    [
      'a segment that is a page',
      { [url]: moving(), ...segments('<html>not here</html>') },
      'The newest segment cannot be used: it is an HTML page, wanted a media segment',
    ],
    [
      'another encryption',
      { [url]: moving({ head: '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://k"\n' }), ...segments(ts) },
      'Encrypted with SAMPLE-AES: passed on as it is, players need the licence',
    ],
    [
      'a segment that is not there',
      { [url]: moving() },
      'The newest segment is not to be had: Cannot connect to h.example: refused',
    ],
    [
      'an old list',
      { [url]: { body: list().replace('2026', '2025') }, ...segments(ts) },
      'The newest segment is 31536006 s old: the stream may stand still',
    ],
    [
      'a list from the future',
      { [url]: { body: list().replace('00:00:30', '00:10:00') }, ...segments(ts) },
      'The newest segment ends in the future: a clock is wrong, here or there',
    ],
    [
      'segments longer than announced',
      { [url]: { body: list().replaceAll('INF:4', 'INF:9') }, ...segments(ts) },
      'A segment of 9 s is longer than the target duration of 4 s',
    ],
  ];
  test.each(rows)('%s', async (_, script, hint) => {
    const hints = hintsOf(await probe(script));
    expect(hints.some((each) => each.startsWith(hint)) ? hint : hints).toBe(hint);
  });

  test('a fetch slower than the segment plays', async () => {
    const probed = await probe({ [url]: moving(), ...segments(ts) });
    const { media } = probed;
    const slow = (tookMs: number) => {
      const newest = { ...media!.newest!, answer: { ...media!.newest!.answer, tookMs } };
      return hintsOf({ ...probed, media: { ...media!, newest } });
    };
    expect(slow(2000)).toEqual([]);
    expect(slow(3000)).toHaveLength(1);
    expect(slow(5000)).toEqual([
      'Fetching a segment takes longer than it plays: viewers will stall',
    ]);
  });
});

describe('formatProbe() and probeJson()', () => {
  const url = `${BASE}index.m3u8?token=c4n4ry`;

  test('say the same, one for people and one for programs, without secrets', async () => {
    const script = { [url]: moving(), ...segments(ts) };
    const probed = await probe(script, 'index.m3u8?token=c4n4ry');
    const said = formatProbe(url, probed);
    expect(said).toBe(`https://h.example/news/index.m3u8?token=***
  answer       200, application/vnd.apple.mpegurl, 205B in 0 ms

Media playlist
  segments     6 of 4 s, 24.0 s in all, target 4 s
  sequence     10 to 15, 0 discontinuities, 0 gaps
  encryption   none
  container    mpegts: ${transportTracks(ts).join(', ')}
  bit rate     ${((ts.byteLength * 8) / 4e6).toFixed(1)} Mbit/s
  newest       ${(ts.byteLength / 1024).toFixed(1)}KiB in 0 ms, first byte after 0 ms, 4000.0 times as fast as it plays
  whole        yes
  delay        6.0 s behind now, by EXT-X-PROGRAM-DATE-TIME
  second look  1 new segment after 4.5 s

A player would get
  /live/ID/index.m3u8, a media playlist
`);
    const record = JSON.parse(probeJson(url, probed));
    expect(record).toMatchObject({
      ok: true,
      url: 'https://h.example/news/index.m3u8?token=***',
      media: {
        targetDuration: 4,
        mediaSequence: 10,
        durations: [4, 4, 4, 4, 4, 4],
        encryption: [],
      },
      hints: [],
    });
    expect(said + JSON.stringify(record)).not.toContain('c4n4ry');
  });

  test('what an upstream writes does not steer the terminal', async () => {
    const headers = { 'content-type': 'text/html;x=\u009b2J' };
    const master = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="\x1b[2J"\nv.m3u8\n';
    const probed = await probe({ [`${BASE}index.m3u8`]: { body: master, headers } });
    expect(formatProbe(url, probed)).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
    expect(isPlayable(probed)).toBe(false);
  });
});

describe('transportTracks()', () => {
  test('names the tracks of the program map', () => {
    expect(transportTracks(ts).length).toBeGreaterThan(0);
  });

  test('has none for anything else', () => {
    for (const bytes of [
      new Uint8Array(0),
      new Uint8Array(5000),
      ts.subarray(1),
      ts.subarray(0, 100),
    ]) {
      expect(transportTracks(bytes)).toEqual([]);
    }
  });
});
