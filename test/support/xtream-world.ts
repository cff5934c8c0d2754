// This file is an application with users, whom a test has play what there is by its number.
import { EMPTY_CATALOGUE } from '../../src/lineup/catalogue.ts';
import type { Film, Series } from '../../src/lineup/films.ts';
import { createInProcessApp, loopChannel, urlChannel } from './in-process-app.ts';
import type { ScriptedAnswer } from './outbound-script.ts';
import { ScriptedRendition, scriptedArchives, scriptedChannel } from './scripted-archive.ts';
import { scriptedUsers } from './scripted-users.ts';

export const NOW_MS = Date.UTC(2026, 0, 1);
export const LIST = 'http://up.example/list.m3u8';
export const STREAM = 'http://up.example/tv.ts';
const FILM = 'http://films.example/1.mkv';
const MEDIA = '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\na.ts\n';
export const USERS = {
  alice: { password: 'p@ss' },
  one: { password: 'pw', maxConnections: 1 },
  // Called like a channel, and like a part of our own addresses
  news: { password: 'v0' },
  live: { password: 'pw' },
  old: { password: 'pw', refused: 'expired' },
  late: { password: 'pw', refused: 'busy' },
} as const;

export const CHANNELS = [
  loopChannel('news'),
  { ...loopChannel('sport'), name: 'Sport, "live"', archive: { keepMs: 86_400_000 } },
  { ...urlChannel('proxied', LIST), mode: 'proxy' as const },
  { ...urlChannel('told', LIST), mode: 'redirect' as const },
  { ...urlChannel('hosted', LIST), mode: 'host' as const },
  {
    ...urlChannel('secret', `${LIST}?token=1`, { proxy: 'http://p:1' }),
    mode: 'buffered' as const,
  },
  { ...urlChannel('away', STREAM), mode: 'redirect' as const },
];
/** One group, then the channels. */
export const NUMBERS = { news: 2, sport: 3, proxied: 4, told: 5, hosted: 6, secret: 7, away: 8 };

function filmOf(id: string, url: string): Film {
  const source = urlChannel('x', url).sources[0] as Film['source'];
  return { id, name: `Film ${id}`, source, extension: 'mkv' };
}

export function createXtreamWorld() {
  const world = {
    /** What upstream has of the film. */
    film: {
      body: '0123456789',
      headers: { 'content-type': 'video/x', etag: '"e"' },
    } as ScriptedAnswer,
  };
  const films = [filmOf('one', FILM), filmOf('gone', 'http://films.example/none.mkv')];
  const episode = { ...filmOf('e1', FILM), season: 1, number: 1 };
  const series: Series = { id: 'saga', name: 'Saga', episodes: async () => [episode] };
  const catalogue = { ...EMPTY_CATALOGUE, films: () => films, series: () => [series] };
  const held = new ScriptedRendition('v0', NOW_MS - 7_200_000).fill(1800);
  const users = scriptedUsers(USERS);
  const app = createInProcessApp(
    CHANNELS,
    { [LIST]: { body: MEDIA }, [FILM]: () => world.film },
    {
      archives: scriptedArchives({ sport: scriptedChannel([held]) }),
      xtream: { users, catalogue },
    },
  );
  return Object.assign(world, { app, users, [Symbol.dispose]: () => app[Symbol.dispose]() });
}

export type XtreamWorld = ReturnType<typeof createXtreamWorld>;

/** Status and code. */
export async function problemOf(answer: Response) {
  return [answer.status, (await answer.text()).split(':')[0]];
}
