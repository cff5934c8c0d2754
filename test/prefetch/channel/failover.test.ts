// This file tests when viewers are sent to another source, and back.
import { describe, expect, test } from 'bun:test';
import { type Log, type LogFields, silentLog } from '../../../src/base/log.ts';
import type { SourceConfig, UrlSource } from '../../../src/config/config.ts';
import { ChannelSources } from '../../../src/prefetch/channel/channel-sources.ts';
import { Failover } from '../../../src/prefetch/channel/failover.ts';
import type { Trouble } from '../../../src/prefetch/rendition/vital-signs.ts';
import { FOR_GOOD, ProviderLeases } from '../../../src/source/failover/provider-leases.ts';
import { adtsSound } from '../../support/adts-sound.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { type Script, scriptedOutbound } from '../../support/outbound-script.ts';
import { wholeMedia } from '../../support/scripted-source.ts';
import { StreamWriter, writeFrames } from '../../support/ts-stream.ts';

const STALL: Trouble = { kind: 'stall', reason: 'it names nothing new for 6.0 s' };
const FROZEN: Trouble = { kind: 'frozen', reason: 'its clock stands still' };
const REFUSED: Trouble = { kind: 'error', reason: 'upstream answered 503, wanted 200' };
const SILENT: Trouble = { kind: 'silent', reason: 'its sound has been silent for 20.0 s' };
const CHANGED: Trouble = { kind: 'changed', reason: 'the source is a playlist now' };
const ENDED: Trouble = { kind: 'ended', reason: 'the source has ended' };
const SLATE: SourceConfig = { kind: 'template', ...slateParts() };

function slateParts() {
  const reach = { headers: {}, verifyTls: true, allowDowngrade: false, timeouts: {} };
  return {
    ...reach,
    template: 'http://slate.example/{sequence}.ts',
    sequence: { atMs: 0, first: 0, durationMs: 4000, delayMs: 0 },
    qualities: [],
    checkEveryMs: 60_000,
  };
}

function sourceOf(host: string, provider?: string): UrlSource {
  const reach = { headers: {}, verifyTls: true, allowDowngrade: false, timeouts: {} };
  const url = `http://${host}.example/l`;
  return { kind: 'url', url, ...reach, ...(provider === undefined ? {} : { provider }) };
}

/** An upstream at each host: a live list that grows by a segment in four seconds. */
class World implements Disposable {
  readonly clock = new FakeClock();
  readonly said: string[] = [];
  readonly status: Record<string, number> = {};
  readonly stands = new Set<string>();
  readonly silent = new Set<string>();
  /** Hosts that send an endless stream in place of a list. */
  readonly streams = new Set<string>();
  readonly leases: ProviderLeases;
  readonly outbound: ReturnType<typeof scriptedOutbound>;
  readonly sources: ChannelSources;
  readonly failover: Failover;
  condition: Trouble | 'well' | 'unknown' = 'well';
  isLate = false;
  mediaMs: number | undefined;
  pauseMs = 0;
  isHeld = false;
  /** Called whenever a list is asked for. */
  onAsked: () => void = () => {};
  readonly fields: { readonly [what: string]: LogFields }[] = [];
  #isTicking = true;

  constructor(
    configs: readonly SourceConfig[],
    { slate, limits = {} }: { slate?: SourceConfig; limits?: Record<string, number> } = {},
  ) {
    const { clock, said } = this;
    this.leases = new ProviderLeases(clock, new Map(Object.entries(limits)));
    this.outbound = scriptedOutbound(this.#script());
    const { leases, outbound } = this;
    const random = () => 1;
    const deps = { clock, random, log: silentLog, outbound, leases, holder: FOR_GOOD, count() {} };
    this.sources = new ChannelSources(configs, slate, deps);
    const tell = (what: string, fields: LogFields) => {
      said.push(what);
      this.fields.push({ [what]: fields });
    };
    const log: Log = {
      ...silentLog,
      info: (what, fields = {}) => tell(what, fields),
      warn: (what, fields = {}) => tell(what, fields),
    };
    this.failover = new Failover(
      this.sources,
      { clock, random, log, segmentMaxBytes: 1e6, watchFor: { silence: true, black: true } },
      {
        condition: () => this.condition,
        isLate: () => this.isLate,
        mediaMs: () => this.mediaMs,
        pauseMs: () => this.pauseMs,
        hold: async () => {
          this.isHeld = true;
          said.push('hold');
        },
        goOn: () => {
          this.isHeld = false;
          said.push('go on');
        },
        isWatched: () => true,
        switchTo: async () => {
          this.isHeld = false;
        },
        switched: (kind) => {
          said.push(`switch to ${this.sources.standings.activeIndex}: ${kind}`);
          this.condition = 'well';
        },
      },
    );
  }

  /** It plays this source, and looks at it twice a second from now on. */
  async play(index: number): Promise<this> {
    const never = new AbortController().signal;
    this.sources.use(await this.sources.openFirst([index], never), Promise.resolve());
    this.clock.after(500, () => this.#tick());
    return this;
  }

  /** Hosts that were asked for a list since this was asked last. */
  asked(): string[] {
    const lists = this.outbound.requests.splice(0).filter(({ url }) => url.endsWith('/l'));
    return lists.map(({ url }) => new URL(url).host.split('.')[0] as string);
  }

  used(provider = 'p'): number {
    return this.leases.stats().find((use) => use.provider === provider)?.used ?? 0;
  }

  get switches(): string[] {
    const switches = this.said.filter((what) => what.startsWith('switch to'));
    return switches.map((what) => what.split(':')[0] as string);
  }

  stopTicking(): void {
    this.#isTicking = false;
  }

  [Symbol.dispose](): void {
    this.stopTicking();
    this.failover[Symbol.dispose]();
  }

  #tick(): void {
    if (!this.#isTicking) return;
    this.failover.tick(this.clock.monotonicMs());
    this.clock.after(500, () => this.#tick());
  }

  #script(): Script {
    const script: Record<string, Script[string]> = {};
    for (const host of ['a', 'b', 'c']) {
      script[`http://${host}.example/l`] = () => this.#list(host);
      for (let n = 0; n < 200; n++) {
        script[`http://${host}.example/${n}.ts`] = () => ({
          body: this.silent.has(host) ? adtsSound(4) : wholeMedia(),
        });
      }
    }
    return script;
  }

  #list(host: string) {
    this.onAsked();
    if (this.streams.has(host)) {
      const status = this.status[host] ?? 200;
      return { status, body: STREAM, headers: { 'content-type': 'video/mp2t' } };
    }
    const nowMs = this.stands.has(host) ? 0 : this.clock.monotonicMs();
    const first = Math.floor(nowMs / 4000);
    const head = `#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:${first}\n`;
    const body = `${head}#EXTINF:4,\n${first}.ts\n#EXTINF:4,\n${first + 1}.ts\n`;
    return { status: this.status[host] ?? 200, body };
  }
}

const STREAM = writeFrames(new StreamWriter(), 90_000, 50).take();
const AB = [sourceOf('a'), sourceOf('b')];

describe('Failover leaves a source', () => {
  test('that is in trouble, once, for the next that opens', async () => {
    using w = await new World(AB).play(0);
    await w.clock.advance(2000);
    expect(w.said).toEqual([]);
    w.condition = STALL;
    await w.clock.advance(500);
    expect(w.said).toEqual(['source in trouble', 'switch to 1: stall', 'source switched']);
    const [a, b] = w.sources.standings.reports(true);
    expect([a?.state, a?.failures, a?.active]).toEqual(['cooling', 1, false]);
    expect(a?.error).toEqual({
      code: 'SOURCE_TROUBLE',
      message: 'Cannot go on: it names nothing new for 6.0 s',
      detail: { trouble: 'stall' },
    });
    expect([b?.state, b?.active]).toEqual(['untried', true]);
  });

  test('not while nothing can be said of it', async () => {
    using w = await new World(AB).play(0);
    w.condition = 'unknown';
    await w.clock.advance(60_000);
    expect(w.said).toEqual([]);
    expect(w.sources.standings.reports(true)[0]?.state).toBe('untried');
  });

  test('and one that plays is said to be good all the while', async () => {
    using w = await new World(AB).play(0);
    await w.clock.advance(10_250);
    expect(w.sources.standings.reports(true)[0]).toMatchObject({ state: 'good', goodAgoMs: 250 });
  });

  test('that ended, without holding it against it', async () => {
    using w = await new World(AB).play(0);
    w.condition = ENDED;
    await w.clock.advance(500);
    expect(w.switches).toEqual(['switch to 1']);
    expect(w.sources.standings.reports(true)[0]).toMatchObject({
      state: 'cooling',
      failures: 0,
      score: 1,
    });
  });

  test('for itself where it has become another kind, all of it closed first', async () => {
    using w = await new World(AB).play(0);
    w.condition = CHANGED;
    await w.clock.advance(500);
    expect(w.said).toEqual([
      'source in trouble',
      'hold',
      'switch to 0: changed',
      'source switched',
    ]);
    expect(w.sources.standings.reports(true)[0]).toMatchObject({ failures: 0, active: true });
  });

  test('that has become another kind, for the next where it does not open anew', async () => {
    using w = await new World(AB).play(0);
    w.status['a'] = 503;
    w.condition = CHANGED;
    await w.clock.advance(500);
    expect([w.switches, w.sources.standings.reports(true)[0]?.failures]).toEqual([
      ['switch to 1'],
      1,
    ]);
  });

  test('a source that ended a second ago is there for the one after it, which ends, too', async () => {
    using w = await new World(AB).play(0);
    w.condition = ENDED;
    await w.clock.advance(500);
    w.condition = ENDED;
    await w.clock.advance(5500);
    expect(w.switches).toEqual(['switch to 1', 'switch to 0']);
  });

  test('with nowhere to go: stays, asks nothing, and looks again in a second', async () => {
    using w = await new World([sourceOf('a')]).play(0);
    w.condition = STALL;
    w.asked();
    await w.clock.advance(30_000);
    expect(w.said).toEqual(['source in trouble']);
    expect([w.asked(), w.sources.standings.reports(true)[0]?.failures]).toEqual([[], 1]);
    w.condition = 'well';
    await w.clock.advance(2000);
    expect(w.sources.standings.reports(true)[0]?.state).toBe('good');
    w.condition = STALL;
    await w.clock.advance(2000);
    expect(w.sources.standings.reports(true)[0]?.failures).toBe(2);
  });

  test('and where no other opens goes on with it, until one does', async () => {
    using w = await new World(AB).play(0);
    w.status['b'] = 503;
    w.condition = STALL;
    await w.clock.advance(500);
    expect(w.said).toEqual(['source in trouble', 'no source to switch to', 'go on']);
    delete w.status['b'];
    await w.clock.advance(7000);
    expect(w.switches).toEqual(['switch to 1']);
  });

  test('for the slate where nothing else is to be had', async () => {
    using w = await new World(AB, { slate: SLATE }).play(0);
    w.status['b'] = 503;
    w.condition = STALL;
    await w.clock.advance(500);
    expect([w.switches, w.sources.standings.playsSlate]).toEqual([['switch to 2'], true]);
  });
});

describe('Failover goes back', () => {
  test('to a source that comes before, once it has cooled down and proved itself', async () => {
    using w = await new World(AB).play(0);
    w.condition = STALL;
    await w.clock.advance(500);
    w.said.length = 0;
    w.asked();
    await w.clock.advance(4500);
    expect(w.asked()).toEqual([]);
    // One segment that comes whole, and the next after it
    await w.clock.advance(6000);
    expect(w.said).toEqual(['switch to 0: proved', 'source switched']);
    expect(w.sources.standings.reports(true)[1]?.state).toBe('good');
  });

  test('not to one that plays no more, which cools down ever longer', async () => {
    using w = await new World(AB).play(0);
    w.status['a'] = 503;
    w.condition = STALL;
    await w.clock.advance(90_000);
    expect(w.said.slice(3)).toEqual(Array.from({ length: 4 }, () => 'source not well yet'));
    expect(w.sources.standings.reports(true)[0]).toMatchObject({ failures: 5, state: 'cooling' });
  });

  test('not to one that stands still', async () => {
    using w = await new World(AB).play(0);
    w.stands.add('a');
    w.condition = STALL;
    await w.clock.advance(22_000);
    expect(w.said.slice(3)).toEqual(['source not well yet']);
    expect(w.sources.standings.reports(true)[0]?.error?.code).toBe('SOURCE_STALLED');
  });

  test('from the slate at the first sign of life', async () => {
    using w = await new World([sourceOf('a')], { slate: SLATE }).play(0);
    w.status['a'] = 503;
    w.condition = REFUSED;
    await w.clock.advance(500);
    expect(w.sources.standings.playsSlate).toBe(true);
    delete w.status['a'];
    await w.clock.advance(5000);
    expect([w.sources.standings.playsSlate, w.switches]).toEqual([
      false,
      ['switch to 1', 'switch to 0'],
    ]);
  });

  test.each([STALL, FROZEN])(
    'from the slate to one that stood still once it goes on: $kind',
    async (trouble) => {
      using w = await new World([sourceOf('a')], { slate: SLATE }).play(0);
      // Its encoder is gone; its last list and segments are still there
      w.stands.add('a');
      w.condition = trouble;
      await w.clock.advance(20_000);
      // A server that is down in between proves nothing of the encoder
      w.status['a'] = 503;
      await w.clock.advance(20_000);
      delete w.status['a'];
      await w.clock.advance(60_000);
      expect(w.switches).toEqual(['switch to 1']);
      w.stands.delete('a');
      await w.clock.advance(60_000);
      expect([w.sources.standings.playsSlate, w.switches]).toEqual([
        false,
        ['switch to 1', 'switch to 0'],
      ]);
    },
  );

  test('not before the source that plays is in trouble itself: then at once', async () => {
    using w = await new World(AB).play(0);
    w.condition = STALL;
    await w.clock.advance(5500);
    w.asked();
    // The trial of the first is on when the second falls silent
    w.condition = STALL;
    await w.clock.advance(500);
    expect(w.switches).toEqual(['switch to 1', 'switch to 0']);
  });
});

describe('Failover of a source that shows nothing', () => {
  test('leaves it for one that can be heard, and says why', async () => {
    using w = await new World(AB).play(0);
    w.silent.add('a');
    w.condition = SILENT;
    await w.clock.advance(500);
    expect(w.said).toEqual(['source shows nothing', 'switch to 1: silent', 'source switched']);
    const [a, b] = w.sources.standings.reports(true);
    expect([a?.state, a?.failures, b?.active]).toEqual(['cooling', 1, true]);
    expect(a?.error?.message).toBe('Cannot go on: its sound has been silent for 20.0 s');
  });

  test('does not return while it is silent, and does once it is heard', async () => {
    using w = await new World(AB).play(0);
    w.silent.add('a');
    w.condition = SILENT;
    await w.clock.advance(20_000);
    expect(w.said.slice(3)).toEqual(['source not well yet']);
    expect(w.sources.standings.reports(true)[0]?.error?.code).toBe('SOURCE_BLANK');
    w.silent.clear();
    await w.clock.advance(20_000);
    expect(w.switches).toEqual(['switch to 1', 'switch to 0']);
  });

  test('stays where all are silent, asks ever less, and holds it against none', async () => {
    using w = await new World([...AB, sourceOf('c')]).play(0);
    for (const host of ['a', 'b', 'c']) w.silent.add(host);
    w.condition = SILENT;
    w.asked();
    await w.clock.advance(30_000);
    expect(w.asked()).toEqual(['b', 'c', 'b', 'c', 'b', 'c']);
    await w.clock.advance(300_000);
    expect(w.asked().length).toBeLessThanOrEqual(2 * 8);
    expect([w.switches, w.used()]).toEqual([[], 0]);
    expect(w.said.filter((what) => what === 'source shows nothing')).toHaveLength(1);
    expect(w.sources.standings.reports(true).map(({ failures }) => failures)).toEqual([0, 0, 0]);
    // Should it fail, the next is as good as it was
    w.condition = STALL;
    await w.clock.advance(500);
    expect(w.switches).toEqual(['switch to 1']);
  });

  test('stays where it is heard again before another has proved itself', async () => {
    using w = await new World(AB).play(0);
    w.condition = SILENT;
    w.failover.tick(w.clock.monotonicMs());
    w.condition = 'well';
    await w.clock.advance(10_000);
    expect([w.switches, w.asked()]).toEqual([[], ['a', 'b']]);
  });

  test('never goes to the slate, nor from it for what it is', async () => {
    using w = await new World([sourceOf('a')], { slate: SLATE }).play(0);
    w.condition = SILENT;
    await w.clock.advance(30_000);
    expect(w.switches).toEqual([]);
    w.status['a'] = 503;
    w.condition = REFUSED;
    await w.clock.advance(500);
    expect(w.sources.standings.playsSlate).toBe(true);
    w.condition = SILENT;
    delete w.status['a'];
    await w.clock.advance(5000);
    expect(w.switches).toEqual(['switch to 1', 'switch to 0']);
  });

  test('one that cannot be had at all cools down like any other', async () => {
    using w = await new World(AB).play(0);
    w.status['b'] = 503;
    w.condition = SILENT;
    await w.clock.advance(2000);
    expect(w.switches).toEqual([]);
    expect(w.sources.standings.reports(true)[1]).toMatchObject({ state: 'cooling', failures: 1 });
  });
});

describe('Failover and connections', () => {
  const PP = [sourceOf('a', 'p'), sourceOf('b', 'p')];

  test('one connection passes from source to source', async () => {
    using w = await new World(PP, { limits: { p: 1 } }).play(0);
    w.condition = STALL;
    await w.clock.advance(500);
    expect(w.said).toEqual(['source in trouble', 'hold', 'switch to 1: stall', 'source switched']);
    expect(w.used()).toBe(1);
  });

  test('there is none to try another with: nothing is tried, and nothing is held against it', async () => {
    using w = await new World(PP, { limits: { p: 1 } }).play(1);
    w.asked();
    await w.clock.advance(60_000);
    expect([w.asked(), w.said, w.used()]).toEqual([[], [], 1]);
    expect(w.sources.standings.reports(true)[0]?.failures).toBe(0);
  });

  test('one whose provider has no room does not stand before others', async () => {
    const limits = { p: 1, q: 1 };
    using w = await new World([sourceOf('a', 'p'), sourceOf('b', 'q'), sourceOf('c')], {
      limits,
    }).play(2);
    using _other = w.leases.take('p');
    await w.clock.advance(10_000);
    expect(w.switches).toEqual(['switch to 1']);
    expect([w.used('p'), w.used('q')]).toEqual([1, 1]);
  });

  test('a trial takes one and gives it back, whatever comes of it', async () => {
    using w = await new World([sourceOf('a', 'p'), sourceOf('b')], { limits: { p: 1 } }).play(1);
    w.stands.add('a');
    await w.clock.advance(1000);
    expect(w.used()).toBe(1);
    await w.clock.advance(14_000);
    expect([w.used(), w.said]).toEqual([0, ['source not well yet']]);
  });

  test('a switch waits for the connection of the trial that it ends', async () => {
    const sources = [sourceOf('a', 'p'), sourceOf('b')];
    using w = await new World(sources, { limits: { p: 1 } }).play(1);
    await w.clock.advance(1000);
    expect(w.used()).toBe(1);
    w.condition = STALL;
    await w.clock.advance(500);
    expect([w.switches, w.used()]).toEqual([['switch to 0'], 1]);
  });

  test('nobody watches any more: a trial ends, and gives its connection back', async () => {
    using w = await new World([sourceOf('a', 'p'), sourceOf('b')], { limits: { p: 1 } }).play(1);
    await w.clock.advance(1000);
    w.stopTicking();
    void w.failover.stop();
    await w.clock.advance(0);
    expect(w.used()).toBe(0);
    await w.clock.advance(60_000);
    expect([w.said, w.sources.standings.reports(true)[0]?.failures]).toEqual([[], 0]);
  });

  test.each(['stopped', 'closed'])(
    '%s in the middle of a switch: it comes to nothing',
    async (how) => {
      using w = await new World([sourceOf('a'), sourceOf('b', 'p')], { limits: { p: 1 } }).play(0);
      w.condition = STALL;
      w.stopTicking();
      w.failover.tick(w.clock.monotonicMs());
      if (how === 'stopped') void w.failover.stop();
      else w.failover[Symbol.dispose]();
      await w.clock.advance(5000);
      expect([w.switches, w.used(), w.said]).toEqual([[], 0, ['source in trouble']]);
    },
  );

  test('is used again after it was stopped', async () => {
    using w = await new World(AB).play(0);
    void w.failover.stop();
    w.condition = STALL;
    await w.clock.advance(500);
    expect(w.switches).toEqual(['switch to 1']);
  });
});

describe('Failover over the one connection there is', () => {
  const PP = [sourceOf('a', 'p'), sourceOf('b', 'p')];
  const ONE = { limits: { p: 1 } };

  /** The second source plays, and the first has just delivered a segment of the other's. */
  async function visiting(): Promise<World> {
    const w = await new World(PP, ONE).play(1);
    w.asked();
    w.pauseMs = 3000;
    return w;
  }

  test('goes back to a source that was seen twice, and had gone on', async () => {
    using w = await visiting();
    await w.clock.advance(1000);
    expect([w.said, w.asked(), w.used()]).toEqual([['hold', 'go on'], ['a'], 1]);
    await w.clock.advance(4500);
    expect(w.said).toHaveLength(2);
    await w.clock.advance(2000);
    expect(w.said).toEqual(['hold', 'go on', 'hold', 'switch to 0: proved', 'source switched']);
    expect([w.asked(), w.used(), w.isHeld]).toEqual([['a'], 1, false]);
    expect(w.sources.standings.reports(true)[1]?.failures).toBe(0);
  });

  test('asks nothing while what plays is not closed', async () => {
    using w = await visiting();
    const seen: boolean[] = [];
    w.onAsked = () => seen.push(w.isHeld);
    await w.clock.advance(10_000);
    expect(w.switches).toEqual(['switch to 0']);
    expect(seen).toEqual([true, true]);
  });

  test('not while anything would be missed', async () => {
    using w = await visiting();
    w.pauseMs = 1400;
    await w.clock.advance(60_000);
    expect([w.said, w.asked()]).toEqual([[], []]);
  });

  test('not to one that is down: what plays goes on, and it cools down ever longer', async () => {
    using w = await visiting();
    w.status['a'] = 500;
    await w.clock.advance(1000);
    expect(w.said).toEqual(['hold', 'go on', 'source not well yet']);
    expect(w.sources.standings.reports(true)[0]).toMatchObject({ failures: 1, state: 'cooling' });
    await w.clock.advance(60_000);
    expect(w.said.filter((what) => what === 'hold')).toHaveLength(4);
    expect([w.switches, w.isHeld, w.used()]).toEqual([[], false, 1]);
  });

  test('not to one that stands still', async () => {
    using w = await visiting();
    w.stands.add('a');
    await w.clock.advance(8000);
    expect(w.said).toEqual(['hold', 'go on', 'hold', 'go on', 'source not well yet']);
    expect(w.sources.standings.reports(true)[0]?.error?.code).toBe('SOURCE_STALLED');
  });

  test('and a provider that goes on counting is left alone for a quarter of an hour', async () => {
    using w = await visiting();
    w.status['a'] = 403;
    await w.clock.advance(600_000);
    expect(w.said).toEqual(['hold', 'go on', 'source not well yet']);
    // The one visit: asked again while the provider might have counted what was just closed
    expect(w.asked()).toEqual(['a', 'a', 'a']);
    await w.clock.advance(310_000);
    expect(w.said.filter((what) => what === 'hold')).toHaveLength(2);
  });

  test('and what plays goes on where nobody watches any more', async () => {
    using w = await visiting();
    w.status['a'] = 403;
    await w.clock.advance(600);
    expect([w.isHeld, w.said]).toEqual([true, ['hold']]);
    await w.failover.stop();
    expect([w.isHeld, w.said, w.used()]).toEqual([false, ['hold', 'go on'], 1]);
    expect(w.sources.standings.reports(true)[0]?.failures).toBe(0);
  });

  test('a switch ends a visit, and has the connection', async () => {
    using w = await new World([...PP, sourceOf('c')], ONE).play(1);
    w.pauseMs = 3000;
    w.status['a'] = 403;
    await w.clock.advance(600);
    expect(w.isHeld).toBe(true);
    w.condition = STALL;
    await w.clock.advance(500);
    expect(w.said).toEqual(['hold', 'source in trouble', 'go on', 'hold']);
    await w.clock.advance(6000);
    expect(w.switches).toEqual(['switch to 2']);
  });
});

describe('Failover says why', () => {
  const REFUSED = {
    code: 'SOURCE_STATUS',
    error: 'Cannot fetch the source: upstream answered 503, wanted 200',
    detail: { status: 503 },
  };

  test('it leaves a source, where it goes, and how both have done', async () => {
    using w = await new World(AB).play(0);
    w.mediaMs = 100;
    await w.clock.advance(1000);
    w.condition = STALL;
    await w.clock.advance(500);
    expect(w.fields).toEqual([
      {
        'source in trouble': {
          source: 0,
          ...STALL,
          score: 0.6,
          failures: 1,
          coolDownLeftMs: 5000,
          goodAgoMs: 1400,
        },
      },
      {
        'source switched': {
          from: 0,
          to: 1,
          ...STALL,
          score: 1,
          failures: 0,
          coolDownLeftMs: 0,
        },
      },
    ]);
    expect(w.sources.standings.reports(true)[0]).toEqual({
      source: 0,
      kind: 'url',
      active: false,
      state: 'cooling',
      score: 0.6,
      failures: 1,
      goodAgoMs: 1400,
      coolDownLeftMs: 5000,
      error: {
        code: 'SOURCE_TROUBLE',
        message: 'Cannot go on: it names nothing new for 6.0 s',
        detail: { trouble: 'stall' },
      },
    });
  });

  test('it stays, and what the other one failed at', async () => {
    using w = await new World(AB).play(0);
    w.status['b'] = 503;
    w.condition = STALL;
    await w.clock.advance(500);
    expect(w.fields.slice(1)).toEqual([{ 'no source to switch to': { source: 0, ...REFUSED } }]);
  });

  test('it does not go back yet, and when it will look again', async () => {
    using w = await new World(AB).play(0);
    w.status['a'] = 503;
    w.condition = STALL;
    await w.clock.advance(6000);
    expect(w.fields.slice(2)).toEqual([
      {
        'source not well yet': {
          source: 0,
          ...REFUSED,
          score: 0.36,
          failures: 2,
          coolDownLeftMs: 10_000,
        },
      },
    ]);
  });

  test('it goes back', async () => {
    using w = await new World(AB).play(0);
    w.condition = STALL;
    await w.clock.advance(11_000);
    expect(w.fields.at(-1)).toMatchObject({
      'source switched': { from: 1, to: 0, kind: 'proved', reason: 'a better source plays again' },
    });
  });
});

describe('Failover has a stream stand by', () => {
  const late = async (
    configs: readonly SourceConfig[],
    limits: Record<string, number> = {},
    streams = ['b', 'c'],
  ) => {
    const w = await new World(configs, { limits }).play(0);
    for (const host of streams) w.streams.add(host);
    w.asked();
    w.isLate = true;
    await w.clock.advance(1000);
    return w;
  };

  test('as soon as the one that plays is late, which takes over over that connection', async () => {
    using w = await late(AB);
    expect([w.said, w.asked()]).toEqual([['source late: another stands by'], ['b']]);
    w.condition = STALL;
    await w.clock.advance(500);
    expect([w.switches, w.asked()]).toEqual([['switch to 1'], []]);
  });

  test('and closes it where the one that plays goes on', async () => {
    using w = await late([sourceOf('a'), sourceOf('b', 'p')], { p: 1 });
    expect(w.used()).toBe(1);
    w.isLate = false;
    await w.clock.advance(500);
    expect([w.used(), w.switches, w.sources.standings.reports(true)[1]?.failures]).toEqual([
      0,
      [],
      0,
    ]);
    w.isLate = true;
    await w.clock.advance(500);
    expect(w.used()).toBe(1);
  });

  test('and takes no place that is not free', async () => {
    const configs = [sourceOf('a', 'p'), sourceOf('b', 'p'), sourceOf('c', 'q')];
    using w = await late(configs, { p: 1, q: 1 });
    expect([w.asked(), w.used('p'), w.used('q')]).toEqual([['c'], 1, 1]);
    expect(w.isHeld).toBe(false);
  });

  test('and leaves its place at once to whoever wants it', async () => {
    using w = await late([sourceOf('a'), sourceOf('b', 'p')], { p: 1 });
    const nowMs = w.clock.monotonicMs();
    const patience = { idleByMs: nowMs, untilMs: nowMs + 1000 };
    const waiting = w.leases.wait(['p'], FOR_GOOD, patience, new AbortController().signal);
    await w.clock.advance(100);
    expect((await waiting)?.provider).toBe('p');
    w.asked();
    w.condition = STALL;
    await w.clock.advance(500);
    expect([w.switches, w.asked()]).toEqual([[], []]);
  });

  test('and passes its place on with the connection', async () => {
    using w = await late([sourceOf('a'), sourceOf('b', 'p')], { p: 1 });
    w.condition = STALL;
    await w.clock.advance(500);
    expect([w.switches, w.used()]).toEqual([['switch to 1'], 1]);
  });

  test('the next where one does not play, which counts against that one', async () => {
    using w = await new World([...AB, sourceOf('c')]).play(0);
    w.streams.add('b').add('c');
    w.status['b'] = 404;
    w.asked();
    w.isLate = true;
    await w.clock.advance(500);
    expect(w.asked()).toEqual(['b', 'c']);
    expect(w.sources.standings.reports(true)[1]?.failures).toBe(1);
    w.condition = STALL;
    await w.clock.advance(500);
    expect(w.switches).toEqual(['switch to 2']);
  });

  test('but no list, which says itself what went by', async () => {
    using w = await late([sourceOf('a'), sourceOf('b', 'p')], { p: 1 }, []);
    expect([w.asked(), w.used(), w.said]).toEqual([['b'], 0, []]);
    w.condition = STALL;
    await w.clock.advance(500);
    expect([w.switches, w.asked()]).toEqual([['switch to 1'], ['b']]);
  });

  test('and closes it where nobody watches any more', async () => {
    using w = await late([sourceOf('a'), sourceOf('b', 'p')], { p: 1 });
    w.stopTicking();
    await w.failover.stop();
    expect(w.used()).toBe(0);
  });
});
