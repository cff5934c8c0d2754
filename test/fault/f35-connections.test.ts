// This file is failure F35: providers that allow few connections, and channels that must be warm.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { stalledAt, withStatus } from '../support/origin/fault.ts';
import type { SeenRequest } from '../support/origin/request.ts';
import { Swarm } from '../support/swarm.ts';
import { readMediaList } from '../support/viewer/media-list.ts';
import { RawClient } from '../support/viewer/raw-client.ts';
import { brokenNumbers } from './seams.ts';
import { backupOf, until, World } from './world.ts';

const ANY = /./;
const IDLE_STOP_MS = 3000;

const world = new World(
  {
    'f35-one': { sourceLines: ['provider: single'] },
    'f35-two': { sourceLines: ['provider: single'] },
    'f35-own': {
      sourceLines: ['provider: narrow'],
      backup: { sourceLines: ['provider: narrow'] },
    },
    'f35-warm': { channelLines: ['keep_warm: true'] },
  },
  [
    'prefetch: { idle_stop: 3s }',
    'providers: { single: { max_connections: 1 }, narrow: { max_connections: 1 } }',
  ],
);
beforeAll(() => world.start().then(() => {}));
afterAll(() => world[Symbol.asyncDispose](), 20_000);

/** Times at which an origin had something to answer. */
function busy(requests: readonly SeenRequest[]): {
  readonly fromMs: number;
  readonly toMs: number;
} {
  const ends = requests.map(
    ({ atMs, finishedAtMs, abandonedAtMs }) => finishedAtMs ?? abandonedAtMs ?? atMs,
  );
  return { fromMs: Math.min(...requests.map(({ atMs }) => atMs)), toMs: Math.max(...ends) };
}

async function ask(url: string) {
  using client = new RawClient(url);
  return client.get(url, { keepBody: true });
}

async function leased(provider: string): Promise<string | undefined> {
  const { body } = await ask(world.weir.url('/metrics'));
  const line = `weir_provider_connections{provider="${provider}"} `;
  const lines = new TextDecoder().decode(body).split('\n');
  return lines.find((each) => each.startsWith(line))?.slice(line.length);
}

describe.concurrent('F35: few connections', () => {
  test('the second channel of a provider waits until the first is idle, and never asks before', async () => {
    const [one, two] = [world.at('f35-one'), world.at('f35-two')];
    const first = new Swarm({ url: world.url('f35-one'), count: 3 });
    await Bun.sleep(2000);
    expect(await leased('single')).toBe('1');
    for (let tries = 0; tries < 4; tries++) {
      const { status, headers } = await ask(world.url('f35-two'));
      expect([status, Number(headers['retry-after']) > 0]).toEqual([503, true]);
      await Bun.sleep(300);
    }
    expect(two.origin.requests).toEqual([]);
    const reports = await first.stop();
    expect(world.judge('f35-one', reports).blamed).toEqual([]);
    const opened = await until(async () => (await ask(world.url('f35-two'))).status === 200, 8000);
    expect(opened).toBe(true);
    expect(await leased('single')).toBe('1');
    const seen = await world.watch('f35-two', { count: 3, forMs: 3000 });
    expect(seen.blamed).toEqual([]);
    // Whatever one channel had open was closed before the other asked for anything
    expect(busy(two.origin.requests).fromMs).toBeGreaterThan(busy(one.origin.requests).toMs);
    expect(await until(async () => (await leased('single')) === '0', IDLE_STOP_MS + 3000)).toBe(
      true,
    );
  }, 40_000);

  test('one connection passes from a source that fails to the next of the same provider', async () => {
    const id = 'f35-own';
    const [first, second] = [world.at(id), world.at(backupOf(id))];
    await using swarm = new Swarm({ url: world.url(id), count: 3 });
    await Bun.sleep(3000);
    first.live.freeze();
    // The provider counts the connection that was just closed for a moment more
    second.origin.on(ANY, withStatus(403), { times: 1 });
    await Bun.sleep(8000);
    const reports = await swarm.stop();
    const { blamed, counts } = world.judge(id, reports);
    expect(blamed.filter((what) => !what.startsWith('order:'))).toEqual([]);
    expect(counts.broken).toBe(0);
    for (const report of reports) expect(brokenNumbers(report)).toEqual([]);
    expect(second.origin.seen(second.live.segments()).length).toBeGreaterThan(3);
    expect(busy(second.origin.requests).fromMs).toBeGreaterThan(busy(first.origin.requests).toMs);
  }, 40_000);

  test('a channel that is kept warm answers its first viewer without asking upstream', async () => {
    const { origin, live } = world.at('f35-warm');
    const isWarm = () => origin.seen(live.segments()).length >= 4;
    expect(await until(isWarm, 10_000)).toBe(true);
    await Bun.sleep(500);
    // From now on nothing that is asked upstream is ever answered
    origin.on(ANY, stalledAt('head'));
    const master = await ask(world.url('f35-warm'));
    expect(master.status).toBe(200);
    const url = await world.mediaUrl('f35-warm');
    const { status, body } = await ask(url);
    expect(status).toBe(200);
    const { segments } = readMediaList(new TextDecoder().decode(body), url);
    expect(segments.length).toBeGreaterThanOrEqual(3);
    for (const segment of segments.slice(-3)) {
      const answer = await ask(segment.url);
      const hash = new Bun.CryptoHasher('sha256').update(answer.body as Uint8Array).digest('hex');
      expect(live.identify(hash)?.kind).toBe('segment');
    }
  }, 40_000);
});
