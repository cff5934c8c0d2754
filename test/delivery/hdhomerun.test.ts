// This file tests weir as those see it who take it for an HDHomeRun.
import { beforeEach, describe, expect, test } from 'bun:test';
import { isDeviceId } from '../../src/lineup/hdhomerun/device-id.ts';
import { createInProcessApp, loopChannel } from '../support/in-process-app.ts';

const CHANNELS = [
  { ...loopChannel('two'), number: 2, group: 'News' },
  { ...loopChannel('ten'), number: 10, name: 'Ten <&> "more"' },
  { ...loopChannel('one'), number: 1, group: 'News' },
];
const DEVICES = [
  { id: 'main', name: 'Our TV', tuners: 2, groups: [], discovery: false },
  { id: 'news', name: 'News only', tuners: 1, groups: ['News'], discovery: false },
];

let app: ReturnType<typeof createInProcessApp>;
beforeEach(() => {
  app = createInProcessApp(CHANNELS, {}, { devices: DEVICES });
});

const get = async (path: string, method = 'GET', headers = { host: 'tv.local:8080' }) =>
  await app.fetch(new Request(`http://tv.local:8080${path}`, { method, headers }));
const json = async (path: string) => await (await get(path)).json();

describe('a device', () => {
  test('says what it is, with every key and the right types', async () => {
    const found = (await json('/hdhr/news/discover.json')) as Record<string, unknown>;
    expect(found).toEqual({
      FriendlyName: 'News only',
      Manufacturer: 'Silicondust',
      ModelNumber: 'HDHR4-2US',
      FirmwareName: 'hdhomerun4_atsc',
      FirmwareVersion: '20150826',
      DeviceID: expect.stringMatching(/^[0-9A-F]{8}$/),
      DeviceAuth: expect.stringMatching(/^[\w-]{24}$/),
      BaseURL: 'http://tv.local:8080/hdhr/news',
      LineupURL: 'http://tv.local:8080/hdhr/news/lineup.json',
      TunerCount: 1,
    });
    expect(isDeviceId(Number.parseInt(String(found['DeviceID']), 16))).toBe(true);
    expect(String(found['ModelNumber'])).not.toMatch(/hdtc/i);
  });

  test('is another than the next, and the first is at the root', async () => {
    const root = (await json('/discover.json')) as Record<string, string>;
    const main = (await json('/hdhr/main/discover.json')) as Record<string, string>;
    const news = (await json('/hdhr/news/discover.json')) as Record<string, string>;
    expect(root['DeviceID']).toBe(main['DeviceID'] as string);
    expect(root['BaseURL']).toBe('http://tv.local:8080');
    expect(news['DeviceID']).not.toBe(main['DeviceID'] as string);
  });

  test('lists its channels by number', async () => {
    expect(await json('/lineup.json')).toEqual([
      { GuideNumber: '1', GuideName: 'Channel one', URL: 'http://tv.local:8080/auto/v1' },
      { GuideNumber: '2', GuideName: 'Channel two', URL: 'http://tv.local:8080/auto/v2' },
      { GuideNumber: '10', GuideName: 'Ten <&> "more"', URL: 'http://tv.local:8080/auto/v10' },
    ]);
    expect(await json('/hdhr/news/lineup.json')).toEqual([
      { GuideNumber: '1', GuideName: 'Channel one', URL: 'http://tv.local:8080/hdhr/news/auto/v1' },
      { GuideNumber: '2', GuideName: 'Channel two', URL: 'http://tv.local:8080/hdhr/news/auto/v2' },
    ]);
  });

  test('lists them as XML and M3U too', async () => {
    const xml = await (await get('/lineup.xml')).text();
    expect(xml).toContain(
      '<Program><GuideNumber>1</GuideNumber><GuideName>Channel one</GuideName>',
    );
    expect(xml).toContain('<GuideName>Ten &lt;&amp;&gt; &quot;more&quot;</GuideName>');
    const m3u = await (await get('/hdhr/news/lineup.m3u')).text();
    expect(m3u).toContain('tvg-chno="1"');
    expect(m3u).toContain('\nhttp://tv.local:8080/hdhr/news/auto/v1\n');
  });

  test('scans for nothing', async () => {
    expect(await json('/lineup_status.json')).toEqual({
      ScanInProgress: 0,
      ScanPossible: 1,
      Source: 'Cable',
      SourceList: ['Cable'],
    });
    for (const path of ['/lineup.post?scan=start', '/hdhr/news/lineup.post?scan=abort']) {
      const posted = await get(path, 'POST');
      expect([posted.status, await posted.json()]).toEqual([200, {}]);
    }
  });

  test('describes itself as UPnP has it', async () => {
    const xml = await (await get('/hdhr/main/device.xml')).text();
    expect(xml).toContain('<root xmlns="urn:schemas-upnp-org:device-1-0">');
    expect(xml).toContain('<deviceType>urn:schemas-upnp-org:device:MediaServer:1</deviceType>');
    expect(xml).toContain('<friendlyName>Our TV</friendlyName>');
    expect(xml).toMatch(
      /<UDN>uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}<\/UDN>/,
    );
  });

  test('names the public address where there is one', async () => {
    app.state.publicUrl = 'https://tv.example.com/';
    const found = (await json('/hdhr/main/discover.json')) as Record<string, string>;
    expect(found['BaseURL']).toBe('https://tv.example.com/hdhr/main');
  });

  test('shows a browser what its clients are given', async () => {
    const answer = await get('/hdhr/news');
    expect([answer.status, answer.headers.get('location')]).toEqual([302, 'news/discover.json']);
  });

  const refused: readonly (readonly [string, string, number, string])[] = [
    ['a device that is not there', '/hdhr/none/discover.json', 404, 'DELIVERY_NO_DEVICE'],
    ['the same by its address alone', '/hdhr/none', 404, 'DELIVERY_NO_DEVICE'],
    ['a document that is none', '/hdhr/main/secrets.json', 404, 'DELIVERY_UNKNOWN_ADDRESS'],
    ['a channel that is not there', '/auto/v3', 404, 'DELIVERY_UNKNOWN_CHANNEL'],
    ['a channel that this device has not', '/hdhr/news/auto/v10', 404, 'DELIVERY_UNKNOWN_CHANNEL'],
    ['a number that is none', '/auto/vone', 404, 'DELIVERY_UNKNOWN_CHANNEL'],
    ['a tuner it has not', '/hdhr/main/tuner2/v1', 404, 'DELIVERY_UNKNOWN_ADDRESS'],
    ['something else than a tuner', '/hdhr/main/tune/v1', 404, 'DELIVERY_UNKNOWN_ADDRESS'],
  ];
  test.each(refused)('refuses %s', async (_, path, status, code) => {
    const response = await get(path);
    expect(response.status).toBe(status);
    expect(await response.text()).toStartWith(`${code}: `);
  });

  test('refuses a Host header that is none', async () => {
    const response = await app.fetch(
      new Request('http://x/discover.json', { headers: { host: 'a b' } }),
    );
    expect(response.status).toBe(400);
  });

  test('is not there where none is configured', async () => {
    const bare = createInProcessApp(CHANNELS);
    const response = await bare.fetch(new Request('http://tv.local/discover.json'));
    expect(response.status).toBe(404);
  });
});

describe('tuners', () => {
  test('HEAD takes none, and asks nothing of upstream', async () => {
    const head = await get('/auto/v1', 'HEAD');
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'video/mp2t']);
    expect(app.loopsOpened).toBe(0);
    expect(await json('/status.json')).toEqual([{ Resource: 'tuner0' }, { Resource: 'tuner1' }]);
  });

  test('are as many as it has, and free again once a viewer has gone', async () => {
    const first = await get('/hdhr/news/auto/v1');
    expect([first.status, first.headers.get('content-type')]).toEqual([200, 'video/mp2t']);
    expect(await json('/hdhr/news/status.json')).toEqual([
      { Resource: 'tuner0', VctNumber: '1', VctName: 'Channel one' },
    ]);
    const refused = [get('/hdhr/news/auto/v2'), get('/hdhr/news/tuner0/v2')] as const;
    await app.clock.advance(3000);
    const [second, same] = await Promise.all(refused);
    expect(second.status).toBe(503);
    expect(second.headers.get('x-hdhomerun-error')).toBe('805 All Tuners In Use');
    expect(same.headers.get('x-hdhomerun-error')).toBe('804 Tuner In Use');
    expect((await get('/tuner0/v1', 'HEAD')).headers.get('content-type')).toBe('video/mp2t');
    expect((await get('/tuner2/v1')).status).toBe(404);
    const metrics = await (await get('/metrics')).text();
    expect(metrics).toContain(
      '\nweir_tuners{device="news",state="used"} 1\nweir_tuners{device="news",state="free"} 0\n',
    );
    expect(metrics).toContain('\nweir_tuners_refused_total{device="news"} 2\n');
    // Another device has its own
    expect((await get('/hdhr/main/tuner1/v1')).status).toBe(200);
    await first.body?.cancel();
    expect(await json('/hdhr/news/status.json')).toEqual([{ Resource: 'tuner0' }]);
    expect((await get('/hdhr/news/tuner0/v2')).status).toBe(200);
  });

  test('go on to who zaps, in turn, a moment before the last channel is left', async () => {
    const first = await get('/hdhr/news/auto/v1');
    const gone = new AbortController();
    const url = 'http://tv.local:8080/hdhr/news/auto/v2';
    const zapped = Promise.resolve(app.fetch(new Request(url, { signal: gone.signal })));
    const [next, last] = [get('/hdhr/news/tuner0/v2'), get('/hdhr/news/auto/v1')];
    await app.clock.advance(500);
    gone.abort();
    expect((await zapped).status).toBe(503);
    await first.body?.cancel();
    expect((await next).status).toBe(200);
    await (await next).body?.cancel();
    expect((await last).status).toBe(200);
    await (await last).body?.cancel();
    expect(await json('/hdhr/news/status.json')).toEqual([{ Resource: 'tuner0' }]);
  });

  test('lead to what was on where a player appends utc=', async () => {
    for (const path of ['/auto/v1', '/hdhr/news/tuner0/v1', '/tuner1/v1.ts']) {
      const answer = await get(`${path}?utc=1767222000&lutc=1`);
      const location = answer.headers.get('location') as string;
      const wanted = '/archive/one.ts?from=1767222000&duration=10800';
      const { pathname, search } = new URL(location, `http://tv.local${path}`);
      expect([answer.status, `${pathname}${search}`]).toEqual([302, wanted]);
      expect(answer.headers.has('x-hdhomerun-error')).toBe(false);
    }
    expect(await json('/status.json')).toEqual([{ Resource: 'tuner0' }, { Resource: 'tuner1' }]);
  });

  test('of a channel that is not to be had are free again', async () => {
    app.script.segments = [];
    const answering = get('/hdhr/news/auto/v1');
    await app.clock.advance(20_000);
    const response = await answering;
    expect(response.status).toBe(503);
    expect(response.headers.get('x-hdhomerun-error')).toBe('807 No Video Data');
    expect(await json('/hdhr/news/status.json')).toEqual([{ Resource: 'tuner0' }]);
  });
});
