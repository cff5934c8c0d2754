// This file is an archive of two hours behind the application, and a viewer that reads its lists.
import { expect } from 'bun:test';
import { parsePlaylist } from '../../src/media/m3u8/parse-playlist.ts';
import type { MediaPlaylist } from '../../src/media/m3u8/playlist.ts';
import { createInProcessApp, loopChannel } from './in-process-app.ts';
import { ScriptedRendition, scriptedArchives, scriptedChannel } from './scripted-archive.ts';

export const S = 1000;
export const MIN = 60 * S;
export const HOUR = 60 * MIN;

/** An archive of two hours that ends now. */
export function archiveWorld(
  prepare: (main: ScriptedRendition) => void = (main) => main.fill(1800),
) {
  const startMs = Date.UTC(2026, 10, 21, 18);
  const main = new ScriptedRendition('main', startMs, { first: 100 });
  prepare(main);
  const archives = scriptedArchives({ news: scriptedChannel([main]) });
  const app = createInProcessApp([loopChannel('news'), loopChannel('other')], {}, { archives });
  const nowMs = main.held()?.toMs ?? startMs;
  app.clock.stepWall(nowMs - app.clock.nowMs());
  return { app, main, startMs, nowMs, [Symbol.dispose]: () => app[Symbol.dispose]() };
}

export async function listOf(answer: Response): Promise<MediaPlaylist> {
  expect(answer.status).toBe(200);
  const playlist = parsePlaylist(await answer.text(), { uri: 'http://tv.example/' });
  if (playlist.kind !== 'media') throw new Error('no media playlist');
  return playlist;
}

export const secondsOf = ({ segments }: MediaPlaylist) =>
  segments.map(({ duration }) => duration).reduce((a, b) => a + b, 0);
