// This file tests what the endless stream, and the other outputs beside it, answer when all is taken.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { FOR_GOOD, type Lease } from '../../src/source/failover/provider-leases.ts';
import { settle } from '../support/fake-clock.ts';
import {
  createInProcessApp,
  type InProcessApp,
  loopChannel,
  urlChannel,
} from '../support/in-process-app.ts';

const LIST = '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n1.ts\n';
const URL_OF_LIST = 'http://up.example/l.m3u8';
const HLS = '/live/taken/index.m3u8';
const TS = '/live/taken.ts';
const BUSY = '805 All Tuners In Use';
/** Who asks again is answered anew after this. */
const ASKED_ANEW_MS = 1000;

let app: InProcessApp;
let other: Lease | undefined;

beforeEach(() => {
  const channels = [
    urlChannel('taken', URL_OF_LIST, { provider: 'p' }),
    urlChannel('down', 'http://down.example/l.m3u8', { provider: 'q' }),
    loopChannel('news'),
  ];
  app = createInProcessApp(channels, { [URL_OF_LIST]: { body: LIST } });
  app.leases.limits = new Map([['p', 1]]);
  other = app.leases.take('p');
});

afterEach(() => app[Symbol.dispose]());

function told({ status, headers }: Response) {
  return {
    status,
    retryAfter: headers.get('retry-after'),
    busy: headers.get('x-hdhomerun-error'),
    stored: headers.get('cache-control'),
  };
}

async function asked(path: string) {
  const answer = await app.ask(path);
  return { ...told(answer), text: await answer.text() };
}

/** Reads to the end; undefined while there is none. */
async function ending(answer: Response): Promise<() => boolean> {
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  let isOver = false;
  const read = async () => {
    for (;;) if ((await reader.read()).done) break;
    isOver = true;
  };
  void read();
  await settle();
  return () => isOver;
}

/** Who has the place may just be leaving: a box asks for the next channel before that is seen. */
const ZAP_MS = 500;

describe('all connections of a provider are taken', () => {
  test.each([HLS, TS])('%s plays where one is given back in the same moment', async (path) => {
    const answer = app.ask(path);
    await app.clock.advance(100);
    other?.[Symbol.dispose]();
    await app.clock.advance(ZAP_MS);
    expect((await answer).status).toBe(200);
  });

  test.each([HLS, TS, '/live/taken/main/index.m3u8', '/live/taken/main/1-a.ts'])(
    '%s answers within a moment that all is in use, and when to come again',
    async (path) => {
      const answer = asked(path);
      await app.clock.advance(ZAP_MS);
      expect(await answer).toEqual({
        status: 503,
        retryAfter: '10',
        busy: BUSY,
        stored: 'no-store',
        text: 'DELIVERY_UNAVAILABLE: Cannot play now: all connections that the source allows are in use (SOURCE_PROVIDER_BUSY)\n',
      });
      expect(app.outbound.requests).toEqual([]);
    },
  );

  test.each([HLS, TS])('HEAD of %s is as ever: nobody watches because of it', async (path) => {
    expect((await app.ask(path, {}, 'HEAD')).status).toBe(200);
    expect(app.outbound.requests).toEqual([]);
  });

  test.each([HLS, TS])('%s plays once one is given back', async (path) => {
    const refused = app.ask(path);
    await app.clock.advance(ZAP_MS);
    expect((await refused).status).toBe(503);
    other?.[Symbol.dispose]();
    await app.clock.advance(ASKED_ANEW_MS);
    expect((await app.ask(path)).status).toBe(200);
    expect(app.leases.stats()).toMatchObject([{ provider: 'p', used: 1 }]);
  });

  test('the mode proxy is not counted: its viewers have connections of their own', async () => {
    expect(told(await app.ask('/proxy/taken/index.m3u8'))).toMatchObject({
      status: 200,
      busy: null,
    });
  });

  test.each(['/live/down/index.m3u8', '/live/down.ts'])(
    '%s, whose source is down, is not in use',
    async (path) => {
      expect(await asked(path)).toMatchObject({ status: 503, retryAfter: '2', busy: null });
    },
  );
});

describe('memory is taken by what is watched', () => {
  beforeEach(() => {
    app.ring.admit = () => ({ retryAfterS: 7, reason: 'the memory budget is taken' });
  });

  test.each(['/live/news/main/index.m3u8', '/live/news.ts'])(
    '%s is refused at once, and opens nothing',
    async (path) => {
      await app.ask('/live/news/index.m3u8');
      expect(await asked(path)).toEqual({
        status: 503,
        retryAfter: '7',
        busy: BUSY,
        stored: 'no-store',
        text: 'DELIVERY_UNAVAILABLE: Cannot play now: the memory budget is taken\n',
      });
      expect([app.loopsOpened, app.streams.stats()]).toEqual([0, []]);
    },
  );
});

describe('a stream that is being watched', () => {
  const main = () => app.relays.get('news')?.peek('main');

  test('ends where its memory is needed by those that were there before', async () => {
    const isOver = await ending(await app.ask('/live/news.ts'));
    await app.clock.advance(2000);
    expect([isOver(), app.streams.stats()]).toMatchObject([false, [{ viewers: 1 }]]);
    main()?.giveWay();
    await app.clock.advance(1000);
    expect([isOver(), app.streams.stats(), main()?.state]).toEqual([true, [], 'cold']);
    // Who comes again is told when, and a moment later all is well
    expect(told(await app.ask('/live/news.ts'))).toMatchObject({ status: 503, busy: BUSY });
    await app.clock.advance(10_000);
    const again = await ending(await app.ask('/live/news.ts'));
    expect([again(), main()?.state]).toEqual([false, 'following']);
  });

  test('goes on where only its source fell silent', async () => {
    const isOver = await ending(await app.ask('/live/news.ts'));
    await app.clock.advance(60_000);
    expect([isOver(), main()?.state]).toEqual([false, 'following']);
  });

  test('keeps the place of its channel until its viewer has gone, and not a moment longer', async () => {
    const { clock, leases, relays } = app;
    other?.[Symbol.dispose]();
    const leave = new AbortController();
    const request = new Request(`http://tv.example${TS}`, { signal: leave.signal });
    const answer = await app.fetch(request);
    expect(answer.status).toBe(200);
    await clock.advance(30_000);
    const patience = { idleByMs: 38_000, untilMs: 39_000 };
    const never = new AbortController().signal;
    expect(await leases.wait(['p'], FOR_GOOD, patience, never)).toBeUndefined();
    await answer.body?.cancel();
    const lease = await leases.wait(['p'], FOR_GOOD, patience, never);
    expect([lease?.provider, relays.get('taken')?.opened]).toEqual(['p', undefined]);
    lease?.[Symbol.dispose]();
  });
});
