// This file is failure F5: redirects that loop, wander, or lead where nobody may go.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { selfSigned } from '../support/certificate.ts';
import { FaultyOrigin } from '../support/faulty-origin.ts';
import { redirectAnswer } from '../support/origin/answer.ts';
import { RawClient } from '../support/viewer/raw-client.ts';
import { World } from './world.ts';

/** Where a redirect may lead that must not be followed; PORT is the canary's. */
const FORBIDDEN = {
  'f5-loopback': 'http://127.0.0.2:PORT/secret',
  'f5-no-scheme': '//127.0.0.2:PORT/secret',
  'f5-decimal': 'http://2130706434:PORT/secret',
  'f5-octal': 'http://0177.0.0.2:PORT/secret',
  'f5-mapped': 'http://[::ffff:127.0.0.2]:PORT/secret',
  'f5-userinfo': 'http://127.0.0.1@127.0.0.2:PORT/secret',
  'f5-metadata': 'http://169.254.169.254/latest/meta-data/',
  'f5-mapped-metadata': 'http://[::ffff:169.254.169.254]/latest/meta-data/',
  'f5-file': 'file:///etc/passwd',
  'f5-data': 'data:application/vnd.apple.mpegurl,%23EXTM3U',
  'f5-circle': '/f5-circle/master.m3u8',
  'f5-nowhere': undefined,
} as const;

const tls = selfSigned();
const insecure = { origin: { tls }, sourceLines: ['tls: { verify: false }'] };
const world = new World({
  ...Object.fromEntries(Object.keys(FORBIDDEN).map((id) => [id, {}])),
  'f5-five': { sourcePath: '/hop/5' },
  'f5-six': { sourcePath: '/hop/6' },
  'f5-relative': { sourcePath: '/token/enter.m3u8' },
  'f5-segments': {},
  'f5-down': insecure,
  'f5-down-allowed': {
    ...insecure,
    sourceLines: [...insecure.sourceLines, 'allow_downgrade: true'],
  },
});
const canary = new FaultyOrigin({ host: '127.0.0.2' });

beforeAll(() => world.start().then(() => {}), 60_000);
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  canary[Symbol.dispose]();
}, 20_000);

/** /hop/3 leads to /hop/2 and so on; /hop/0 is the channel. */
function hops(id: string): void {
  const { origin, live } = world.at(id);
  origin.mount('/hop/', (request) => {
    const left = Number(request.path.slice('/hop/'.length));
    return redirectAnswer(left > 1 ? `/hop/${left - 1}` : live.multivariantUrl, 302);
  });
}

async function ask(id: string) {
  using client = new RawClient(world.weir.url('/'));
  return client.get(world.url(id), { keepBody: true, timeoutMs: 15_000 });
}

describe.concurrent('F5: redirects', () => {
  test.each(Object.entries(FORBIDDEN))(
    '%s is refused at once, politely, and nobody is called',
    async (id, location) => {
      const { origin } = world.at(id);
      const target = location?.replace('PORT', String(canary.port));
      origin.on(/master/, redirectAnswer(target));
      const answer = await ask(id);
      expect(answer.status).toBeOneOf([502, 503]);
      expect(answer.headers['retry-after']).toMatch(/^\d+$/);
      expect(answer.totalMs).toBeLessThan(3000);
      expect(new TextDecoder().decode(answer.body)).not.toContain('root:');
      expect(canary.requests).toEqual([]);
      expect(canary.connectionCount).toBe(0);
      expect(origin.requests.length).toBeLessThanOrEqual(4);
    },
    20_000,
  );

  test('segments that lead to a private address are gaps, and nobody is called', async () => {
    const { origin, live } = world.at('f5-segments');
    origin.on(live.segments(), redirectAnswer(canary.url('/secret')), { skip: 6, times: 2 });
    const seen = await world.watch('f5-segments', { count: 5, forMs: 8000 });
    expect(seen.blamed).toEqual([]);
    expect(seen.counts.gaps).toBe(2);
    expect(canary.connectionCount).toBe(0);
  }, 20_000);

  test('five hops are followed, six are not', async () => {
    hops('f5-five');
    hops('f5-six');
    const [five, six] = await Promise.all([
      world.watch('f5-five', { count: 3, forMs: 5000 }),
      ask('f5-six'),
    ]);
    expect(five.blamed).toEqual([]);
    expect(five.counts.whole).toBeGreaterThan(6);
    expect(six.status).toBeOneOf([502, 503]);
  }, 20_000);

  test('what is relative in a list is relative to where the redirect led', async () => {
    const { origin } = world.at('f5-relative');
    origin.on('/token/enter.m3u8', redirectAnswer('../f5-relative/master.m3u8', 307));
    const seen = await world.watch('f5-relative', { count: 3, forMs: 5000 });
    expect(seen.blamed).toEqual([]);
    expect(seen.counts.whole).toBeGreaterThan(6);
  }, 20_000);

  test('https leads to http only where the source allows it', async () => {
    const down = world.at('f5-down');
    const allowed = world.at('f5-down-allowed');
    using plain = new FaultyOrigin();
    plain.mount('/', (request) => {
      const channel = request.path.startsWith('/f5-down-allowed') ? allowed : down;
      return channel.live.answer(request.path);
    });
    down.origin.on(/./, redirectAnswer(plain.url('/f5-down/master.m3u8')));
    allowed.origin.on(/master/, redirectAnswer(plain.url('/f5-down-allowed/master.m3u8')));
    const refused = await ask('f5-down');
    expect(refused.status).toBeOneOf([502, 503]);
    const seen = await world.watch('f5-down-allowed', { count: 3, forMs: 5000 });
    expect(seen.blamed).toEqual([]);
    expect(seen.counts.whole).toBeGreaterThan(6);
    expect(plain.seen(/f5-down\//)).toEqual([]);
  }, 20_000);
});
