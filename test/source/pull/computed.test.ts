// This file tests a source that fetches no playlist, against an origin that drifts and restarts.
import { describe, expect, test } from 'bun:test';
import { NetError } from '../../../src/net/errors.ts';
import type { Outbound } from '../../../src/net/outbound.ts';
import type { Listing } from '../../../src/ring/listing.ts';
import { SourceStatusError } from '../../../src/source/errors.ts';
import { ComputedSource } from '../../../src/source/pull/computed.ts';
import type { ComputedSpec } from '../../../src/source/source.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const DURATION_MS = 4000;
const PLAYLIST = 'http://origin.example/real.m3u8';
const { signal } = new AbortController();

/** Segments `oldest` to `newest` are there; what is asked for is counted. */
class Origin {
  oldest: number;
  newest: number;
  /** The newest its playlist names; none where undefined. */
  listed: number | undefined;
  /** Are there, and denied when they are asked for next. */
  readonly denied = new Set<number>();
  status = 0;
  isDown = false;
  segmentRequests = 0;
  playlistRequests = 0;
  cancels = 0;

  constructor(oldest: number, newest: number) {
    this.oldest = oldest;
    this.newest = newest;
  }

  readonly outbound: Outbound = async ({ url }) => {
    const isPlaylist = url === PLAYLIST;
    if (isPlaylist) this.playlistRequests++;
    else this.segmentRequests++;
    if (this.isDown) throw new NetError('NET_CONNECT', 'Cannot connect: refused');
    const sequence = Number(/(\d+)\.ts$/.exec(url)?.[1]);
    const isThere = isPlaylist
      ? this.listed !== undefined
      : sequence >= this.oldest && sequence <= this.newest && !this.denied.delete(sequence);
    const text = `#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:${this.listed}\n#EXTINF:4,\nx.ts\n`;
    return {
      status: this.status || (isThere ? 200 : 404),
      headers: new Headers(),
      url,
      body: (async function* () {
        yield new TextEncoder().encode(text);
        yield new Uint8Array(1);
      })(),
      bytes: async () => new TextEncoder().encode(text),
      cancel: () => {
        this.cancels++;
      },
    };
  };
}

class Rig {
  readonly clock = new FakeClock();
  readonly origin: Origin;
  readonly source: ComputedSource;

  /** The clock stands where segment `newest` by the template has just become due. */
  constructor(origin: Origin, newest: number, changes: Partial<ComputedSpec> = {}, named?: number) {
    this.origin = origin;
    const spec: ComputedSpec = {
      kind: 'computed',
      template: 'http://origin.example/{sequence}.ts',
      quality: '',
      atMs: this.clock.nowMs() - (newest + 1) * DURATION_MS - 1000,
      first: 0,
      durationMs: DURATION_MS,
      delayMs: 1000,
      checkEveryMs: 600_000,
      policy: { headers: {}, verifyTls: true, allowDowngrade: false },
      timeouts: {},
      ...changes,
    };
    this.source = new ComputedSource(
      spec,
      origin.outbound,
      this.clock,
      named === undefined ? {} : { justNow: named },
    );
  }

  async newest(): Promise<number | undefined> {
    return (await this.poll()).segments.at(-1)?.sequence;
  }

  poll(): Promise<Listing> {
    return this.source.poll(4, signal);
  }

  /** A segment's time goes by, at whose end the loop fetches what is named; the newest named. */
  async follow(isOriginAlive: boolean): Promise<number> {
    if (isOriginAlive) this.origin.newest++;
    await this.clock.advance(DURATION_MS);
    const { segments } = await this.poll();
    for (const { sequence } of segments) {
      const isThere = sequence >= this.origin.oldest && sequence <= this.origin.newest;
      this.source.observe(sequence, isThere ? 'found' : 'missing');
    }
    return segments.at(-1)?.sequence as number;
  }
}

describe('ComputedSource URLs', () => {
  for (const [template, expected] of [
    ['http://o.example/{sequence}.ts', 'http://o.example/12.ts'],
    ['http://o.example/{begin}.ts', 'http://o.example/8.ts'],
    ['http://o.example/{time}.ts', 'http://o.example/1767225608.ts'],
    ['http://o.example/{quality}/{sequence}.ts', 'http://o.example/a%2Fb%20c/12.ts'],
    ['http://o.example/{sequence}/{sequence}.m4s', 'http://o.example/12/12.m4s'],
    ['http://o.example/{other}-{sequence}.ts', 'http://o.example/{other}-12.ts'],
  ] as const) {
    test(template, async () => {
      const origin = new Origin(0, 1e9);
      const spec = { template, quality: 'a/b c', first: 10, atMs: Date.UTC(2026, 0, 1) };
      const rig = new Rig(origin, 0, spec);
      // Segment 12 begins eight seconds in and ends after twelve; the origin keeps all it is asked
      await rig.clock.advance(13_000);
      origin.newest = 12;
      rig.source.observe(12, 'found');
      const { segments } = await rig.poll();
      const segment = segments.find(({ sequence }) => sequence === 12);
      expect(segment?.ref).toEqual({ kind: 'http', url: expected });
      expect(segment?.extension).toBe(template.endsWith('m4s') ? 'm4s' : 'ts');
      expect(segment?.programDateTimeMs).toBe(Date.UTC(2026, 0, 1, 0, 0, 8));
      expect(segments[0]?.sequence).toBe(10);
    });
  }
});

describe('ComputedSource.poll()', () => {
  test('names ten contiguous segments up to the newest', async () => {
    const rig = new Rig(new Origin(900, 1000), 1000);
    const list = await rig.poll();
    expect(list.segments.map(({ sequence }) => sequence)).toEqual([
      991, 992, 993, 994, 995, 996, 997, 998, 999, 1000,
    ]);
    expect(list).toMatchObject({ targetDurationS: 4, ended: false, generation: 0 });
    // Probes are let go of, whatever was answered
    expect(rig.origin.segmentRequests).toBeGreaterThan(0);
    expect(rig.origin.cancels).toBe(rig.origin.segmentRequests);
  });

  for (const [what, byClock, oldest, newest] of [
    ['as the clock says', 1000, 900, 1000],
    ['a little behind', 1000, 900, 997],
    ['a minute behind', 1000, 800, 985],
    ['a little ahead', 1000, 900, 1003],
    ['far ahead', 1000, 900, 5000],
    ['just restarted', 1000, 0, 7],
  ] as const) {
    test(`finds the newest at the start: ${what}`, async () => {
      const rig = new Rig(new Origin(oldest, newest), byClock);
      expect(await rig.newest()).toBe(newest);
      expect(rig.origin.segmentRequests).toBeLessThanOrEqual(24);
    });
  }

  test('says so where nothing is there', async () => {
    const rig = new Rig(new Origin(1, 0), 1000);
    const error = await rig.poll().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SourceStatusError);
    expect((error as SourceStatusError).status).toBe(404);
    expect(rig.origin.segmentRequests).toBeLessThanOrEqual(24);
  });

  test('an origin that has everything it is asked for is taken at the word of the clock', async () => {
    const rig = new Rig(new Origin(0, 1e15), 1000, { checkEveryMs: 60_000 });
    expect(await rig.newest()).toBe(1000);
    expect(rig.origin.segmentRequests).toBeLessThanOrEqual(24);
    for (let turn = 1; turn <= 60; turn++) expect(await rig.follow(false)).toBe(1000 + turn);
    expect((await rig.poll()).generation).toBe(0);
    // Four checks of what is known, each of them cheap
    expect(rig.origin.segmentRequests).toBeLessThanOrEqual(5 * 24);
  });

  test('says with which status nothing is there', async () => {
    const rig = new Rig(new Origin(1, 0), 1000);
    rig.origin.status = 403;
    expect(await rig.poll().catch((e: unknown) => e)).toMatchObject({ status: 403 });
  });

  test('one that is gone is asked less and less', async () => {
    const rig = new Rig(new Origin(900, 1000), 1000);
    await rig.poll();
    Object.assign(rig.origin, { oldest: 1, newest: 0, segmentRequests: 0 });
    for (let i = 0; i < 80; i++) await rig.follow(false);
    const looks = 80 / 8 + 4;
    // Half a thousand numbers ahead are looked at once, a quarter of them each time after
    expect(rig.origin.segmentRequests).toBeLessThanOrEqual(looks * (24 + 12 + 16) + 64);
    expect(rig.origin.segmentRequests).toBeGreaterThan(0);
  });

  test('an origin that cannot be asked says nothing of its numbers', async () => {
    const down = new Rig(new Origin(900, 1000), 1000);
    down.origin.isDown = true;
    expect(await down.poll().catch((e: unknown) => e)).toBeInstanceOf(NetError);
    const broken = new Rig(new Origin(900, 1000), 1000);
    broken.origin.status = 503;
    expect(await broken.poll().catch((e: unknown) => e)).toMatchObject({ status: 503 });
    expect(broken.origin.segmentRequests).toBe(1);
    broken.origin.status = 0;
    expect(await broken.newest()).toBe(1000);
  });

  test('asks nothing while all is well', async () => {
    const rig = new Rig(new Origin(900, 1000), 1000);
    await rig.poll();
    const { segmentRequests } = rig.origin;
    for (let n = 1001; n < 1100; n++) expect(await rig.follow(true)).toBe(n);
    expect(rig.origin.segmentRequests).toBe(segmentRequests);
  });

  test('a step of the wall clock moves no segment', async () => {
    const rig = new Rig(new Origin(900, 1000), 1000);
    const before = await rig.poll();
    rig.clock.stepWall(-3_600_000);
    expect((await rig.poll()).segments).toEqual(before.segments);
    rig.clock.stepWall(7_200_000);
    expect(await rig.follow(true)).toBe(1001);
  });
});

describe('ComputedSource and an origin that fails', () => {
  test('waits through a pause, asks less and less, and goes on with the next number', async () => {
    const rig = new Rig(new Origin(900, 1000), 1000);
    await rig.poll();
    for (let n = 1001; n <= 1010; n++) await rig.follow(true);
    const named: number[] = [];
    const before = rig.origin.segmentRequests;
    for (let i = 0; i < 50; i++) named.push(await rig.follow(false));
    expect(named).toEqual(named.toSorted((a, b) => a - b));
    expect(named.at(-1)).toBeLessThanOrEqual(1012);
    expect(rig.origin.segmentRequests - before).toBeLessThanOrEqual(50 * 4);
    for (let i = 0; i < 12; i++) await rig.follow(true);
    const back = await rig.follow(true);
    expect(back).toBeGreaterThanOrEqual(rig.origin.newest);
    expect(back).toBeLessThanOrEqual(rig.origin.newest + 2);
    expect((await rig.poll()).generation).toBe(0);
  });

  for (const [what, changes] of [
    ['by looking', {}],
    ['by its playlist', { playlist: PLAYLIST }],
  ] as const) {
    test(`finds a restart of the numbering ${what}`, async () => {
      const rig = new Rig(new Origin(900, 1000), 1000, changes);
      rig.origin.listed = 1000;
      await rig.poll();
      for (let n = 1001; n <= 1010; n++) await rig.follow(true);
      rig.origin.oldest = 0;
      rig.origin.newest = 3;
      const generations = new Set<number | undefined>();
      for (let i = 0; i < 20; i++) {
        rig.origin.listed = rig.origin.newest + 1;
        await rig.follow(true);
        generations.add((await rig.poll()).generation);
      }
      const list = await rig.poll();
      expect([...generations].at(-1)).toBe(1);
      expect(list.segments.at(-1)?.sequence).toBe(rig.origin.newest);
      expect(list.segments[0]?.sequence).toBeGreaterThanOrEqual(0);
      expect(rig.origin.playlistRequests > 0).toBe('playlist' in changes);
    });
  }

  test('an origin that denies once what it has does not begin anew', async () => {
    const rig = new Rig(new Origin(900, 1000), 1000);
    await rig.poll();
    for (let n = 1001; n <= 1010; n++) await rig.follow(true);
    await rig.follow(false);
    for (let n = 1003; n <= 1010; n++) rig.origin.denied.add(n);
    await rig.follow(false);
    for (let n = 1011; n <= 1020; n++) await rig.follow(true);
    expect(rig.origin.denied.size).toBeLessThan(8);
    expect((await rig.poll()).generation).toBe(0);
  });

  /** Counts on from `newest`, with the last few kept; segments until that is what is named. */
  async function heals(rig: Rig, newest: number): Promise<number> {
    rig.origin.newest = newest;
    for (let segments = 1; segments <= 20; segments++) {
      rig.origin.oldest = Math.max(0, rig.origin.newest - 9);
      const named = await rig.follow(true);
      if (named === rig.origin.newest) return segments;
    }
    return Number.POSITIVE_INFINITY;
  }

  for (const [what, away] of [
    ['a step', 1017],
    ['a little jump', 1025],
    ['a jump over what is listed', 1075],
    ['a long jump', 1505],
    ['a little restart', 985],
    ['a restart from the beginning', 5],
  ] as const) {
    test(`${what} heals within two segments, and so does the way back`, async () => {
      const rig = new Rig(new Origin(990, 1000), 1000);
      const startedMs = rig.clock.monotonicMs();
      await rig.poll();
      for (let i = 0; i < 5; i++) await rig.follow(true);
      expect(await heals(rig, away)).toBeLessThanOrEqual(2);
      for (let i = 0; i < 5; i++) await rig.follow(true);
      // By the clock as it was configured
      const due = 1000 + (rig.clock.monotonicMs() - startedMs) / DURATION_MS;
      expect(await heals(rig, due)).toBeLessThanOrEqual(2);
    });
  }

  test('a jump while the origin was not there is found later', async () => {
    const rig = new Rig(new Origin(990, 1000), 1000);
    await rig.poll();
    Object.assign(rig.origin, { oldest: 1, newest: 0 });
    for (let i = 0; i < 6; i++) await rig.follow(false);
    expect(await heals(rig, 1450)).toBeLessThanOrEqual(20);
  });

  test('believes a playlist over its clock at the start, and looks itself where there is none', async () => {
    const listed = new Rig(new Origin(0, 4000), 1000, { playlist: PLAYLIST });
    listed.origin.listed = 4000;
    expect(await listed.newest()).toBe(4000);
    expect(listed.origin.segmentRequests).toBe(0);
    const unlisted = new Rig(new Origin(0, 1005), 1000, { playlist: PLAYLIST });
    expect(await unlisted.newest()).toBe(1005);
    expect(unlisted.origin.playlistRequests).toBe(1);
  });

  test('compares with the playlist as often as it is told', async () => {
    const changes = { playlist: PLAYLIST, checkEveryMs: 60_000 };
    const rig = new Rig(new Origin(900, 1000), 1000, changes);
    for (let i = 0; i <= 45; i++) {
      rig.origin.listed = rig.origin.newest;
      await rig.follow(true);
    }
    // At the start and after each of three minutes
    expect(rig.origin.playlistRequests).toBe(4);
  });

  test('goes on where one that died was, without asking for what it had named', async () => {
    const rig = new Rig(new Origin(900, 1000), 1000, {}, 1000);
    const { segments } = await rig.poll();
    expect(segments.at(-1)?.sequence).toBe(1000);
    expect(await rig.follow(true)).toBe(1001);
    expect((await rig.poll()).generation).toBe(0);
  });
});
