// This file is failure F35: providers that allow few connections, and channels that must be warm.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { FaultyOrigin } from '../support/faulty-origin.ts';
import { stalledAt, withStatus } from '../support/origin/fault.ts';
import type { SeenRequest } from '../support/origin/request.ts';
import { Swarm } from '../support/swarm.ts';
import { until } from '../support/until.ts';
import { readMediaList } from '../support/viewer/media-list.ts';
import { RawClient } from '../support/viewer/raw-client.ts';
import { brokenNumbers } from './seams.ts';
import { backupOf, type Place, World } from './world.ts';

const ANY = /./;
const IDLE_STOP_MS = 3000;
const ALL_IN_USE = '805 All Tuners In Use';

const world = new World(
  {
    'f35-one': { sourceLines: ['provider: single'] },
    'f35-two': { sourceLines: ['provider: single'] },
    'f35-own': {
      // A stall, a refusal and a new connection take 3 s: longer than lists last at 1 s
      live: { targetMs: 2000 },
      sourceLines: ['provider: narrow'],
      backup: { sourceLines: ['provider: narrow'] },
    },
    'f35-warm': { channelLines: ['keep_warm: true'] },
    'f35-kept': { channelLines: ['keep_warm: true'], sourceLines: ['provider: shared'] },
    'f35-guest': { sourceLines: ['provider: shared'] },
  },
  ['prefetch: { idle_stop: 3s }', `providers: { ${providers(['single', 'narrow', 'shared'])} }`],
);
/** Here a channel lingers for longer than any test lasts. */
const lingering = new World(
  {
    'f35-zap-from': { sourceLines: ['provider: lists'] },
    'f35-zap-to': { sourceLines: ['provider: lists'] },
    'f35-ts-from': { sourceLines: ['provider: tuner'] },
    'f35-ts-to': { sourceLines: ['provider: tuner'] },
    'f35-back': {
      live: { targetMs: 4000 },
      sourceLines: ['provider: only'],
      backup: { sourceLines: ['provider: only'] },
    },
  },
  ['prefetch: { idle_stop: 10m }', `providers: { ${providers(['lists', 'tuner', 'only'])} }`],
);
const worlds = [world, lingering];
beforeAll(async () => {
  for (const each of worlds) await each.start();
}, 30_000);
afterAll(async () => {
  for (const each of worlds) await each[Symbol.asyncDispose]();
}, 20_000);

function providers(names: readonly string[]): string {
  return names.map((name) => `${name}: { max_connections: 1 }`).join(', ');
}

/** A provider of two channels that refuses whatever comes over a second connection of theirs. */
function refuseSecond(where: World, ids: readonly [string, string]): { refused(): number } {
  const [one, two] = ids.map((id) => where.at(id).origin) as [FaultyOrigin, FaultyOrigin];
  const rules = [
    one.on(() => two.openConnections > 0, withStatus(403)),
    two.on(() => one.openConnections > 0, withStatus(403)),
  ];
  return { refused: () => rules.reduce((sum, rule) => sum + rule.applied(), 0) };
}

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

async function leased(provider: string, what = 'connections', where = world) {
  const { body } = await ask(where.weir.url('/metrics'));
  const line = `weir_provider_${what}{provider="${provider}"} `;
  const lines = new TextDecoder().decode(body).split('\n');
  return lines.find((each) => each.startsWith(line))?.slice(line.length);
}

/** Whoever zaps asks again where it is told to: that one has left may not be seen yet. */
async function until200(url: string, signal: AbortSignal): Promise<Response> {
  for (;;) {
    const answer = await fetch(url, { signal });
    if (answer.status === 200) return answer;
    expect(answer.status).toBe(503);
    await Bun.sleep(100);
  }
}

/** How often the channel was sent back to a better source. */
async function switched(id: string): Promise<number> {
  const { body } = await ask(lingering.weir.url(`/api/channels/${id}`));
  const { switches } = JSON.parse(new TextDecoder().decode(body));
  return switches.proved ?? 0;
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
      expect(headers['x-hdhomerun-error']).toBe(ALL_IN_USE);
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
    await Bun.sleep(5000);
    first.live.freeze();
    // The provider counts the connection that was just closed for a moment more
    second.origin.on(ANY, withStatus(403), { times: 1 });
    await Bun.sleep(16_000);
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

  test('a viewer who zaps gets the place of the channel it left, in one wait', async () => {
    const ids = ['f35-zap-from', 'f35-zap-to'] as const;
    const [from, to] = ids.map((id) => lingering.at(id)) as [Place, Place];
    const provider = refuseSecond(lingering, ids);
    const first = new Swarm({ url: lingering.url(ids[0]), count: 2 });
    expect(
      await until(async () => from.origin.seen(from.live.segments()).length >= 4, 10_000),
    ).toBe(true);
    const reports = await first.stop();
    expect(lingering.judge(ids[0], reports).blamed).toEqual([]);
    const { status } = await ask(lingering.url(ids[1]));
    expect(status).toBe(200);
    await using second = new Swarm({ url: lingering.url(ids[1]), count: 2 });
    expect(await until(async () => to.origin.seen(to.live.segments()).length >= 4, 10_000)).toBe(
      true,
    );
    // Somebody watches now: nothing is taken from him
    const again = await ask(lingering.url(ids[0]));
    expect([again.status, again.headers['x-hdhomerun-error']]).toEqual([503, ALL_IN_USE]);
    expect(lingering.judge(ids[1], await second.stop()).blamed).toEqual([]);
    expect(provider.refused()).toBe(0);
    expect(busy(to.origin.requests).fromMs).toBeGreaterThan(busy(from.origin.requests).toMs);
    expect(await leased('lists', 'connections', lingering)).toBe('1');
    expect(await leased('lists', 'passed_total', lingering)).toBe('1');
  }, 60_000);

  test('a box that zaps from stream to stream has the next at once, over and over', async () => {
    const ids = ['f35-ts-from', 'f35-ts-to'] as const;
    const provider = refuseSecond(lingering, ids);
    for (let zaps = 0; zaps < 6; zaps++) {
      const leave = new AbortController();
      const url = lingering.weir.url(`/live/${ids[zaps % 2]}.ts`);
      const answer = await until200(url, leave.signal);
      const { value } = await answer.body!.getReader().read();
      expect(value?.[0]).toBe(0x47);
      leave.abort();
    }
    expect(provider.refused()).toBe(0);
    expect(await leased('tuner', 'passed_total', lingering)).toBe('5');
  }, 60_000);

  test('a better source of the same provider is returned to over the one connection there is', async () => {
    const id = 'f35-back';
    const [first, second] = [lingering.at(id), lingering.at(backupOf(id))];
    const down = first.origin.on(ANY, withStatus(404));
    const provider = refuseSecond(lingering, [id, backupOf(id)]);
    await using swarm = new Swarm({ url: lingering.url(id), count: 3 });
    const plays = (place: Place) => () => place.origin.seen(place.live.segments()).length >= 6;
    expect(await until(plays(second), 20_000)).toBe(true);
    down[Symbol.dispose]();
    const isBack = async () => (await switched(id)) === 1;
    expect(await until(isBack, 60_000)).toBe(true);
    const before = first.origin.seen(first.live.segments()).length;
    const goesOn = () => first.origin.seen(first.live.segments()).length >= before + 3;
    expect(await until(goesOn, 20_000)).toBe(true);
    const { blamed, counts } = lingering.judge(id, await swarm.stop());
    expect(blamed.filter((what) => !what.startsWith('order:'))).toEqual([]);
    expect([counts.broken, provider.refused()]).toEqual([0, 0]);
    expect(await leased('only', 'connections', lingering)).toBe('1');
  }, 120_000);

  test('a channel that is kept warm gives way to a viewer, and comes back when he has gone', async () => {
    const ids = ['f35-kept', 'f35-guest'] as const;
    const [kept, guest] = ids.map((id) => world.at(id)) as [Place, Place];
    const provider = refuseSecond(world, ids);
    const warm = () => kept.origin.seen(kept.live.segments()).length;
    expect(await until(() => warm() >= 3, 10_000)).toBe(true);
    const seen = await world.watch(ids[1], { count: 2, forMs: 4000 });
    expect(seen.blamed).toEqual([]);
    expect(kept.origin.openConnections).toBe(0);
    const before = warm();
    expect(await until(() => warm() > before, IDLE_STOP_MS + 10_000)).toBe(true);
    expect([guest.origin.openConnections, provider.refused()]).toEqual([0, 0]);
    expect(await leased('shared')).toBe('1');
  }, 60_000);
});
