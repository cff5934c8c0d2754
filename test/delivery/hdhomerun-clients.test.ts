// This file holds what weir says as an HDHomeRun to the rules of Plex, Jellyfin and libhdhomerun.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { ChannelConfig } from '../../src/config/config.ts';
import type { Guides } from '../../src/guide/guides.ts';
import { plainText } from '../../src/media/m3u/safe-text.ts';
import { hostileText } from '../media/m3u/hostile.ts';
import type { FakeClock } from '../support/fake-clock.ts';
import { GUIDE_PLACE, GuideWorld, xmltvTime } from '../support/guide-world.ts';
import { createInProcessApp, loopChannel } from '../support/in-process-app.ts';
import {
  readDeviceXml,
  readDiscover,
  readLineup,
  readLineupXml,
  readStatus,
} from '../support/player-parsers/hdhomerun.ts';
import { readAsJellyfin } from '../support/player-parsers/jellyfin.ts';
import { readAsPlayers } from '../support/player-parsers/xmltv.ts';

const DEVICES = [
  { id: 'all', name: 'Our "TV" <&>', tuners: 2, groups: [], discovery: false },
  { id: 'news', name: 'News', tuners: 1, groups: ['News'], discovery: false },
];

/** Names are free of controls wherever they come from: the configuration and lists see to it. */
const hostileChannels = fc
  .uniqueArray(
    fc.record({
      name: hostileText.map((text) => plainText(text)).filter((text) => text !== ''),
      number: fc.oneof(
        fc.integer({ min: 1, max: 99_999 }),
        fc.constantFrom(1, 2, 5.1, 7.25, undefined),
      ),
      group: fc.constantFrom('News', 'Sport'),
    }),
    { maxLength: 12, selector: ({ name }) => name },
  )
  .map((rows) =>
    rows.map(
      ({ name, number, group }, at): ChannelConfig => ({
        ...loopChannel(`c${at}`),
        ...{ name, group },
        ...(number === undefined ? {} : { number }),
      }),
    ),
  );

function openDevices(channels: readonly ChannelConfig[]) {
  const app = createInProcessApp(channels, {}, { devices: DEVICES });
  const get = async (path: string, method = 'GET') => {
    const headers = { host: 'tv.local:8080' };
    const url = path.startsWith('http') ? path : `http://tv.local:8080${path}`;
    return await app.fetch(new Request(url, { method, headers }));
  };
  return { app, get, [Symbol.dispose]: () => app[Symbol.dispose]() };
}

/** A guide in which one.uk has a programme, and two.uk none. */
async function openWithGuide(channels: readonly ChannelConfig[]) {
  await using open = new AsyncDisposableStack();
  const world = open.use(await GuideWorld.create());
  const xml =
    '<tv><channel id="one.uk"><display-name>Uno</display-name><display-name>2</display-name></channel>' +
    '<channel id="two.uk"><display-name lang="en">Two</display-name><display-name>1</display-name></channel>';
  let guides: Guides | undefined;
  const createGuides = (clock: FakeClock): Guides => {
    const time = (hours: number) => xmltvTime(clock.nowMs() + hours * 3_600_000);
    const programme = `<programme start="${time(-1)}" stop="${time(1)}" channel="one.uk"><title>T</title></programme></tv>`;
    guides = world.open(clock, { [GUIDE_PLACE]: () => ({ body: xml + programme }) });
    return guides;
  };
  const app = open.use(createInProcessApp(channels, {}, { createGuides, devices: DEVICES }));
  await guides?.refresh();
  const opened = open.move();
  return { ask: app.ask, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

describe('a device and its clients', () => {
  test('agree, whatever the channels are called', async () => {
    await fc.assert(
      fc.asyncProperty(hostileChannels, async (channels) => {
        using it = openDevices(channels);
        for (const base of ['', '/hdhr/all', '/hdhr/news']) {
          const device = readDiscover(await (await it.get(`${base}/discover.json`)).json());
          const rows = readLineup(await (await it.get(device.lineUpUrl)).json());
          expect(readLineupXml(await (await it.get(`${base}/lineup.xml`)).text())).toEqual(rows);
          const { serial } = readDeviceXml(await (await it.get(`${base}/device.xml`)).text());
          expect(serial).toBe(device.id);
          readStatus(await (await it.get(`${base}/lineup_status.json`)).json());
          const listed = readAsJellyfin(await (await it.get(`${base}/lineup.m3u`)).text());
          expect(listed.map(({ number, url }) => ({ number, url }))).toEqual(
            rows.map(({ number, url }) => ({ number, url })),
          );
          // Each is there, as what it has to be, and nothing is asked of upstream for that
          for (const { url } of rows) {
            const head = await it.get(url, 'HEAD');
            expect([head.status, head.headers.get('content-type')]).toEqual([200, 'video/mp2t']);
          }
        }
        expect(it.app.loopsOpened).toBe(0);
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  test('find the programmes of each channel by its number, whatever numbers a guide has', async () => {
    await using it = await openWithGuide([
      { ...loopChannel('one'), number: 1, guide: 'one.uk' },
      { ...loopChannel('two'), number: 2, guide: 'two.uk' },
      { ...loopChannel('other'), number: 2, guide: 'other.uk' },
      { ...loopChannel('point'), number: 5.1 },
      { ...loopChannel('none'), guide: 'none.uk' },
    ]);
    const read = readAsPlayers(await (await it.ask('/epg.xml')).text());
    expect(Object.fromEntries(read.byNumber)).toEqual({ 1: 'one.uk', 2: 'two.uk', 5.1: 'point' });
    expect(read.channels.get('one.uk')).toBe('Channel one');
    const rows = readLineup(await (await it.ask('/lineup.json', { host: 'tv' })).json());
    expect(rows.map(({ number }) => read.channels.get(read.byNumber.get(number) ?? ''))).toEqual(
      rows.map(({ name }) => name),
    );
  });

  test('find them in the guide of the device where one channel of a guide feeds several', async () => {
    const hour = 3_600_000;
    await using it = await openWithGuide([
      { ...loopChannel('hd'), number: 9, guide: 'one.uk', group: 'News' },
      { ...loopChannel('sd'), number: 1, guide: 'one.uk', group: 'News' },
      { ...loopChannel('later'), number: 3, guide: 'one.uk', guideShiftMs: hour, group: 'News' },
      { ...loopChannel('again'), number: 4, guide: 'one.uk', guideShiftMs: hour, group: 'News' },
      { ...loopChannel('sport'), number: 5, guide: 'one.uk', group: 'Sport' },
      { ...loopChannel('unnumbered'), guide: 'two.uk', group: 'News' },
    ]);
    const read = readAsPlayers(await (await it.ask('/hdhr/news/epg.xml', { host: 'tv' })).text());
    expect(Object.fromEntries(read.byNumber)).toEqual({
      ...{ 1: 'one.uk', 3: 'one.uk+1h', 4: 'one.uk+1h#4', 9: 'one.uk#9' },
    });
    const startOf = (id: string) => read.programmes.find(({ channel }) => channel === id)?.startMs;
    const [startMs] = read.programmes.filter(({ channel }) => channel === 'one.uk');
    expect(startOf('one.uk#9')).toBe(startMs?.startMs as number);
    expect(startOf('one.uk+1h#4')).toBe((startMs?.startMs as number) + hour);
    const rows = readLineup(await (await it.ask('/hdhr/news/lineup.json', { host: 'tv' })).json());
    expect(rows.map(({ number }) => read.channels.get(read.byNumber.get(number) ?? ''))).toEqual(
      rows.map(({ name }) => name),
    );
    const listed = await (await it.ask('/hdhr/news/lineup.m3u', { host: 'tv' })).text();
    expect(listed).toStartWith('#EXTM3U x-tvg-url="http://tv/hdhr/news/epg.xml.gz"');
    const packed = await it.ask('/hdhr/news/epg.xml.gz', { host: 'tv' });
    expect(packed.headers.get('content-type')).toBe('application/gzip');
    const text = new TextDecoder().decode(Bun.gunzipSync(await packed.arrayBuffer()));
    expect(readAsPlayers(text)).toEqual(read);
  });

  test('of two channels with one number the first has it, as where it is tuned to', async () => {
    using it = openDevices([
      { ...loopChannel('a'), number: 7, name: 'First' },
      { ...loopChannel('b'), number: 7, name: 'Second' },
    ]);
    const rows = readLineup(await (await it.get('/lineup.json')).json());
    expect(rows.map(({ number, name }) => [number, name])).toEqual([['7', 'First']]);
  });

  test('a number with a part after the point is tuned to', async () => {
    using it = openDevices([{ ...loopChannel('a'), number: 5.1 }]);
    const [row] = readLineup(await (await it.get('/lineup.json')).json());
    expect(row?.url).toEndWith('/auto/v5.1');
    for (const path of ['/auto/v5.1', '/auto/v5.1.ts', '/auto/5.1', '/hdhr/all/tuner1/v5.1']) {
      expect((await it.get(path, 'HEAD')).status).toBe(200);
    }
  });
});
