// This file has a real Kodi, with its client for IPTV, load what weir serves and play it.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { hasKodi } from '../support/kodi.ts';
import { KodiWorld, NAMES, SHORT, TITLES } from '../support/kodi-world.ts';
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const HOUR_MS = 3_600_000;
/** A machine without a graphics card has much to do. */
const COMES_MS = 40_000;

type Channel = Readonly<Record<'channelid' | 'channelnumber', number>> &
  Readonly<Record<'label' | 'icon', string>>;
type Broadcast = Readonly<Record<string, unknown>>;

describe.skipIf(!hasKodi()).each(['hls', 'ts'])('Kodi with a line-up of %s', (output) => {
  let world: KodiWorld;
  let pictures: TempFolder;
  let channels: readonly Channel[];

  beforeAll(async () => {
    pictures = await createTempFolder();
    world = await KodiWorld.start(`dialect=kodi&output=${output}`);
    const isLoaded = await until(async () => {
      channels = await channelsOf('alltv').catch(() => []);
      return channels.length > 0;
    }, COMES_MS);
    if (!isLoaded) throw new Error(`Kodi has no channels\n${world.kodi.log().slice(-4000)}`);
  }, 120_000);

  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
    await pictures?.[Symbol.asyncDispose]();
  }, 30_000);

  async function channelsOf(channelgroupid: number | 'alltv'): Promise<readonly Channel[]> {
    const properties = ['channelnumber', 'icon'];
    const asked = { channelgroupid, properties };
    const { channels = [] } = await world.kodi.call<{ channels?: Channel[] }>(
      'PVR.GetChannels',
      asked,
    );
    return channels;
  }

  const idOf = (number: number) => channels.find((of) => of.channelnumber === number)!.channelid;

  test('has the channels in order, by the names and numbers they have', () => {
    expect(channels.map(({ channelnumber, label }) => [channelnumber, label])).toEqual([
      // As Kodi can read them: no line-up has a quote or a comma in a name
      [7, "News 24‚ 'late' & more"],
      // Without it Jellyfin would take the 5 for the number
      [12, '5\u00a0USA – Sport'],
      [30, NAMES.arts],
    ]);
  });

  test('has their pictures', () => {
    const icons = channels.map(({ icon }) => decodeURIComponent(icon.replace(/^image:\/\//, '')));
    expect(icons[0]).toMatch(/^http:\/\/127\.0\.0\.1:\d+\//);
  });

  test('has their groups', async () => {
    const { channelgroups } = await world.kodi.call<{
      channelgroups: { channelgroupid: number; label: string }[];
    }>('PVR.GetChannelGroups', { channeltype: 'tv' });
    const held = new Map<string, readonly number[]>();
    for (const { channelgroupid, label } of channelgroups) {
      held.set(
        label,
        (await channelsOf(channelgroupid)).map(({ channelnumber }) => channelnumber),
      );
    }
    expect(held.get('News')).toEqual([7, 12]);
    expect(held.get('Kultur/ Kunst')).toEqual([30]);
  });

  test('has the guide that the line-up points to', async () => {
    const properties = ['title', 'plot', 'starttime', 'endtime', 'isactive', 'seasonnum'];
    const more = ['episodenum', 'episodename'];
    let broadcasts: readonly Broadcast[] = [];
    await until(async () => {
      const asked = { channelid: idOf(7), properties: [...properties, ...more] };
      const found = await world.kodi.call<{ broadcasts?: Broadcast[] }>('PVR.GetBroadcasts', asked);
      broadcasts = found.broadcasts ?? [];
      return broadcasts.length >= TITLES.length;
    }, COMES_MS);
    const time = (hours: number) =>
      new Date(world.onAirSinceMs + hours * HOUR_MS).toISOString().slice(0, 19).replace('T', ' ');
    expect(
      broadcasts.map(({ title, starttime, endtime }) => ({ title, starttime, endtime })),
    ).toEqual(TITLES.map((title, at) => ({ title, starttime: time(at - 1), endtime: time(at) })));
    expect(broadcasts[1]).toMatchObject({
      plot: 'Über & over, "said" he',
      episodename: 'The first',
      seasonnum: 2,
      episodenum: 5,
    });
  });

  /** Where pictures are to be looked at, they are kept there. */
  const shoot = (name: string) => {
    const folder = process.env['KEEP_PICTURES'] ?? pictures.path;
    return world.kodi.shoot(join(folder, `kodi-${output}-${name}.png`));
  };

  test('shows the guide on its page', async () => {
    await world.kodi.call('GUI.ActivateWindow', { window: 'tvguide' });
    const labels = ['ListItem.Title', 'ListItem.ChannelName'];
    let shown: Readonly<Record<string, string>> = {};
    await until(async () => {
      shown = await world.kodi.call('XBMC.GetInfoLabels', { labels });
      return shown['ListItem.Title'] === TITLES[1];
    }, COMES_MS);
    const { brightness } = await shoot('guide');
    expect(shown).toEqual({
      'ListItem.Title': TITLES[1],
      'ListItem.ChannelName': "News 24‚ 'late' & more",
    });
    expect(brightness).toBeGreaterThan(10);
  }, 60_000);

  /** What it says of what plays; the time is the stream's own, not that of the programme. */
  async function playing(): Promise<Readonly<Record<string, string>>> {
    return await world.kodi.call('XBMC.GetInfoLabels', {
      labels: ['Player.Time', 'VideoPlayer.VideoCodec', 'VideoPlayer.ChannelName'],
    });
  }

  const secondsIn = (text = '') =>
    /^(?:\d\d:)?\d\d:\d\d$/.test(text)
      ? text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
      : 0;

  /** Plays until the time has moved by five seconds, then looks at the screen. */
  async function watch(item: object, name: string) {
    await world.kodi.call('Player.Open', { item });
    let [first, last] = [Number.POSITIVE_INFINITY, 0];
    let said: Readonly<Record<string, string>> = {};
    const hasPlayed = await until(async () => {
      said = await playing();
      const seconds = secondsIn(said['Player.Time']);
      if (said['VideoPlayer.VideoCodec'] === '' || seconds === 0) return false;
      first = Math.min(first, seconds);
      last = Math.max(last, seconds);
      return last - first >= 5;
    }, COMES_MS);
    const shot = await shoot(name);
    await world.kodi.call('Player.Stop', { playerid: 1 });
    expect({ hasPlayed, codec: said['VideoPlayer.VideoCodec'] }).toEqual({
      hasPlayed: true,
      codec: 'h264',
    });
    // The picture of the test has all colours; Kodi's own pages are dark and blue
    expect(shot.brightness).toBeGreaterThan(60);
    expect(shot.colours).toBeGreaterThan(300);
  }

  test('plays a channel', async () => {
    await watch({ channelid: idOf(12) }, 'live');
  }, 90_000);

  test('plays what has been shown', async () => {
    const { shortSinceMs } = world;
    const [from, to] = [shortSinceMs, shortSinceMs + SHORT.lastsMs].map((ms) => ms / 1000);
    // It asks for more than the programme: what follows is to be had too
    const address = `/archive/arts${output === 'ts' ? '.ts' : '/index.m3u8'}?from=${from}&to=`;
    let list = '';
    const isHeld = async () => {
      const asked = world.weir.url(`/archive/arts/index.m3u8?from=${from}&to=${to}`);
      list = await (await fetch(asked)).text();
      return list.includes('#EXT-X-PLAYLIST-TYPE:VOD');
    };
    expect(await until(isHeld, COMES_MS)).toBe(true);
    const asked = { channelid: idOf(30), properties: ['title'] };
    type Found = { readonly broadcasts: readonly { broadcastid?: number; title: string }[] };
    let broadcastid: number | undefined;
    // It has none before Kodi has written the guide down, which it does once a minute
    await until(async () => {
      const { broadcasts } = await world.kodi.call<Found>('PVR.GetBroadcasts', asked);
      ({ broadcastid } = broadcasts.find(({ title }) => title === SHORT.title)!);
      return broadcastid !== undefined;
    }, 2 * COMES_MS);
    expect(await world.kodi.call('PVR.GetBroadcastIsPlayable', { broadcastid })).toBe(true);
    await watch({ broadcastid }, 'past');
    const [first] = /^[^#\n].*$/m.exec(list) as unknown as [string];
    // From its beginning
    if (output === 'hls') expect(world.kodi.log().includes(`/archive/arts/${first}`)).toBe(true);
    expect(world.kodi.log().includes(`Catchup URL: ${world.weir.url(address)}`)).toBe(true);
  }, 180_000);
});
