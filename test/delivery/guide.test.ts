// This file tests what players get who ask for the guide.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Guides } from '../../src/guide/guides.ts';
import type { FakeClock } from '../support/fake-clock.ts';
import { GUIDE_PLACE, GuideWorld, guidesOf, xmltvTime } from '../support/guide-world.ts';
import { createInProcessApp, loopChannel } from '../support/in-process-app.ts';

let world: GuideWorld;
let guides: Guides;
let app: ReturnType<typeof createInProcessApp>;

function xmltvOf(clock: FakeClock): string {
  const time = (hours: number) => xmltvTime(clock.nowMs() + hours * 3600_000);
  const showing = (channel: string, hours: number, title: string) =>
    `<programme start="${time(hours)}" stop="${time(hours + 1)}" channel="${channel}"><title>${title}</title></programme>`;
  return `<tv>${showing('one.guide', -0.5, 'Now &amp; here')}${showing('one.guide', 0.5, 'Next')}${showing('two', 200, 'Far')}${showing('else', 0, 'Not ours')}</tv>`;
}

beforeEach(async () => {
  world = await GuideWorld.create();
  const channels = [
    { ...loopChannel('one'), guide: 'one.guide', group: 'News' },
    { ...loopChannel('two'), group: 'Sport' },
  ];
  const create = (clock: FakeClock): Guides => {
    guides = world.open(clock, { [GUIDE_PLACE]: () => ({ body: xmltvOf(clock) }) });
    return guides;
  };
  app = createInProcessApp(channels, {}, { createGuides: create });
  app.state.publicUrl = 'http://weir.local';
  await guides.refresh();
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const get = async (path: string, headers = {}, method = 'GET') =>
  await app.fetch(new Request(`http://weir.local${path}`, { method, headers }));

describe('/epg.xml.gz', () => {
  test('is gzip and nothing else, of the channels of the line-up alone', async () => {
    const response = await get('/epg.xml.gz', { 'accept-encoding': 'gzip' });
    expect(response.headers.get('content-type')).toBe('application/gzip');
    expect(response.headers.get('content-encoding')).toBeNull();
    const text = gunzipSync(await response.bytes()).toString();
    expect(text).toContain('<channel id="one.guide">');
    expect(text).toContain('<channel id="two"><display-name>Channel two</display-name>');
    expect(text).toContain('<title>Now &amp; here</title>');
    expect(text).not.toContain('Not ours');
    expect(text).not.toContain('Far');
  });

  test('names the ids that the line-up names', async () => {
    const lineUp = await (await get('/playlist.m3u')).text();
    const ids = [...lineUp.matchAll(/tvg-id="([^"]*)"/g)].map(([, id]) => id);
    const text = gunzipSync(await (await get('/epg.xml.gz')).bytes()).toString();
    expect([...text.matchAll(/<channel id="([^"]*)"/g)].map(([, id]) => id)).toEqual(ids);
    expect(lineUp).toStartWith('#EXTM3U x-tvg-url="http://weir.local/epg.xml.gz"');
  });

  test('is known again by its tag, and by its date', async () => {
    const first = await get('/epg.xml.gz');
    const etag = first.headers.get('etag') as string;
    const since = first.headers.get('last-modified') as string;
    for (const headers of [
      { 'if-none-match': etag },
      { 'if-none-match': `"x", W/${etag}` },
      { 'if-modified-since': since },
    ]) {
      const again = await get('/epg.xml.gz', headers);
      expect(again.status).toBe(304);
      expect(await again.text()).toBe('');
    }
    expect(
      (await get('/epg.xml.gz', { 'if-none-match': '"x"', 'if-modified-since': since })).status,
    ).toBe(200);
    app.clock.stepWall(2000);
    await guides.refresh();
    expect((await get('/epg.xml.gz')).headers.get('etag')).not.toBe(etag);
    expect((await get('/epg.xml.gz', { 'if-modified-since': since })).status).toBe(200);
  });

  test('has another tag in another data folder, and the same for the same text', async () => {
    const tagOf = async (title: string): Promise<string> => {
      await using other = await GuideWorld.create();
      const create = (clock: FakeClock): Guides => {
        const body = xmltvOf(clock).replace('Far', title);
        guides = other.open(clock, { [GUIDE_PLACE]: { body } });
        return guides;
      };
      const { fetch } = createInProcessApp([loopChannel('two')], {}, { createGuides: create });
      await guides.refresh();
      const url = 'http://weir.local/epg.xml?days=10';
      return (await fetch(new Request(url))).headers.get('etag') as string;
    };
    const tag = await tagOf('Far');
    expect(await tagOf('Far')).toBe(tag);
    expect(await tagOf('Near')).not.toBe(tag);
  });

  test('is written again where somebody cleared the folder', async () => {
    const text = async () => gunzipSync(await (await get('/epg.xml.gz')).bytes()).toString();
    const before = await text();
    rmSync(join(world.folder.path, 'guide'), { recursive: true });
    expect(await text()).toBe(before);
  });

  test('HEAD says how long it is', async () => {
    const { length } = await (await get('/epg.xml.gz')).bytes();
    const head = await get('/epg.xml.gz', {}, 'HEAD');
    expect(head.headers.get('content-length')).toBe(String(length));
    expect(head.headers.get('content-type')).toBe('application/gzip');
  });
});

describe('/epg.xml', () => {
  test('is text, and packed where the player can unpack it', async () => {
    const plain = await get('/epg.xml');
    expect(plain.headers.get('content-type')).toBe('application/xml; charset=utf-8');
    expect(plain.headers.get('content-encoding')).toBeNull();
    const text = await plain.text();
    const packed = await get('/epg.xml', { 'accept-encoding': 'br, gzip' });
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    expect(packed.headers.get('vary')).toBe('accept-encoding');
    expect(gunzipSync(await packed.bytes()).toString()).toBe(text);
    expect(packed.headers.get('etag')).not.toBe(plain.headers.get('etag'));
  });

  test('for some channels: the one that the line-up of them names', async () => {
    const lineUp = await (await get('/playlist.m3u?id=two&id=gone')).text();
    const address = /url-tvg="http:\/\/weir\.local([^"]+)"/.exec(lineUp)?.[1] as string;
    const text = gunzipSync(await (await get(address)).bytes()).toString();
    expect([...text.matchAll(/<channel id="([^"]*)"/g)].map(([, id]) => id)).toEqual(['two']);
  });

  test('for a group, and for more days', async () => {
    const sport = await (await get('/epg.xml?group=Sport&days=10')).text();
    expect(sport).toContain('Far');
    expect(sport).not.toContain('one.guide');
  });

  test('answers under the name it had before', async () => {
    expect(await (await get('/EPG.xml')).text()).toBe(await (await get('/epg.xml')).text());
  });

  const bad = ['0', '32', '-1', '1.5', 'all'];
  test.each(bad)('refuses %s days', async (days) => {
    const response = await get(`/epg.xml?days=${days}`);
    expect(response.status).toBe(400);
    expect(await response.text()).toStartWith('DELIVERY_PARAMETER: ');
  });

  test('is said to come while none is there yet', async () => {
    const early = createInProcessApp(
      [loopChannel('one')],
      {},
      { createGuides: (clock) => guidesOf(clock, [GUIDE_PLACE], { folder: world.folder.path }) },
    );
    const response = await early.fetch(new Request('http://weir.local/epg.xml'));
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('30');
  });

  test('is not there where none is configured, and no line-up points to it', async () => {
    const bare = createInProcessApp([loopChannel('one')]);
    const response = await bare.fetch(new Request('http://weir.local/epg.xml'));
    expect(response.status).toBe(404);
    expect(await response.text()).toStartWith('DELIVERY_NO_GUIDE: ');
    const lineUp = await bare.fetch(new Request('http://weir.local/playlist.m3u'));
    expect(await lineUp.text()).toStartWith('#EXTM3U\n');
  });
});

describe('/api/guide', () => {
  test('tells how each does', async () => {
    const [status] = (await (await get('/api/guide')).json()) as [{ place: string; kept: object }];
    expect(status).toMatchObject({ kept: { programmes: 4, channels: 3, problems: {} } });
  });

  test('tells what is on', async () => {
    const airings = (await (await get('/api/guide/now')).json()) as unknown[];
    expect(airings).toMatchObject([
      { channel: 'one', guide: 'one.guide', now: { title: 'Now & here' }, next: { title: 'Next' } },
      { channel: 'two', guide: 'two', now: null, next: null },
    ]);
    expect(await (await get('/api/guide/now?group=Sport')).json()).toHaveLength(1);
    expect(await (await get('/api/guide/now?ids=two,gone')).json()).toHaveLength(1);
  });
});
