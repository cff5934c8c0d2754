// This file holds what weir serves to the rules of Jellyfin, Plex and Kodi, with hostile names.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { plainText } from '../../src/media/m3u/safe-text.ts';
import { escapeMarkup } from '../../src/media/xmltv/markup.ts';
import { hostileText } from '../media/m3u/hostile.ts';
import { readLineup } from '../support/player-parsers/hdhomerun.ts';
import { readAsJellyfin } from '../support/player-parsers/jellyfin.ts';
import { readAsKodi } from '../support/player-parsers/kodi.ts';
import { isMpvPlaylist } from '../support/player-parsers/mpv.ts';
import { readAsPlayers } from '../support/player-parsers/xmltv.ts';
import { RawServer } from '../support/raw-server.ts';
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { Weir } from '../support/weir.ts';

const HOUR_MS = 3_600_000;
const NAMES = fc
  .sample(hostileText, { numRuns: 60, seed: 5 })
  .map((text) => plainText(text, 100))
  // What the configuration takes: no surrogates, nothing that YAML has no form for
  .filter((text) => text !== '' && text === text.toWellFormed());

describe('media servers', () => {
  let folder: TempFolder;
  let upstream: RawServer;
  let weir: Weir;

  beforeAll(async () => {
    folder = await createTempFolder();
    upstream = await RawServer.answering('HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n');
    const ids = NAMES.map((name, at) => (at % 3 === 0 ? plainText(name, 60) : `guide.${at}`));
    const guides = [{ path: await folder.write('guide.xml', guideText(ids)) }];
    const channels = NAMES.map((name, at) => ({
      ...{ id: `c${at}`, name, guide: ids[at], group: plainText(NAMES.at(-at - 1)!, 40) || 'x' },
      ...(at % 2 === 0 ? { number: at + 1 } : {}),
      sources: [upstream.url(`/${at}.m3u8`)],
    }));
    const hdhomerun = [{ id: 'tv', tuners: 1 }];
    const allow_private = ['127.0.0.0/8'];
    weir = await Weir.start({ yaml: stringify({ allow_private, guides, hdhomerun, channels }) });
    const hasGuide = async () => (await ask('/epg.xml')).status === 200;
    if (!(await until(hasGuide, 20_000))) throw new Error(`No guide\n${weir.output}`);
  }, 60_000);

  afterAll(async () => {
    await weir?.[Symbol.asyncDispose]();
    await upstream?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  }, 20_000);

  /** As they come: nothing is unpacked but what the test unpacks. */
  const ask = (path: string, method = 'GET', headers: Record<string, string> = {}) =>
    fetch(path.startsWith('http') ? path : weir.url(path), {
      ...{ method, headers: { 'accept-encoding': 'identity', ...headers }, decompress: false },
      signal: AbortSignal.timeout(10_000),
    });

  const lists = ['/playlist.m3u', '/playlist.m3u?output=ts', '/playlist.m3u?dialect=kodi'];

  test.each(lists)(
    '%s is a list for mpv, and names every channel alike for Jellyfin and Kodi',
    async (list) => {
      const answer = await ask(list);
      const text = await answer.text();
      expect(isMpvPlaylist(text, answer.headers.get('content-type') ?? '')).toBe(true);
      const jellyfin = readAsJellyfin(text);
      const kodi = readAsKodi(text).channels;
      expect(jellyfin).toHaveLength(NAMES.length);
      const known = ({ number, url, guideId, groups }: (typeof jellyfin)[number]) => {
        return { number: Number(number), url, guideId, groups };
      };
      expect(jellyfin.map(known)).toEqual(kodi.map(known));
      // Jellyfin takes a number where there is none, and its favourites hang on the address
      expect(new Set(jellyfin.map(({ number }) => number)).size).toBe(NAMES.length);
      expect(await (await ask(list)).text()).toBe(text);
    },
  );

  test('what a channel is is told without a look at its source', async () => {
    const text = await (await ask('/playlist.m3u?output=ts')).text();
    const { url } = readAsJellyfin(text)[0]!;
    expect(new URL(url).pathname).toEndWith('.ts');
    const types: Readonly<Record<string, string>> = {
      [url]: 'video/mp2t',
      '/auto/v1': 'video/mp2t',
      '/playlist.m3u': 'audio/x-mpegurl',
      '/epg.xml.gz': 'application/gzip',
      '/epg.xml': 'application/xml; charset=utf-8',
    };
    for (const [path, type] of Object.entries(types)) {
      const head = await ask(path, 'HEAD');
      expect([path, head.status, head.headers.get('content-type')]).toEqual([path, 200, type]);
    }
    expect(upstream.connections).toBe(0);
  });

  test('a guide is unpacked by its name, and has what each of them wants', async () => {
    const packed = await ask('/epg.xml.gz', 'GET', { 'accept-encoding': 'gzip' });
    expect(packed.headers.get('content-encoding')).toBeNull();
    const text = Buffer.from(Bun.gunzipSync(await packed.bytes())).toString();
    const { channels, byNumber, programmes } = readAsPlayers(text);
    const tuned = readLineup(await (await ask('/lineup.json')).json());
    const joined = tuned.map(({ number }) => channels.get(byNumber.get(number) ?? ''));
    expect(joined).toEqual(tuned.map(({ name }) => name));
    expect(programmes.length).toBeGreaterThan(NAMES.length);
    const listed = readAsJellyfin(await (await ask('/playlist.m3u')).text());
    expect([...channels.keys()].sort()).toEqual(listed.map(({ guideId }) => guideId!).sort());
    expect(packed.headers.get('last-modified')).not.toBeNull();
    expect((await ask('/epg.xml')).headers.get('content-encoding')).toBeNull();
    const gz = await ask('/epg.xml', 'GET', { 'accept-encoding': 'gzip' });
    expect(gz.headers.get('content-encoding')).toBe('gzip');
    const again = Buffer.from(Bun.gunzipSync(await gz.bytes())).toString();
    expect(again).toBe(text);
  });

  test('IPTV Smarters asks for the list by POST', async () => {
    const posted = await ask('/playlist.m3u', 'POST');
    expect(await posted.text()).toBe(await (await ask('/playlist.m3u')).text());
  });
});

/** Of each channel two programmes, called like the channels. */
function guideText(ids: readonly (string | undefined)[]): string {
  const time = (ms: number) =>
    `${new Date(ms).toISOString().replace(/\D/g, '').slice(0, 14)} +0000`;
  const nowMs = Math.floor(Date.now() / 1000) * 1000;
  const programmes = ids.flatMap((id, at) =>
    [0, 1].map((hour) => {
      const [from, to] = [nowMs + hour * HOUR_MS, nowMs + (hour + 1) * HOUR_MS];
      const title = escapeMarkup(NAMES[at] as string);
      return `<programme start="${time(from)}" stop="${time(to)}" channel="${escapeMarkup(id ?? '')}"><title>${title}</title><episode-num system="xmltv_ns">${hour} . 2/3 .</episode-num><date>2026</date></programme>`;
    }),
  );
  return `<tv><channel id="x"><display-name>7</display-name></channel>${programmes.join('\n')}</tv>`;
}
