// This file tests how one body is fetched whole: attempts, checks, and what who waits is sent.

import { describe, expect, test } from 'bun:test';
import { NetError } from '../../../src/net/errors.ts';
import { BodyFetch, type BodyFetchRequest } from '../../../src/prefetch/loop/body-fetch.ts';
import { LookAside } from '../../../src/prefetch/loop/look-aside.ts';
import type { OriginGate } from '../../../src/prefetch/loop/origin-gate.ts';
import { RetryBudget } from '../../../src/prefetch/loop/retry-budget.ts';
import type { BodyKey, LoopEvent, LoopSpec } from '../../../src/prefetch/messages.ts';
import { heapBody } from '../../../src/ring/memory-files.ts';
import { SourceStatusError } from '../../../src/source/errors.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { type BodyStep, ScriptedSource, wholeMedia } from '../../support/scripted-source.ts';

/** How many places are taken: every attempt must give its own back. */
class CountingGate implements OriginGate {
  taken = 0;

  async enter(): Promise<Disposable> {
    this.taken++;
    return {
      [Symbol.dispose]: () => {
        this.taken--;
      },
    };
  }
}

type World = {
  readonly clock: FakeClock;
  readonly source: ScriptedSource;
  readonly events: LoopEvent[];
  readonly fetch: BodyFetch;
  readonly gate: CountingGate;
  readonly budget: RetryBudget;
  /** Runs it to its end. */
  run(assets?: Promise<boolean>): Promise<boolean>;
};

/** What the serving thread finds there, and when it says so. */
type Tiers = { readonly afterMs: number; readonly answer: (key: BodyKey) => Blob | undefined };

const SHARED: LoopSpec = {
  source: {
    kind: 'hls',
    url: 'http://up.example/l.m3u8',
    policy: { headers: {}, verifyTls: true, allowDowngrade: false },
    timeouts: {},
    imports: [],
  },
  ahead: 3,
  segmentMaxBytes: 1_000_000,
  coldSegments: 6,
  lookAside: 'always',
};

/** `answers` in order; the last is given again and again. */
function world(
  answers: readonly (readonly BodyStep[])[],
  more: Partial<BodyFetchRequest> = {},
  tiers?: Tiers,
): World {
  const clock = new FakeClock();
  const source = new ScriptedSource(clock);
  source.answer = (_address, attempt) => answers[Math.min(attempt, answers.length - 1)] ?? [];
  const events: LoopEvent[] = [];
  const gate = new CountingGate();
  const budget = new RetryBudget();
  const emit = (event: LoopEvent) => {
    events.push(event);
    if (event.type !== 'look' || tiers === undefined) return;
    clock.after(tiers.afterMs, () => aside.found(event.key, tiers.answer(event.key)));
  };
  const aside = new LookAside(SHARED, clock, emit);
  const deps = {
    source,
    clock,
    gate,
    budget,
    random: () => 0.5,
    timeouts: {},
    maxBytes: 1_000_000,
    emit,
    makeBody: heapBody,
    ...(tiers === undefined ? {} : { aside }),
  };
  const fetch = new BodyFetch(deps, {
    key: 5,
    kind: 'segment',
    ref: { kind: 'http', url: 'http://up.example/5.ts' },
    expect: 'media',
    targetDurationS: 4,
    deadlineMs: 8000,
    sequence: 5,
    ...more,
  });
  const run = async (assets = Promise.resolve(true)) => {
    const ended = fetch.run(assets);
    await clock.runUntilIdle();
    expect(gate.taken).toBe(0);
    return ended;
  };
  return { clock, source, events, fetch, gate, budget, run };
}

const reset = new NetError('NET_TRUNCATED', 'Cannot read the answer: it broke off');
const status = (code: number, retryAfterMs?: number) =>
  new SourceStatusError('segment', code, retryAfterMs);

/** Outcomes of the attempts, in order. */
function outcomes(events: readonly LoopEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'fetched' ? [event.outcome] : []));
}

function failure(events: readonly LoopEvent[]): string | undefined {
  return events.flatMap((event) => (event.type === 'failed' ? [event.error.code] : []))[0];
}

/** What a viewer that waits gets: its bytes, and whether they were broken off. */
function piped(events: readonly LoopEvent[]): { text: string; broken: number } {
  const chunks = events.flatMap((event) => (event.type === 'chunk' ? [event.bytes] : []));
  const broken = events.filter((event) => event.type === 'broken').length;
  return { text: Buffer.concat(chunks).toString('latin1'), broken };
}

async function bodyOf(events: readonly LoopEvent[]): Promise<Uint8Array | undefined> {
  const loaded = events.find((event) => event.type === 'loaded');
  return loaded === undefined ? undefined : await loaded.body.bytes();
}

const MEDIA = wholeMedia(4, 3);
const MEDIA_TEXT = Buffer.from(MEDIA).toString('latin1');

describe('BodyFetch', () => {
  test('hands over a whole body, with its type and how it went', async () => {
    const { events, run } = world([[100, MEDIA.subarray(0, 200), 50, MEDIA.subarray(200)]]);
    expect(await run()).toBe(true);
    expect(events.map(({ type }) => type)).toEqual(['fetched', 'loaded']);
    expect(events[1]).toMatchObject({
      key: 5,
      contentType: 'video/mp2t',
      tookMs: 150,
      attempts: 1,
    });
    expect(await bodyOf(events)).toEqual(MEDIA);
  });

  test('says of keys by a fingerprint whether they are the same', async () => {
    const fingerprintOf = async (chunks: readonly string[], expect: 'key' | 'media') => {
      const { events, run } = world([chunks], { expect });
      await run();
      return events.flatMap((event) => (event.type === 'loaded' ? [event.fingerprint] : []))[0];
    };
    const one = await fingerprintOf(['0123456789abcdef'], 'key');
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(await fingerprintOf(['0123', '456789abcdef'], 'key')).toBe(one);
    expect(await fingerprintOf(['0123456789abcdeF'], 'key')).not.toBe(one);
    const media = new TextDecoder('latin1').decode(MEDIA);
    expect(await fingerprintOf([media], 'media')).toBeUndefined();
  });

  test('takes an empty file of subtitles for one without cues', async () => {
    for (const chunks of [[], [new Uint8Array(0)]]) {
      const ref = { kind: 'http', url: 'http://up.example/5.vtt?a=b.ts' } as const;
      const { events, run } = world([chunks], { ref });
      expect(await run()).toBe(true);
      expect(outcomes(events)).toEqual(['ok']);
      expect(events.at(-1)).toMatchObject({ type: 'loaded', contentType: 'text/vtt', attempts: 1 });
      expect(new TextDecoder().decode(await bodyOf(events))).toBe('WEBVTT\n\n');
    }
  });

  for (const [what, url, expected] of [
    ['other media', 'http://up.example/5.ts?a=b.vtt', 'media'],
    ['encrypted subtitles', 'http://up.example/5.vtt', 'encrypted'],
  ] as const) {
    test(`an empty file of ${what} is broken`, async () => {
      const { events, run } = world([[]], { ref: { kind: 'http', url }, expect: expected });
      expect(await run()).toBe(false);
      expect(failure(events)).toBe('SOURCE_BODY');
    });
  }

  test('sends who waits the bytes at hand, then those that come', async () => {
    const { clock, events, fetch, run } = world([
      [MEDIA.subarray(0, 200), 100, MEDIA.subarray(200)],
    ]);
    const ended = fetch.run(Promise.resolve(true));
    await clock.advance(50);
    expect(piped(events).text).toBe('');
    fetch.pipe();
    fetch.pipe();
    expect(piped(events).text).toBe(MEDIA_TEXT.slice(0, 200));
    await clock.advance(100);
    expect(await ended).toBe(true);
    expect(piped(events)).toEqual({ text: MEDIA_TEXT, broken: 0 });
    expect(run).toBeDefined();
  });

  for (const cut of [1, 188, 300, 751]) {
    for (const grain of [1, 100, 752]) {
      test(`goes on where it broke off after ${cut} bytes, with pieces of ${grain}`, async () => {
        const pieces: Uint8Array[] = [];
        for (let at = 0; at < MEDIA.length; at += grain)
          pieces.push(MEDIA.subarray(at, at + grain));
        const { source, events, fetch, run } = world([[MEDIA.subarray(0, cut), reset], pieces]);
        fetch.pipe();
        expect(await run()).toBe(true);
        expect(piped(events)).toEqual({ text: MEDIA_TEXT, broken: 0 });
        expect(await bodyOf(events)).toEqual(MEDIA);
        expect(outcomes(events)).toEqual(['NET_TRUNCATED', 'ok']);
        expect(source.opened.map((each) => each.isCancelled)).toEqual([true, false]);
      });
    }
  }

  test('goes on over several attempts that get ever further, or less far', async () => {
    const answers = [300, 100, 500].map((cut) => [MEDIA.subarray(0, cut), reset]);
    const { events, fetch, run } = world([...answers, [MEDIA]]);
    fetch.pipe();
    expect(await run()).toBe(true);
    expect(piped(events)).toEqual({ text: MEDIA_TEXT, broken: 0 });
    expect(await bodyOf(events)).toEqual(MEDIA);
  });

  test('says that it is broken where the next attempt begins with something else', async () => {
    const other = wholeMedia(4, 9);
    const { events, fetch, run } = world([[MEDIA.subarray(0, 300), reset], [other]]);
    fetch.pipe();
    expect(await run()).toBe(true);
    const at = events.findIndex((event) => event.type === 'broken');
    expect(piped(events.slice(0, at)).text).toBe(MEDIA_TEXT.slice(0, 300));
    expect(piped(events.slice(at + 1)).text).toBe(Buffer.from(other).toString('latin1'));
    expect(piped(events).broken).toBe(1);
    expect(await bodyOf(events)).toEqual(other);
  });

  test('does not take for whole what became shorter than what was sent', async () => {
    const { events, fetch, run } = world([
      [MEDIA.subarray(0, 700), reset],
      [wholeMedia(2, 3)],
      [MEDIA],
    ]);
    fetch.pipe();
    expect(await run()).toBe(true);
    expect(outcomes(events)).toEqual(['NET_TRUNCATED', 'SOURCE_BODY', 'ok']);
    expect(piped(events)).toEqual({ text: MEDIA_TEXT, broken: 0 });
  });

  test('who comes to wait between two attempts gets the whole of the second', async () => {
    const { clock, events, fetch } = world([[MEDIA.subarray(0, 300), reset], [MEDIA]]);
    const ended = fetch.run(Promise.resolve(true));
    await settle();
    fetch.pipe();
    await clock.runUntilIdle();
    expect(await ended).toBe(true);
    expect(piped(events)).toEqual({ text: MEDIA_TEXT, broken: 0 });
  });

  type Flawed = {
    readonly name: string;
    readonly body: BodyStep;
    readonly expect?: BodyFetchRequest['expect'];
    readonly second: BodyStep;
  };
  const FLAWED: readonly Flawed[] = [
    { name: 'nothing', body: 0, second: MEDIA },
    { name: 'a cut packet', body: MEDIA.subarray(0, 400), second: MEDIA },
    { name: 'a page', body: '<html><body>Busy</body></html>', second: MEDIA },
    {
      name: 'ciphertext of 17 bytes',
      body: ciphertext(17),
      expect: 'encrypted',
      second: ciphertext(32),
    },
    { name: 'no ciphertext', body: 0, expect: 'encrypted', second: ciphertext(16) },
    { name: 'a key of 15 bytes', body: 'k'.repeat(15), expect: 'key', second: 'k'.repeat(16) },
    { name: 'a key of 17 bytes', body: 'k'.repeat(17), expect: 'key', second: 'k'.repeat(16) },
    { name: 'media for an init segment', body: 'moof', expect: 'init', second: ftypMoov() },
    { name: 'an empty range of I-frames', body: 0, expect: 'partial', second: 'frame' },
  ];
  for (const { name, body, second, ...more } of FLAWED) {
    test(`tries again after ${name}`, async () => {
      const { events, run } = world([[body], [second]], more);
      expect(await run()).toBe(true);
      expect(outcomes(events)).toEqual(['SOURCE_BODY', 'ok']);
    });
  }

  test('keys are octets, ciphertext is what its name says', async () => {
    const key = world([['k'.repeat(16)]], { expect: 'key' });
    await key.run();
    expect(key.events.at(-1)).toMatchObject({ contentType: 'application/octet-stream' });
    const encrypted = world([[ciphertext(32)]], { expect: 'encrypted' });
    await encrypted.run();
    expect(encrypted.events.at(-1)).toMatchObject({ contentType: 'video/mp2t' });
  });

  const PERMANENT: readonly (readonly [string, Error])[] = [
    ['NET_URL', new NetError('NET_URL', 'x')],
    ['NET_ADDRESS_BLOCKED', new NetError('NET_ADDRESS_BLOCKED', 'x')],
    ['NET_TOO_LARGE', new NetError('NET_TOO_LARGE', 'x')],
    ['SOURCE_STATUS', status(410)],
  ];
  for (const [code, error] of PERMANENT) {
    test(`gives up at once after ${error.message === 'x' ? code : '410'}`, async () => {
      const { clock, source, events, run } = world([[error], [MEDIA]]);
      expect(await run()).toBe(false);
      expect(source.opened).toHaveLength(1);
      expect(failure(events)).toBe(code);
      expect(clock.monotonicMs()).toBe(0);
    });
  }

  test('is asked for eight times at most', async () => {
    const { source, events, run } = world([[status(404)]], { deadlineMs: 30_000 });
    expect(await run()).toBe(false);
    expect(source.opened).toHaveLength(8);
    expect(failure(events)).toBe('SOURCE_STATUS');
    expect(source.observed).toEqual(Array.from({ length: 8 }, () => [5, 'missing']));
  });

  test('waits longer each time, up to half a target duration', async () => {
    const { source, run } = world([[status(503)]], { deadlineMs: 1e9 });
    await run();
    const times = source.opened.map(({ atMs }) => atMs);
    // Three quarters of 200 · 2^n, at most of 2000: chance is in the middle
    const waits = times.slice(1).map((atMs, index) => atMs - times[index]!);
    expect(waits).toEqual([150, 300, 600, 1200, 1500, 1500, 1500]);
  });

  const LATE: readonly (readonly [string, number, number])[] = [
    ['long segments', 12_000, 4],
    ['segments of a second', 2000, 1],
    ['no time but for one more', 400, 1],
  ];
  for (const [name, deadlineMs, targetDurationS] of LATE) {
    test(`what is not there yet is asked for once more at the end: ${name}`, async () => {
      const { source, run } = world([[status(404)]], { deadlineMs, targetDurationS });
      expect(await run()).toBe(false);
      expect(source.opened.length).toBeGreaterThan(1);
      expect(source.opened.length).toBeLessThanOrEqual(8);
      const lastMs = source.opened.at(-1)!.atMs;
      // A try gets a quarter of a second, and none is worth it for less than half the first wait
      expect(lastMs).toBeGreaterThan(deadlineMs - 350);
      expect(lastMs).toBeLessThanOrEqual(deadlineMs - 250);
    });
  }

  const ASKED: readonly (readonly [string, number | undefined, number])[] = [
    ['waits as long as Retry-After asks', 3000, 3000],
    ['does not ask sooner than it would because of it', 10, 150],
    ['waits its own time without it', undefined, 150],
    ['believes no Retry-After above half a minute', 3_600_000, 30_000],
  ];
  for (const [name, retryAfterMs, wantedMs] of ASKED) {
    test(name, async () => {
      const answers = [[status(503, retryAfterMs)], [MEDIA]];
      const { source, run } = world(answers, { deadlineMs: 60_000 });
      expect(await run()).toBe(true);
      expect(source.opened[1]?.atMs).toBe(wantedMs);
    });
  }

  test('gives up at once where the wait asked for is beyond its deadline', async () => {
    const { clock, source, events, run } = world([[status(503, 20_000)], [MEDIA]]);
    expect(await run()).toBe(false);
    expect([source.opened.length, failure(events), clock.monotonicMs()]).toEqual([
      1,
      'SOURCE_STATUS',
      0,
    ]);
  });

  test('begins no attempt after its deadline, and gives the last one only what is left', async () => {
    const { source, run } = world([[reset]], { deadlineMs: 1000 });
    expect(await run()).toBe(false);
    for (const { atMs, limits } of source.opened) {
      expect(atMs).toBeLessThan(1000);
      expect(limits.totalMs).toBe(Math.max(250, 1000 - atMs));
    }
    expect(source.opened.length).toBeGreaterThan(1);
  });

  test('an attempt at a deadline that has passed still gets a moment', async () => {
    const { source, run } = world([[MEDIA]], { deadlineMs: -5 });
    expect(await run()).toBe(true);
    expect(source.opened[0]?.limits.totalMs).toBe(250);
  });

  test('gives later attempts more time', async () => {
    const { source, run } = world([[reset], [reset], [MEDIA]], { deadlineMs: 1e9 });
    await run();
    expect(source.opened.map(({ limits }) => limits.firstByteMs)).toEqual([2000, 4000, 8000]);
  });

  test('without a budget for retries it waits until one is earned', async () => {
    const { clock, budget, source, fetch } = world([[reset], [MEDIA]], { deadlineMs: 60_000 });
    while (budget.spend());
    const ended = fetch.run(Promise.resolve(true));
    await clock.advance(10_000);
    expect(source.opened).toHaveLength(1);
    for (let n = 0; n < 5; n++) budget.earn();
    await clock.advance(1000);
    expect(await ended).toBe(true);
    // The retry helped: it is given back, and one more
    expect([budget.spend(), budget.spend(), budget.spend()]).toEqual([true, true, false]);
  });

  test('a retry that cost nothing gives nothing back, nor does one in vain', async () => {
    const missing = world([[status(404)], [MEDIA]]);
    const failing = world([[reset]], { deadlineMs: 1500 });
    for (const [{ budget, run, source }, tries, left] of [
      [missing, 2, [true, false]],
      [failing, 2, [false, false]],
    ] as const) {
      while (budget.spend());
      for (let n = 0; n < 5; n++) budget.earn();
      await run();
      expect(source.opened).toHaveLength(tries);
      expect([budget.spend(), budget.spend()]).toEqual([...left]);
    }
  });

  test('gives up at its deadline where none is earned; a 404 costs none', async () => {
    const failing = world([[reset], [MEDIA]], { deadlineMs: 10_000 });
    while (failing.budget.spend());
    expect(await failing.run()).toBe(false);
    expect([failing.source.opened.length, failure(failing.events)]).toEqual([1, 'NET_TRUNCATED']);
    const missing = world([[status(404)], [MEDIA]], { deadlineMs: 10_000 });
    while (missing.budget.spend());
    expect(await missing.run()).toBe(true);
    expect(missing.source.opened[1]?.atMs).toBe(150);
  });

  test('fails where its key or init segment does, and is not fetched again for it', async () => {
    const { source, events, run } = world([[MEDIA]]);
    expect(await run(Promise.resolve(false))).toBe(false);
    expect(source.opened).toHaveLength(1);
    expect(events.map(({ type }) => type)).toEqual(['fetched', 'fetched', 'failed']);
    expect(failure(events)).toBe('SOURCE_ASSET');
  });

  test('is not handed over before its key and init segment are', async () => {
    const { clock, events, fetch } = world([[MEDIA]]);
    const assets = Promise.withResolvers<boolean>();
    const ended = fetch.run(assets.promise);
    await clock.advance(1000);
    expect(events.map(({ type }) => type)).toEqual(['fetched']);
    assets.resolve(true);
    expect(await ended).toBe(true);
    expect(events.at(-1)).toMatchObject({ type: 'loaded', tookMs: 1000 });
  });

  test('ends at once and says nothing when it is closed', async () => {
    const reading = world([[MEDIA.subarray(0, 200), 5000, MEDIA.subarray(200)]]);
    const resting = world([[reset], [MEDIA]]);
    for (const { clock, events, fetch } of [reading, resting]) {
      const ended = fetch.run(Promise.resolve(true));
      await clock.advance(100);
      const before = events.length;
      fetch.close();
      expect(await ended).toBe(false);
      expect(events).toHaveLength(before);
      expect(clock.pendingCount).toBe(0);
    }
    expect(reading.source.opened.map(({ isCancelled }) => isCancelled)).toEqual([true]);
  });

  test('when told to hurry it ends its rest and gives up, or the try that is under way', async () => {
    const resting = world([[status(503, 5000)], [MEDIA]]);
    const ended = resting.fetch.run(Promise.resolve(true));
    await resting.clock.advance(1000);
    resting.fetch.hurry(1000);
    expect(await ended).toBe(false);
    expect([resting.source.opened.length, failure(resting.events)]).toEqual([1, 'SOURCE_STATUS']);
    const reading = world([[1000, MEDIA]]);
    reading.fetch.hurry(500);
    expect(await reading.run()).toBe(true);
  });
});

function ciphertext(sizeBytes: number): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, (_, index) => 200 + index * 151);
}

function ftypMoov(): Uint8Array {
  const box = (type: string, ...inner: Uint8Array[]) => {
    const size = inner.reduce((sum, each) => sum + each.length, 8);
    const head = new Uint8Array(8);
    new DataView(head.buffer).setUint32(0, size);
    head.set(Buffer.from(type), 4);
    return new Uint8Array(Buffer.concat([head, ...inner]));
  };
  return new Uint8Array(
    Buffer.concat([box('ftyp', Buffer.from('iso6\0\0\0\0')), box('moov', box('mvhd'))]),
  );
}

describe('BodyFetch with tiers', () => {
  const upstream = wholeMedia(4, 3);
  const shared = wholeMedia(5, 3);
  const holding = (bytes: Uint8Array, afterMs = 0): Tiers => ({
    afterMs,
    answer: () => new Blob([bytes.slice()]),
  });

  test('what they have is not fetched', async () => {
    const { events, run, source } = world([[upstream]], {}, holding(shared, 49));
    expect(await run()).toBe(true);
    expect(source.opened).toEqual([]);
    expect(outcomes(events)).toEqual([]);
    expect(await bodyOf(events)).toEqual(shared);
    expect(events.find(({ type }) => type === 'loaded')).toMatchObject({
      key: 5,
      contentType: 'video/mp2t',
      attempts: 1,
      tookMs: 49,
    });
  });

  test.each([
    ['which do not have it', { afterMs: 0, answer: () => undefined }, 0],
    ['which say so late', { afterMs: 2000, answer: () => undefined }, 50],
    ['which have it late', holding(shared, 51), 50],
    ['which have half of it', holding(shared.subarray(0, 100)), 0],
    ['which have nothing of it', holding(new Uint8Array()), 0],
  ] as const)('%s: it is fetched', async (_, tiers, tookMs) => {
    const { events, run, source } = world([[upstream]], {}, tiers);
    expect(await run()).toBe(true);
    expect(source.opened).toHaveLength(1);
    expect(outcomes(events)).toEqual(['ok']);
    expect(await bodyOf(events)).toEqual(upstream);
    expect(events.find(({ type }) => type === 'loaded')).toMatchObject({ tookMs });
  });

  test('they are asked once, however often the source has to be', async () => {
    const late: Tiers = { afterMs: 0, answer: () => undefined };
    const { events, run } = world([[reset], [reset], [upstream]], {}, late);
    expect(await run()).toBe(true);
    expect(outcomes(events)).toEqual(['NET_TRUNCATED', 'NET_TRUNCATED', 'ok']);
    expect(events.filter(({ type }) => type === 'look')).toHaveLength(1);
  });

  test('who waits is sent the whole of it', async () => {
    const { events, fetch, run } = world([[upstream]], {}, holding(shared, 20));
    fetch.pipe();
    expect(await run()).toBe(true);
    expect(await bodyOf(events)).toEqual(shared);
    expect(piped(events).broken).toBe(0);
  });

  test('without its key it is worth nothing, and the source is not blamed', async () => {
    const { events, run } = world([[upstream]], {}, holding(shared));
    expect(await run(Promise.resolve(false))).toBe(false);
    expect(failure(events)).toBe('SOURCE_ASSET');
  });

  test('a key has the fingerprint of its bytes', async () => {
    const key = new Uint8Array(16).fill(7);
    const { events, run } = world([[upstream]], { kind: 'asset', expect: 'key' }, holding(key));
    expect(await run()).toBe(true);
    const fingerprint = new Bun.CryptoHasher('sha256').update(key).digest('hex');
    expect(events.find(({ type }) => type === 'loaded')).toMatchObject({ fingerprint });
  });

  test('closed while they are asked: nothing is fetched', async () => {
    const { events, fetch, run, source } = world([[upstream]], {}, holding(shared, 20));
    const running = run();
    fetch.close();
    expect(await running).toBe(false);
    expect([source.opened, events.map(({ type }) => type)]).toEqual([[], ['look']]);
  });
});

describe('LookAside.asks()', () => {
  const clock = new FakeClock();
  test.each([
    ['always', 'hls', false, true],
    ['always', 'hls', true, true],
    ['on-demand', 'hls', false, false],
    ['on-demand', 'hls', true, true],
    [undefined, 'hls', true, false],
    ['always', 'loop', true, false],
  ] as const)('%s, %s, on demand %p: %p', (lookAside, kind, isOnDemand, asks) => {
    const { lookAside: _, source: hls, ...rest } = SHARED;
    const source = kind === 'hls' ? hls : ({ kind, files: 'demo' } as const);
    const spec = { ...rest, source, ...(lookAside === undefined ? {} : { lookAside }) };
    expect(new LookAside(spec, clock, () => {}).asks(isOnDemand)).toBe(asks);
  });
});
