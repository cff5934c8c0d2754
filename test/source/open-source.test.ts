// This file tests how the renditions of a configured source are found out.
import { describe, expect, test } from 'bun:test';
import { FormatError } from '../../src/base/errors.ts';
import type { TemplateSource, UrlSource } from '../../src/config/config.ts';
import { NetError } from '../../src/net/errors.ts';
import { SourceStatusError } from '../../src/source/errors.ts';
import { openSource, policyOf } from '../../src/source/open-source.ts';
import { lookOver } from '../../src/source/stream/first-answer.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { type Script, scriptedOutbound } from '../support/outbound-script.ts';

const URL_ = 'https://origin.example:8443/live/master.m3u8?u=1';
const REACH = { headers: { cookie: 'a=b' }, verifyTls: true, allowDowngrade: false, timeouts: {} };
const SOURCE = { kind: 'url', url: URL_, ...REACH } as const satisfies UrlSource;
const TEMPLATE: TemplateSource = {
  kind: 'template',
  template: 'http://cdn.example/{quality}/{sequence}.ts',
  sequence: { atMs: 1000, first: 5, durationMs: 4000, delayMs: 2000 },
  qualities: [
    { height: 1080, value: 'fhd' },
    { height: 480, value: 'sd' },
  ],
  checkEveryMs: 60_000,
  ...REACH,
};
const MEDIA = '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n';
const MULTIVARIANT = `#EXTM3U
#EXT-X-DEFINE:NAME="auth",VALUE="k=1"
#EXT-X-STREAM-INF:BANDWIDTH=5000000,RESOLUTION=1280x720
hd.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=640x360
https://cdn.example/sd.m3u8
`;

async function open(source: Parameters<typeof openSource>[0], script: Script = {}) {
  const outbound = scriptedOutbound(script);
  const { signal } = new AbortController();
  const opened = await openSource(source, lookOver(outbound, new FakeClock()), signal);
  return { ...opened, requests: outbound.requests };
}

describe('policyOf()', () => {
  test('credentials are for the origin the operator wrote', () => {
    expect(policyOf(SOURCE)).toEqual({
      headers: { cookie: 'a=b' },
      credentialOrigin: 'https://origin.example:8443',
      verifyTls: true,
      allowDowngrade: false,
    });
    expect(policyOf(TEMPLATE).credentialOrigin).toBe('http://cdn.example');
  });

  test('keeps the proxy and what the operator opted out of', () => {
    const source = { ...SOURCE, proxy: 'http://p.example', verifyTls: false, allowDowngrade: true };
    expect(policyOf(source)).toMatchObject({
      proxy: 'http://p.example',
      verifyTls: false,
      allowDowngrade: true,
    });
  });
});

describe('openSource() of a URL', () => {
  test('a media playlist is one rendition, and its text is not asked for twice', async () => {
    const url = 'https://edge.example/master.m3u8';
    const opened = await open(SOURCE, { [URL_]: { body: MEDIA, url } });
    expect(opened.requests).toHaveLength(1);
    expect(opened.requests[0]).toMatchObject({ policy: policyOf(SOURCE), compressed: true });
    expect(opened.multivariant).toBeUndefined();
    expect(opened.renditions).toEqual([
      {
        id: 'main',
        traits: { kind: 'variant' },
        // Asked again where the operator said, not where it was redirected to
        spec: { kind: 'hls', url: URL_, policy: policyOf(SOURCE), timeouts: {}, imports: [] },
        first: { text: MEDIA, url },
      },
    ]);
  });

  test('a multivariant playlist is a rendition for each', async () => {
    const { renditions, multivariant } = await open(SOURCE, { [URL_]: { body: MULTIVARIANT } });
    expect(renditions.map(({ id, spec }) => [id, spec.kind === 'hls' && spec.url])).toEqual([
      ['720p-5000k', 'https://origin.example:8443/live/hd.m3u8'],
      ['360p-900k', 'https://cdn.example/sd.m3u8'],
    ]);
    for (const { spec, first } of renditions) {
      expect(first).toBeUndefined();
      expect(spec).toMatchObject({ policy: policyOf(SOURCE), imports: [['auth', 'k=1']] });
    }
    expect(multivariant?.variants.map(({ uri }) => uri)).toEqual([
      '720p-5000k/index.m3u8',
      '360p-900k/index.m3u8',
    ]);
  });

  for (const [what, script, kind] of [
    ['a refusal', { [URL_]: { status: 403 } }, SourceStatusError],
    ['a redirect that was not followed', { [URL_]: { status: 302 } }, SourceStatusError],
    ['an upstream that is not there', {}, NetError],
    ['a web page', { [URL_]: { body: '<html></html>' } }, FormatError],
    ['an empty answer', { [URL_]: {} }, FormatError],
  ] as const) {
    test(`says what it is where ${what} comes`, async () => {
      const error = await open(SOURCE, script).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(kind);
      expect((error as Error).message).not.toContain('u=1');
    });
  }

  test('says so where a multivariant playlist has no variants', async () => {
    const body = '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="muxed"\n';
    const error = await open(SOURCE, { [URL_]: { body } }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(FormatError);
    expect((error as Error).message).toContain('no variant');
  });

  test('hands on how long to wait', async () => {
    const script = { [URL_]: { status: 429, headers: { 'retry-after': '30' } } };
    const error = await open(SOURCE, script).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ status: 429, retryAfterMs: 30_000 });
  });
});

describe('openSource() that asks nobody', () => {
  test('a template is a rendition for each quality', async () => {
    const { renditions, multivariant, requests } = await open(TEMPLATE);
    expect(requests).toHaveLength(0);
    expect(
      renditions.map(({ id, spec }) => [id, spec.kind === 'computed' && spec.quality]),
    ).toEqual([
      ['1080p', 'fhd'],
      ['480p', 'sd'],
    ]);
    expect(renditions[0]?.spec).toMatchObject({
      ...TEMPLATE.sequence,
      kind: 'computed',
      checkEveryMs: 60_000,
    });
    expect(renditions[0]?.spec).not.toHaveProperty('playlist');
    expect(multivariant?.variants.map(({ uri, resolution }) => [uri, resolution])).toEqual([
      ['1080p/index.m3u8', { width: 1920, height: 1080 }],
      ['480p/index.m3u8', { width: 854, height: 480 }],
    ]);
    for (const { bandwidth } of multivariant?.variants ?? []) expect(bandwidth).toBeGreaterThan(0);
  });

  test('a template without qualities is one rendition', async () => {
    const playlist = 'http://cdn.example/real.m3u8';
    const opened = await open({ ...TEMPLATE, qualities: [], playlist });
    expect(opened.renditions.map(({ id }) => id)).toEqual(['main']);
    expect(opened.renditions[0]?.spec).toMatchObject({ quality: '', playlist });
    expect(opened.multivariant).toBeUndefined();
  });

  test('a loop is one rendition', async () => {
    for (const files of ['demo', ['a.ts', 'b.ts']] as const) {
      const { renditions, requests } = await open({ kind: 'loop', files });
      expect(renditions).toEqual([
        { id: 'main', traits: { kind: 'variant' }, spec: { kind: 'loop', files } },
      ]);
      expect(requests).toHaveLength(0);
    }
  });
});
