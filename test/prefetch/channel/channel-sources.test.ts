// This file tests in which order the sources of a channel are opened, and what that costs providers.
import { describe, expect, test } from 'bun:test';
import { AppError } from '../../../src/base/errors.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { SourceConfig, UrlSource } from '../../../src/config/config.ts';
import type { Outbound } from '../../../src/net/outbound.ts';
import { scoped } from '../../../src/net/scoped-outbound.ts';
import { ProviderBusyError } from '../../../src/prefetch/channel/channel-places.ts';
import { ChannelSources } from '../../../src/prefetch/channel/channel-sources.ts';
import { FOR_GOOD, ProviderLeases } from '../../../src/source/failover/provider-leases.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { type Script, scriptedOutbound } from '../../support/outbound-script.ts';

const MEDIA = '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n1.ts\n';
const ERROR = { code: 'NET_CONNECT', message: 'Cannot connect', detail: {} };
const SLATE: SourceConfig = { kind: 'loop', files: ['card'] };

const address = (host: string) => `http://${host}.example/l`;

function sourceOf(host: string, provider?: string): UrlSource {
  const reach = { headers: {}, verifyTls: true, allowDowngrade: false, timeouts: {} };
  return {
    kind: 'url',
    url: address(host),
    ...reach,
    ...(provider === undefined ? {} : { provider }),
  };
}

type Setup = {
  readonly slate?: SourceConfig;
  readonly limits?: Record<string, number>;
  /** Status of each host; 200 where absent. */
  readonly status?: Record<string, number | (() => number)>;
};

function world(configs: readonly SourceConfig[], { slate, limits = {}, status = {} }: Setup = {}) {
  const clock = new FakeClock();
  const script: Record<string, Script[string]> = {};
  for (const host of ['a', 'b', 'c']) {
    script[address(host)] = () => {
      const of = status[host] ?? 200;
      return { status: typeof of === 'function' ? of() : of, body: MEDIA };
    };
  }
  const outbound = scriptedOutbound(script);
  const leases = new ProviderLeases(clock, new Map(Object.entries(limits)));
  const counted: string[] = [];
  const sources = new ChannelSources(configs, slate, {
    clock,
    random: () => 1,
    log: silentLog,
    outbound,
    leases,
    holder: FOR_GOOD,
    count: (_what, outcome) => counted.push(outcome),
  });
  return { clock, outbound, leases, sources, counted };
}

type World = ReturnType<typeof world>;

/** No answer before it is given up. */
function hanging(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const giveUp = () => reject(new AppError('NET_ABORTED', 'Cannot fetch: stopped'));
    signal?.addEventListener('abort', giveUp);
  });
}

const never = new AbortController().signal;
const hosts = ({ outbound }: World) => outbound.requests.map(({ url }) => new URL(url).host[0]);
const used = ({ leases }: World, provider = 'p') =>
  leases.stats().find((use) => use.provider === provider)?.used ?? 0;

/** Opens and takes into use, as a channel does that begins. */
async function begin({ sources }: World, index?: number): Promise<void> {
  const order = index === undefined ? sources.standings.inOrder() : [index];
  sources.use(await sources.openFirst(order, never), Promise.resolve());
}

describe('ChannelSources order', () => {
  test('as configured, the slate last', () => {
    const { sources } = world([sourceOf('a'), sourceOf('b')], { slate: SLATE });
    expect(sources.standings.inOrder()).toEqual([0, 1, 2]);
    expect([sources.standings.playsSlate, sources.standings.activeIndex]).toEqual([false, 0]);
  });

  test('those that cool down come after the others, before the slate', async () => {
    const w = world([sourceOf('a'), sourceOf('b'), sourceOf('c')], { slate: SLATE });
    w.sources.standings.failed(0, ERROR);
    w.sources.standings.failed(1, ERROR);
    expect(w.sources.standings.inOrder()).toEqual([2, 0, 1, 3]);
    await w.clock.advance(5000);
    expect(w.sources.standings.inOrder()).toEqual([0, 1, 2, 3]);
  });

  test('viewers are sent to what is ready, and back to what comes before', async () => {
    const w = world([sourceOf('a'), sourceOf('b'), sourceOf('c')], { slate: SLATE });
    await begin(w, 1);
    expect([w.sources.standings.alternatives(), w.sources.standings.better()]).toEqual([
      [0, 2, 3],
      [0],
    ]);
    w.sources.standings.failed(0, ERROR);
    expect([w.sources.standings.alternatives(), w.sources.standings.better()]).toEqual([
      [2, 3],
      [],
    ]);
    await w.clock.advance(5000);
    expect(w.sources.standings.better()).toEqual([0]);
  });

  test('from the slate everything is better', async () => {
    const w = world([sourceOf('a'), sourceOf('b')], { slate: SLATE });
    await begin(w, 2);
    expect([w.sources.standings.playsSlate, w.sources.standings.better()]).toEqual([true, [0, 1]]);
  });

  test('says whether anything is ready', async () => {
    const w = world([sourceOf('a')]);
    expect(w.sources.isAnyFree()).toBe(true);
    w.sources.standings.failed(0, ERROR);
    expect(w.sources.isAnyFree()).toBe(false);
    await w.clock.advance(5000);
    expect(w.sources.isAnyFree()).toBe(true);
  });
});

describe('ChannelSources.openFirst()', () => {
  test('takes the first that opens, and remembers what was wrong with those before', async () => {
    const w = world([sourceOf('a'), sourceOf('b'), sourceOf('c')], { status: { a: 404 } });
    await begin(w);
    expect([hosts(w), w.counted, w.sources.standings.activeIndex]).toEqual([
      ['a', 'b'],
      ['SOURCE_STATUS', 'ok'],
      1,
    ]);
    const [a, b, c] = w.sources.standings.reports(true);
    expect([a?.state, b?.state, c?.state]).toEqual(['cooling', 'untried', 'untried']);
    expect(a?.error?.detail).toEqual({ status: 404 });
    expect([a?.active, b?.active]).toEqual([false, true]);
  });

  test('throws what was wrong with the last', async () => {
    const w = world([sourceOf('a'), sourceOf('b')], { status: { a: 404, b: 500 } });
    await expect(begin(w)).rejects.toMatchObject({ code: 'SOURCE_STATUS', status: 500 });
  });

  test('one that does not answer in its share of the time is left for the next', async () => {
    const w = world([sourceOf('a'), sourceOf('b')], { limits: { p: 1 } });
    const outbound: Outbound = (request) =>
      request.url === address('a') ? hanging(request.signal) : w.outbound(request);
    const deps = { clock: w.clock, random: () => 1, log: silentLog, leases: w.leases, outbound };
    const sources = new ChannelSources([sourceOf('a', 'p'), sourceOf('b')], undefined, {
      ...deps,
      holder: FOR_GOOD,
      count() {},
    });
    const opening = sources.openFirst([0, 1], never);
    await w.clock.advance(4999);
    expect(used(w)).toBe(1);
    await w.clock.advance(1);
    expect((await opening).index).toBe(1);
    expect([used(w), w.clock.pendingCount]).toEqual([0, 0]);
    expect(sources.standings.reports(true)[0]?.state).toBe('cooling');
  });

  test('ends with all connections given back where it is stopped', async () => {
    const w = world([sourceOf('a', 'p'), sourceOf('b', 'p')], { limits: { p: 1 } });
    const stop = new AbortController();
    stop.abort();
    const opening = w.sources.openFirst([0, 1], stop.signal);
    await opening.then(
      (opened) => w.sources.giveBack(opened),
      () => {},
    );
    expect(used(w)).toBe(0);
  });
});

describe('ChannelSources and providers', () => {
  test('a connection is out while it is used, and given back once all is closed', async () => {
    const w = world([sourceOf('a', 'p'), sourceOf('b')], { limits: { p: 1 } });
    await begin(w);
    expect(used(w)).toBe(1);
    const closed = Promise.withResolvers<void>();
    w.sources.release(closed.promise);
    await w.clock.advance(0);
    expect(used(w)).toBe(1);
    closed.resolve();
    await w.clock.advance(0);
    expect(used(w)).toBe(0);
  });

  test('one that fails to open gives its connection back', async () => {
    const w = world([sourceOf('a', 'p')], { limits: { p: 1 }, status: { a: 404 } });
    await begin(w).catch(() => {});
    expect(used(w)).toBe(0);
  });

  test('all are out: nothing is asked, and nothing is held against the source', async () => {
    const w = world([sourceOf('a', 'p')], { limits: { p: 1 } });
    using _other = w.leases.take('p');
    const error = await begin(w).catch((reason) => reason);
    expect(error).toBeInstanceOf(ProviderBusyError);
    expect(error.message).toContain('provider "p" allows 1 connections, all are in use');
    expect([hosts(w), w.sources.standings.reports(false)[0]?.state]).toEqual([[], 'untried']);
  });

  test('all are out: the next source, of another provider, is taken', async () => {
    const w = world([sourceOf('a', 'p'), sourceOf('b', 'q')], { limits: { p: 1, q: 1 } });
    using _other = w.leases.take('p');
    await begin(w);
    expect([hosts(w), w.sources.standings.activeIndex, used(w, 'q')]).toEqual([['b'], 1, 1]);
  });

  test('one is free: the next source of the provider is opened beside the one that plays', async () => {
    const w = world([sourceOf('a', 'p'), sourceOf('b', 'p')], { limits: { p: 2 } });
    await begin(w);
    let held = 0;
    const opened = await w.sources.openFirst([1], never, { hold: async () => held++ });
    expect([held, used(w)]).toEqual([0, 2]);
    w.sources.use(opened, Promise.resolve());
    await w.clock.advance(0);
    expect(used(w)).toBe(1);
  });

  test('none is free: what plays is closed first, and its place passes on without being free', async () => {
    const w = world([sourceOf('a', 'p'), sourceOf('b', 'p')], { limits: { p: 1 } });
    await begin(w);
    const steps: string[] = [];
    const hold = async () => {
      steps.push(`closed, ${hosts(w).length} asked, ${used(w)} out`);
    };
    const opened = await w.sources.openFirst([1], never, { hold });
    expect(steps).toEqual(['closed, 1 asked, 1 out']);
    w.sources.use(opened, Promise.resolve());
    await w.clock.advance(0);
    expect(used(w)).toBe(1);
    w.sources.release(Promise.resolve());
    await w.clock.advance(0);
    expect(used(w)).toBe(0);
  });

  test('its place passes on and the other does not open: it is still its own', async () => {
    const status = { b: 404 };
    const w = world([sourceOf('a', 'p'), sourceOf('b', 'p')], { limits: { p: 1 }, status });
    await begin(w);
    await w.sources.openFirst([1], never, { hold: async () => {} }).catch(() => {});
    expect([used(w), w.sources.standings.activeIndex]).toEqual([1, 0]);
  });

  test('a trial takes a connection of its own, or none', async () => {
    const w = world([sourceOf('a', 'p'), sourceOf('b', 'p')], { limits: { p: 1 } });
    await begin(w);
    await expect(w.sources.open(1, 1000, never)).rejects.toBeInstanceOf(ProviderBusyError);
    expect(used(w)).toBe(1);
    w.leases.limits = new Map([['p', 2]]);
    const opened = await w.sources.open(1, 1000, never);
    expect(used(w)).toBe(2);
    w.sources.giveBack(opened);
    w.sources.giveBack(opened);
    expect(used(w)).toBe(1);
  });

  test('a source without a provider costs nothing', async () => {
    const w = world([sourceOf('a'), SLATE], { limits: { p: 1 } });
    await begin(w);
    await begin(w, 1);
    expect(w.leases.stats()).toMatchObject([{ provider: 'p', used: 0, limit: 1 }]);
  });

  test('a refusal while the provider may still count the last connection is asked again', async () => {
    let refusals = 2;
    const status = { b: () => (refusals-- > 0 ? 403 : 200) };
    const w = world([sourceOf('a', 'p'), sourceOf('b', 'p')], { limits: { p: 1 }, status });
    await begin(w);
    const opening = w.sources.openFirst([1], never, { hold: async () => {} });
    await w.clock.advance(1999);
    expect(hosts(w)).toEqual(['a', 'b', 'b']);
    await w.clock.advance(1);
    expect((await opening).index).toBe(1);
    expect(w.sources.standings.reports(true)[1]?.failures).toBe(0);
  });

  test('a refusal goes on being one five seconds after the last connection was closed', async () => {
    const w = world([sourceOf('a', 'p'), sourceOf('b', 'p')], {
      limits: { p: 1 },
      status: { b: 403 },
    });
    await begin(w);
    const opening = w.sources
      .openFirst([1], never, { hold: async () => {} })
      .catch((error) => error.status);
    await w.clock.advance(10_000);
    expect(await opening).toBe(403);
    expect(hosts(w)).toEqual(['a', ...Array.from({ length: 6 }, () => 'b')]);
  });

  test.each([404, 500, 410])('%p has nothing to do with connections', async (status) => {
    const w = world([sourceOf('a', 'p'), sourceOf('b', 'p')], {
      limits: { p: 1 },
      status: { b: status },
    });
    await begin(w);
    await w.sources.openFirst([1], never, { hold: async () => {} }).catch(() => {});
    expect(hosts(w)).toEqual(['a', 'b']);
  });

  test('a refusal by a provider that nobody left is a refusal', async () => {
    const w = world([sourceOf('a', 'p')], { limits: { p: 1 }, status: { a: 403 } });
    await begin(w).catch(() => {});
    expect([hosts(w), used(w)]).toEqual([['a'], 0]);
  });
});

describe('ChannelSources.reopen()', () => {
  test('asks the source that plays again, without another connection', async () => {
    const w = world([sourceOf('a', 'p')], { limits: { p: 1 } });
    await begin(w);
    expect((await w.sources.reopen(never))?.renditions).toHaveLength(1);
    expect([hosts(w), used(w)]).toEqual([['a', 'a'], 1]);
  });

  test('is nothing where another was taken meanwhile', async () => {
    const w = world([sourceOf('a'), sourceOf('b')]);
    await begin(w);
    const again = w.sources.reopen(never);
    const other = { index: 1, found: { renditions: [] }, lease: undefined };
    w.sources.use({ ...other, outbound: scoped(w.outbound) }, Promise.resolve());
    expect(await again).toBeUndefined();
  });
});

describe('ChannelSources.reports()', () => {
  test('name no addresses, and say what each is and has', async () => {
    const w = world([sourceOf('a', 'p'), SLATE], { slate: SLATE, limits: { p: 1 } });
    await begin(w);
    w.sources.standings.good();
    await w.clock.advance(1234.5);
    expect(w.sources.standings.reports(true)).toEqual([
      {
        source: 0,
        kind: 'url',
        provider: 'p',
        active: true,
        state: 'good',
        score: 1,
        failures: 0,
        goodAgoMs: 1235,
        coolDownLeftMs: 0,
      },
      ...(['loop', 'slate'] as const).map((kind, n) => ({
        source: n + 1,
        kind,
        active: false,
        state: 'untried' as const,
        score: 1,
        failures: 0,
        coolDownLeftMs: 0,
      })),
    ]);
    expect(w.sources.standings.reports(false)[0]?.active).toBe(false);
  });
});
