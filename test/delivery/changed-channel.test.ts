// This file tests what those are answered who ask a channel while its configuration changes.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import type { ChannelConfig } from '../../src/config/config.ts';
import { createInProcessApp, type InProcessApp, urlChannel } from '../support/in-process-app.ts';

const LIST = '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n1.ts\n';
const [OLD, NEW] = ['http://old.example/l.m3u8', 'http://new.example/l.m3u8'];
const channel = (url: string, provider?: string): ChannelConfig => ({
  ...urlChannel('news', url, provider === undefined ? {} : { provider }),
  mode: 'buffered',
});

let app: InProcessApp;
beforeEach(() => {
  app = createInProcessApp([channel(OLD, 'p')], { [OLD]: { body: LIST }, [NEW]: { body: LIST } });
});
afterEach(() => app[Symbol.dispose]());

const asked = () => app.outbound.requests.map(({ url }) => url);

/** Asked, and the channel changed before there is an answer. */
async function whileChanged(path: string, channels: readonly ChannelConfig[]): Promise<Response> {
  const answer = app.ask(path);
  app.relays.apply(channels);
  return await answer;
}

describe('who asks a channel that is changed at that moment', () => {
  test.each(['/live/news/index.m3u8', '/live/news/main/index.m3u8', '/live/news.ts'])(
    'at %s is answered by what it is now',
    async (path) => {
      const answer = await whileChanged(path, [channel(NEW)]);
      expect(answer.status).toBe(200);
      expect(asked()).toEqual([OLD, NEW]);
      await answer.body?.cancel();
    },
  );

  test('gets the place at the provider that the channel had', async () => {
    app.leases.limits = new Map([['p', 1]]);
    const answer = await whileChanged('/live/news/index.m3u8', [channel(NEW, 'p')]);
    expect(answer.status).toBe(200);
    expect(app.leases.stats()[0]).toMatchObject({ used: 1, waiting: 0 });
  });

  test('also where it is changed twice', async () => {
    const answer = app.ask('/live/news/index.m3u8');
    app.relays.apply([channel(NEW)]);
    await Promise.resolve();
    app.relays.apply([channel(OLD)]);
    expect((await answer).status).toBe(200);
  });

  test('is told so where it is taken away', async () => {
    expect((await whileChanged('/live/news/index.m3u8', [])).status).toBe(404);
  });

  test('is told to come again where all stops', async () => {
    const answer = app.ask('/live/news/index.m3u8');
    app.relays[Symbol.dispose]();
    expect((await answer).status).toBe(503);
  });
});
