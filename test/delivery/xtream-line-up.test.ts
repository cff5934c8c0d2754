// This file tests the line-up and the guide of a user.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { readAsJellyfin } from '../support/player-parsers/jellyfin.ts';
import {
  CHANNELS,
  createXtreamWorld,
  problemOf,
  type XtreamWorld,
} from '../support/xtream-world.ts';

let app: XtreamWorld['app'];

beforeEach(() => {
  ({ app } = createXtreamWorld());
});

afterEach(() => app[Symbol.dispose]());

describe('the line-up of a user', () => {
  const PATH = '/get.php?username=alice&password=p@ss&type=m3u_plus';
  const HOST = { host: 'tv.local:8080' };

  test('names streams by number, and the past where there is one', async () => {
    const answer = await app.ask(`${PATH}&output=ts`, HOST);
    expect(answer.headers.get('content-type')).toBe('audio/x-mpegurl');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const text = await answer.text();
    expect(text).toContain('\nhttp://tv.local:8080/live/alice/p%40ss/2.ts\n');
    expect(text).toContain(
      'catchup-days="1" catchup-source="http://tv.local:8080/past/alice/p%40ss/3.ts?from={utc}&to={utcend}"',
    );
    expect(readAsJellyfin(text).length).toBe(CHANNELS.length);
  });

  test.each(['m3u8', 'hls'])('has lists with output=%s', async (output) => {
    const text = await (await app.ask(`${PATH}&output=${output}`, HOST)).text();
    expect(text).toContain('\nhttp://tv.local:8080/live/alice/p%40ss/2.m3u8\n');
    expect(text).toContain('timeshift="1"');
  });

  test('has names and addresses alone with type=m3u', async () => {
    const path = '/get.php?username=alice&password=p@ss&type=m3u';
    const lines = (await (await app.ask(path, HOST)).text()).split('\n');
    expect(lines.slice(0, 3)).toEqual([
      ...['#EXTM3U', '#EXTINF:-1,Channel news', 'http://tv.local:8080/live/alice/p%40ss/2.ts'],
    ]);
    expect(lines).toContain("#EXTINF:-1,Sport\u201a 'live'");
  });

  test('is given to forms and to HEAD, and to nobody else', async () => {
    const headers = { ...HOST, 'content-type': 'application/x-www-form-urlencoded' };
    const body = new URLSearchParams({ username: 'alice', password: 'p@ss' });
    const init = { method: 'POST', headers, body };
    const posted = await app.fetch(new Request('http://tv.local/get.php', init));
    expect(await posted.text()).toStartWith('#EXTM3U');
    expect((await app.ask(PATH, HOST, 'HEAD')).status).toBe(200);
    expect((await app.ask('/get.php?username=alice&password=x', HOST)).status).toBe(403);
    expect((await app.ask('/xmltv.php?username=alice&password=x', HOST)).status).toBe(403);
    // No guide is configured here
    const guide = await app.ask('/xmltv.php?username=alice&password=p@ss', HOST);
    expect(await problemOf(guide)).toEqual([404, 'DELIVERY_NO_GUIDE']);
  });
});
