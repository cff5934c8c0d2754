// This file tests one rendition as the serving thread sees it: demand in, segments out.
import { describe, expect, test } from 'bun:test';
import { silentLog } from '../../../src/base/log.ts';
import { type BodyResult, VIEWER_WAIT_MS } from '../../../src/prefetch/answers.ts';
import { Rendition, type RenditionSettings } from '../../../src/prefetch/rendition/rendition.ts';
import type { InFlight } from '../../../src/ring/in-flight.ts';
import type { ListedSegment } from '../../../src/ring/listing.ts';
import { Ring } from '../../../src/ring/ring.ts';
import { Timeline } from '../../../src/ring/timeline.ts';
import type { RenditionSpec } from '../../../src/source/source.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { listedKey, listedSegment } from '../../support/listed.ts';
import { RecordedLoops } from '../../support/recorded-loops.ts';

const SOURCE: RenditionSpec = {
  kind: 'hls',
  url: 'http://up.example/list.m3u8',
  policy: { headers: {}, verifyTls: true, allowDowngrade: false },
  timeouts: {},
  imports: [],
};
const TARGET_MS = 4000;

class World {
  readonly clock = new FakeClock();
  readonly loops = new RecordedLoops();
  readonly timeline = new Timeline();
  readonly ring: Ring;
  readonly rendition: Rendition;

  constructor(settings: Partial<RenditionSettings & { memoryBytes: number }> = {}) {
    const { memoryBytes = 1e6, ahead = 3, idleStopMs = 60_000 } = settings;
    this.ring = new Ring(this.clock, memoryBytes, () => {});
    this.rendition = new Rendition(
      { id: 'main', traits: { kind: 'variant' }, spec: SOURCE },
      {
        clock: this.clock,
        log: silentLog,
        ring: this.ring,
        timeline: this.timeline,
        openLoop: this.loops.open,
        settings: { ahead, segmentMaxBytes: 1000, idleStopMs },
        count() {},
      },
    );
  }

  /** Another that shares the memory. */
  beside(kind: 'variant' | 'audio', first?: string): Rendition {
    const list =
      first === undefined ? {} : { first: { text: first, url: 'http://up.example/l.m3u8' } };
    return new Rendition(
      { id: 'other', traits: { kind }, spec: SOURCE, ...list },
      {
        clock: this.clock,
        log: silentLog,
        ring: this.ring,
        timeline: new Timeline(),
        openLoop: this.loops.open,
        settings: { ahead: 3, segmentMaxBytes: 1000, idleStopMs: 60_000 },
        count() {},
      },
    );
  }

  get loop() {
    return this.loops.last;
  }

  /** Names of what a playlist would list now, a gap with a minus before it. */
  get listed(): string[] {
    return this.rendition.ring
      .listed()
      .map(({ name, state }) => `${state === 'gap' ? '-' : ''}${name.split('-')[0]}`);
  }

  nameOf(mediaSequence: number): string {
    return this.rendition.ring.find(mediaSequence)?.name ?? '';
  }

  body(mediaSequence: number): BodyResult | Promise<BodyResult> {
    return this.rendition.body(this.nameOf(mediaSequence));
  }

  /** A channel that is followed and holds `last - first + 1` segments. */
  async follow(first: number, last: number): Promise<void> {
    const answer = this.rendition.playlist(false);
    this.loop.list(segments(first, last));
    expect((await answer).kind).toBe('ready');
    for (let sequence = first; sequence <= last; sequence++) this.loop.load(sequence - first);
  }
}

function segments(first: number, last: number, more: Partial<ListedSegment> = {}): ListedSegment[] {
  return Array.from({ length: last - first + 1 }, (_, index) => listedSegment(first + index, more));
}

async function textOf(inFlight: InFlight): Promise<string> {
  return new Response(inFlight.stream()).text();
}

describe('a cold rendition', () => {
  test('whose list is long in coming lets the second who asks wait as long as the first', async () => {
    const w = new World();
    const first = w.rendition.playlist(true);
    await w.clock.advance(VIEWER_WAIT_MS);
    expect((await first).kind).toBe('unavailable');
    const second = w.rendition.playlist(false);
    await w.clock.advance(VIEWER_WAIT_MS - 100);
    w.loop.list(segments(1, 3));
    expect(await second).toEqual({ kind: 'ready' });
  });

  test('asked once it looks, asked again it follows', async () => {
    const w = new World();
    const first = w.rendition.playlist(true);
    expect([w.rendition.state, w.loop.told]).toEqual(['probing', []]);
    w.loop.list(segments(1, 3));
    expect(await first).toEqual({ kind: 'ready' });
    expect(w.listed).toEqual(['1', '2', '3']);
    expect(w.rendition.playlist(false)).toEqual({ kind: 'ready' });
    expect([w.rendition.state, w.loop.told]).toEqual(['following', ['mode follow']]);
  });

  test('follows at once where more was asked of the channel', () => {
    const w = new World();
    void w.rendition.playlist(false);
    expect([w.rendition.state, w.loop.told]).toEqual(['following', ['mode follow']]);
  });

  test('a segment is asked for: it follows', async () => {
    const w = new World();
    const first = w.rendition.playlist(true);
    w.loop.list(segments(1, 3));
    await first;
    void w.body(2);
    expect(w.loop.told).toEqual(['mode follow', 'want 1']);
  });

  test('lists what the source names once; then only what is held', async () => {
    const w = new World();
    const first = w.rendition.playlist(false);
    w.loop.list(segments(1, 3));
    await first;
    w.loop.list(segments(4, 4), { link: 'next' });
    expect(w.listed).toEqual(['1', '2', '3']);
    w.loop.list(segments(5, 5), { link: 'next' });
    w.loop.load(4);
    expect(w.listed).toEqual(['1', '2', '3']);
    w.loop.load(3);
    expect(w.listed).toEqual(['1', '2', '3', '4', '5']);
  });

  test('who waits for a source that does not answer is told so in time', async () => {
    const w = new World();
    const answer = w.rendition.playlist(false);
    await w.clock.advance(VIEWER_WAIT_MS - 1);
    expect(w.rendition.state).toBe('following');
    await w.clock.advance(1);
    const reason = 'the source did not answer in time';
    expect(await answer).toMatchObject({ kind: 'unavailable', reason });
  });

  test('who waits for a source that refuses is told at once', async () => {
    const w = new World();
    const answer = w.rendition.playlist(false);
    const detail = { status: 403 };
    const error = { code: 'SOURCE_STATUS', message: 'upstream answered 403', detail };
    w.loop.emit({ type: 'poll-failed', error, failures: 1 });
    expect(await answer).toMatchObject({
      kind: 'unavailable',
      reason: 'the source answers 403 (SOURCE_STATUS)',
    });
  });

  test('a body and the list before it are one wait, not two', async () => {
    const w = new World();
    const result = w.rendition.body('1-x.ts');
    await w.clock.advance(VIEWER_WAIT_MS - 1000);
    w.loop.list(segments(1, 3));
    const second = w.rendition.body(w.nameOf(1));
    await settle();
    expect(await result).toEqual({ kind: 'missing' });
    await w.clock.advance(VIEWER_WAIT_MS);
    expect(await second).toMatchObject({ kind: 'unavailable' });
  });

  test('finds no room where all memory is promised to others, and its sound is never refused', async () => {
    const w = new World({ memoryBytes: 28 });
    await w.follow(1, 3);
    const other = w.beside('variant', 'an old list');
    const reason = expect.stringContaining('memory');
    for (const isProbe of [true, false]) {
      expect(await other.playlist(isProbe)).toMatchObject({ kind: 'unavailable', reason });
      expect([other.state, w.loops.all.length]).toEqual(['cold', 1]);
    }
    expect(await other.body('1-x.ts')).toMatchObject({ kind: 'unavailable', reason });
    void w.beside('audio').playlist(false);
    expect(w.loops.all).toHaveLength(2);
    // Once the other has stopped there is room; what was read when there was none is too old by now
    w.rendition.stop('idle');
    void other.playlist(false);
    expect([other.state, w.loop.spec.first]).toEqual(['following', undefined]);
  });

  test('is refused where it was only looked at, and others took the memory since', async () => {
    const w = new World({ memoryBytes: 28 });
    const other = w.beside('variant');
    const looked = other.playlist(true);
    w.loop.list(segments(1, 3));
    expect(await looked).toEqual({ kind: 'ready' });
    await w.follow(1, 3);
    expect(await other.playlist(false)).toMatchObject({ kind: 'unavailable' });
    const name = other.ring.find(1)?.name ?? '';
    expect(await other.body(name)).toMatchObject({ kind: 'unavailable' });
    expect(other.state).toBe('probing');
  });

  test('that gave way answers so, and does not start again at once', async () => {
    const w = new World();
    await w.follow(1, 3);
    w.rendition.giveWay();
    expect([w.rendition.state, w.loop.told.at(-1)]).toEqual(['cold', 'close']);
    expect(await w.rendition.playlist(false)).toMatchObject({
      kind: 'unavailable',
      retryAfterS: 10,
      reason: expect.stringContaining('memory'),
    });
    await w.clock.advance(10_000);
    void w.rendition.playlist(false);
    expect(w.rendition.state).toBe('following');
  });

  test('kept warm it is not stopped, and counts as nobody watching', async () => {
    const w = new World();
    await w.follow(1, 3);
    const watchedMs = w.rendition.lastWatchedMs();
    for (let n = 0; n < 5; n++) {
      await w.clock.advance(30_000);
      w.rendition.keepGoing('nobody');
      w.rendition.sweep(w.clock.monotonicMs());
    }
    expect([w.rendition.state, w.rendition.lastWatchedMs()]).toEqual(['following', watchedMs]);
    w.rendition.keepGoing();
    expect(w.rendition.lastWatchedMs()).toBe(w.clock.monotonicMs());
  });
});

describe('the list of a probe', () => {
  async function probed(): Promise<World> {
    const w = new World();
    const first = w.rendition.playlist(true);
    w.loop.list(segments(1, 3));
    await first;
    return w;
  }

  test('a target duration old is waited for to be told anew', async () => {
    const w = await probed();
    await w.clock.advance(TARGET_MS);
    const answer = w.rendition.playlist(false);
    w.loop.list(segments(4, 5), { link: 'next' });
    expect(await answer).toEqual({ kind: 'ready' });
    expect(w.listed).toEqual(['1', '2', '3', '4', '5']);
  });

  test('is given as it is where nothing new comes', async () => {
    const w = await probed();
    await w.clock.advance(TARGET_MS);
    const answer = w.rendition.playlist(false);
    await w.clock.advance(TARGET_MS);
    expect(await answer).toEqual({ kind: 'ready' });
  });

  test('three target durations old is thrown away', async () => {
    const w = await probed();
    await w.clock.advance(4 * TARGET_MS);
    const answer = w.rendition.playlist(false);
    expect(w.loops.all[0]?.told).toEqual(['close']);
    w.loop.list(segments(4, 6));
    expect(await answer).toEqual({ kind: 'ready' });
    expect(w.listed).toEqual(['4', '5', '6']);
  });
});

describe('a body', () => {
  test('that is held is handed out whole', async () => {
    const w = new World();
    await w.follow(1, 3);
    const result = w.body(2);
    expect(result).toMatchObject({ kind: 'whole', contentType: 'video/mp2t' });
  });

  test('on its way is one wish however many wait, and is piped as it comes', async () => {
    const w = new World();
    const first = w.rendition.playlist(false);
    w.loop.list(segments(1, 3));
    await first;
    const results = [w.body(1), w.body(1), w.body(1)];
    expect(w.loop.told.filter((what) => what.startsWith('want'))).toEqual(['want 0']);
    w.loop.chunk(0, 'body ');
    const began = await Promise.all(results);
    const texts = began.map((result) => {
      if (result.kind !== 'streaming') throw new Error(result.kind);
      return textOf(result.inFlight);
    });
    w.loop.chunk(0, 'of 0', 5);
    w.loop.load(0);
    expect(await Promise.all(texts)).toEqual(['body of 0', 'body of 0', 'body of 0']);
    expect(w.loop.told.at(-1)).toBe('unwant 0');
  });

  test.each([
    ['that was given up', 2, 'missing'],
    ['no list ever named', 9, 'missing'],
  ])('%s is not there', async (_what, mediaSequence, kind) => {
    const w = new World();
    const first = w.rendition.playlist(false);
    w.loop.list(segments(1, 3));
    await first;
    const name = w.nameOf(mediaSequence) || `${mediaSequence}-x.ts`;
    w.loop.fail(1);
    expect(w.rendition.body(name)).toEqual({ kind } as BodyResult);
  });

  test('that was and has left is gone', async () => {
    const w = new World();
    await w.follow(10, 12);
    expect(w.rendition.body('3-x.ts')).toEqual({ kind: 'gone' });
    for (const name of [
      '3-',
      '3-x',
      '3-x.ts.exe',
      '03-x.ts',
      '3-X.ts',
      '3-123456789.ts',
      '3-x/y.ts',
    ])
      expect(w.rendition.body(name)).toEqual({ kind: 'missing' });
  });

  test('that fails under a reader breaks its connection', async () => {
    const w = new World();
    const first = w.rendition.playlist(false);
    w.loop.list(segments(1, 3));
    await first;
    const result = w.body(1);
    w.loop.chunk(0, 'body ');
    const began = await result;
    if (began.kind !== 'streaming') throw new Error(began.kind);
    const text = textOf(began.inFlight);
    await settle();
    w.loop.fail(0);
    await expect(text).rejects.toThrow('Cannot fetch');
  });

  test('of a key is handed out under its name, and wanted where it is not here yet', async () => {
    const w = new World();
    const first = w.rendition.playlist(false);
    w.loop.list(segments(1, 2, { keys: [listedKey('key-a.key')] }));
    await first;
    const result = w.rendition.body('key-a.key');
    expect(w.loop.told.at(-1)).toBe('want key-a.key');
    w.loop.load('key-a.key', 'sixteen bytes...');
    expect(await result).toMatchObject({ kind: 'whole', contentType: 'application/octet-stream' });
  });
});

describe('a loop that is replaced', () => {
  async function waitedFor(): Promise<{ w: World; text: Promise<string> }> {
    const w = new World();
    const first = w.rendition.playlist(false);
    w.loop.list(segments(1, 3));
    await first;
    const result = w.body(1);
    w.loop.chunk(0, 'half');
    const began = await result;
    if (began.kind !== 'streaming') throw new Error(began.kind);
    const text = textOf(began.inFlight);
    await settle();
    return { w, text };
  }

  test('because it died: its readers break, the next is told what is pending', async () => {
    const { w, text } = await waitedFor();
    const waiting = w.body(2);
    w.loop.load(2);
    const spec = w.loop.die();
    expect(spec.resume?.pending.map(({ ordinal }) => ordinal)).toEqual([0, 1]);
    expect(spec.resume).toMatchObject({ nextOrdinal: 3, targetDurationS: 4, onDemand: false });
    await expect(text).rejects.toThrow('broke off');
    expect(w.loop.told.slice(-3)).toEqual(['mode follow', 'want 0', 'want 1']);
    w.loop.load(1);
    expect(await waiting).toMatchObject({ kind: 'whole' });
  });

  test('before it named anything: the next begins where the numbering stands', async () => {
    const w = new World();
    await w.follow(1, 3);
    w.rendition.stop('idle');
    void w.rendition.playlist(false);
    const spec = w.loop.die();
    expect(spec.resume).toBeUndefined();
    expect(spec.before).toMatchObject({ lastSequence: 3 });
  });

  test('because the source moved: the new one is told who waits', async () => {
    const { w, text } = await waitedFor();
    const waiting = w.body(2);
    w.rendition.moveTo({ ...SOURCE, url: 'http://up.example/other.m3u8' });
    await expect(text).rejects.toThrow('broke off');
    expect(w.loops.all[0]?.told.at(-1)).toBe('close');
    expect(w.loop.spec.source).toMatchObject({ url: 'http://up.example/other.m3u8' });
    expect(w.loop.told).toContain('want 1');
    w.loop.load(1);
    expect(await waiting).toMatchObject({ kind: 'whole' });
  });

  test('on demand it is told how far viewers were, and what is held', async () => {
    const w = new World();
    const first = w.rendition.playlist(false);
    w.loop.list(segments(1, 5), { onDemand: true });
    await first;
    void w.body(2);
    w.loop.load(1);
    const spec = w.loop.die();
    expect(spec.resume).toMatchObject({ onDemand: true, held: [1] });
    expect(spec.resume?.pending).toHaveLength(5);
    await settle();
    expect(w.loop.told.filter((what) => what === 'asked 1')).toHaveLength(2);
  });
});

describe('keys', () => {
  /** What is listed, by the names of its keys. */
  const keysListed = (w: World) =>
    w.rendition.ring
      .listed()
      .map(({ listed }) => listed.keys.map(({ asset }) => asset?.name).join());
  const withKey = (sequence: number, name: string) =>
    listedSegment(sequence, { keys: [listedKey(name)] });

  function loadKey(w: World, name: string, bytes: string): void {
    const more = { contentType: '', tookMs: 1, attempts: 1, fingerprint: `hash of ${bytes}` };
    w.loop.emit({ type: 'loaded', key: name, body: new Blob([bytes]), ...more });
  }

  test('of the same bytes have one name, whatever their addresses', async () => {
    const w = new World();
    const first = w.rendition.playlist(false);
    w.loop.list([withKey(1, 'key-a.key'), withKey(2, 'key-b.key')]);
    await first;
    for (const name of ['key-a.key', 'key-b.key']) loadKey(w, name, 'one');
    for (const ordinal of [0, 1]) w.loop.load(ordinal);
    // What a list has said stays as it was said
    expect(keysListed(w)).toEqual(['key-a.key', 'key-b.key']);
    for (const [sequence, name, bytes] of [
      [3, 'key-c.key', 'one'],
      [4, 'key-d.key', 'two'],
      [5, 'key-e.key', 'two'],
      [6, 'key-f.key', 'one'],
    ] as const) {
      w.loop.list([withKey(sequence, name)], { link: 'next' });
      loadKey(w, name, bytes);
      w.loop.load(sequence - 1);
    }
    expect(keysListed(w)).toEqual([
      ...['key-a.key', 'key-b.key', 'key-a.key', 'key-d.key', 'key-d.key', 'key-a.key'],
    ]);
    expect(w.rendition.body('key-d.key')).toMatchObject({ kind: 'whole' });
  });

  test('keep their name for as long as a segment goes by it, and no longer', async () => {
    const w = new World({ memoryBytes: 300 });
    await w.follow(1, 3);
    for (let sequence = 4; sequence < 200; sequence++) {
      const name = `key-${sequence}.key`;
      w.loop.list([withKey(sequence, name)], { link: 'next' });
      loadKey(w, name, sequence < 100 ? 'one' : 'two');
      w.loop.load(sequence - 1);
      await w.clock.advance(TARGET_MS);
      expect(w.rendition.playlist(false)).toEqual({ kind: 'ready' });
      w.rendition.sweep(w.clock.monotonicMs());
    }
    expect(new Set(keysListed(w))).toEqual(new Set(['key-100.key']));
    expect(w.rendition.body('key-100.key')).toMatchObject({ kind: 'whole' });
    expect(w.rendition.body('key-4.key')).toEqual({ kind: 'missing' });
  });
});

describe('a rendition that stops', () => {
  test('does so when nobody asked for `idle_stop`, and begins again where it was', async () => {
    const w = new World({ idleStopMs: 10_000 });
    await w.follow(1, 3);
    await w.clock.advance(9999);
    w.rendition.sweep(w.clock.monotonicMs());
    expect(w.rendition.state).toBe('following');
    await w.clock.advance(1);
    w.rendition.sweep(w.clock.monotonicMs());
    expect([w.rendition.state, w.loop.told.at(-1)]).toEqual(['cold', 'close']);
    expect(w.ring.stats().heldBytes).toBe(0);
    void w.rendition.playlist(false);
    expect(w.loop.spec.before).toMatchObject({ lastSequence: 3 });
  });

  test('breaks who still reads, keys included', async () => {
    const w = new World();
    const first = w.rendition.playlist(false);
    w.loop.list(segments(1, 3, { keys: [listedKey('key-a.key')] }));
    await first;
    const results = [w.body(1), w.rendition.body('key-a.key')];
    w.loop.chunk(0, 'half');
    w.loop.chunk('key-a.key', 'half');
    const texts = (await Promise.all(results)).map((result) => {
      if (result.kind !== 'streaming') throw new Error(result.kind);
      return textOf(result.inFlight);
    });
    await settle();
    w.rendition.stop('closed');
    for (const end of await Promise.allSettled(texts)) {
      expect(end).toMatchObject({ status: 'rejected' });
    }
  });
});

describe('a source that', () => {
  test('falls silent is served for three target durations, then 503, then again', async () => {
    const w = new World();
    await w.follow(1, 3);
    await w.clock.advance(3 * TARGET_MS);
    expect(w.rendition.playlist(false)).toEqual({ kind: 'ready' });
    await w.clock.advance(1);
    expect(w.rendition.playlist(false)).toMatchObject({ kind: 'unavailable', retryAfterS: 4 });
    w.loop.list(segments(4, 4), { link: 'next' });
    w.loop.load(3);
    expect(w.rendition.playlist(false)).toEqual({ kind: 'ready' });
  });

  const tooLarge = { code: 'NET_TOO_LARGE', message: 'Cannot read: it is too large' };
  const withoutKey = { code: 'SOURCE_ASSET', message: 'Cannot use the segment: no key' };
  for (const [what, events, reason] of [
    ['nothing new', () => {}, 'the source fell silent: it names nothing new'],
    [
      'segments that do not come',
      ({ loop }: World) => {
        loop.fail(3);
        loop.fail(4, tooLarge);
      },
      'its segments do not come: what the source sends cannot be used (NET_TOO_LARGE)',
    ],
    [
      'segments whose key does not come',
      ({ loop }: World) => {
        loop.fail('key-a.key', { detail: { status: 403 } });
        loop.fail(3, withoutKey);
      },
      'what its segments need does not come: the source answers 403 (SOURCE_STATUS)',
    ],
    [
      'segments again, and then nothing new',
      ({ loop }: World) => {
        loop.fail(3, tooLarge);
        loop.load(4);
      },
      'the source fell silent: it names nothing new',
    ],
    [
      'segments that do not come, and then no list',
      ({ loop }: World) => {
        const error = { code: 'NET_CONNECT', message: 'Cannot connect', detail: {} };
        loop.fail(3, tooLarge);
        loop.emit({ type: 'poll-failed', error, failures: 1 });
      },
      'the source fell silent: the source is not to be reached (NET_CONNECT)',
    ],
  ] as const) {
    test(`names ${what} has its 503 say so`, async () => {
      const w = new World();
      await w.follow(1, 3);
      w.loop.list(segments(4, 5), { link: 'next' });
      events(w);
      await w.clock.advance(3 * TARGET_MS + 1);
      expect(w.rendition.playlist(false)).toMatchObject({ kind: 'unavailable', reason });
    });
  }

  test('is late with one segment is not silent', async () => {
    const w = new World();
    await w.follow(1, 3);
    w.loop.list(segments(4, 5), { link: 'next' });
    w.loop.load(4);
    await w.clock.advance(3 * TARGET_MS + 1);
    expect(w.rendition.playlist(false)).toEqual({ kind: 'ready' });
    w.loop.fail(3);
    expect(w.listed).toEqual(['1', '2', '3', '-4', '5']);
  });

  test('hid a discontinuity among segments never seen has it told', async () => {
    const w = new World();
    await w.follow(1, 3);
    const next = segments(6, 6, { discontinuitySequence: 1 });
    w.loop.list(next, { link: 'next', missed: 2 });
    w.loop.load(3);
    expect(w.listed).toEqual(['1', '2', '3', '-4', '-5', '6']);
    expect(w.rendition.ring.last).toMatchObject({ discontinuity: true, discontinuitySequence: 1 });
  });

  test('was finished and goes on is live from there', async () => {
    const w = new World();
    const first = w.rendition.playlist(false);
    w.loop.list(segments(1, 5), { onDemand: true });
    w.loop.emit({ type: 'ended' });
    await first;
    expect(w.rendition.ring).toMatchObject({ onDemand: true, ended: true });
    w.loop.list(segments(4, 6));
    expect(w.rendition.ring).toMatchObject({ onDemand: false, ended: false });
    expect(w.listed).toEqual(['4', '5', '6']);
  });

  test('says another header changes the version of its list', async () => {
    const w = new World();
    await w.follow(1, 3);
    const { version } = w.rendition.ring;
    w.loop.list([], { link: 'next', independentSegments: true });
    expect(w.rendition.ring.version).toBeGreaterThan(version);
  });
});

describe('memory that runs out', () => {
  test('makes gaps, and the list moves on over them', async () => {
    const w = new World({ memoryBytes: 40 });
    await w.follow(1, 3);
    for (const sequence of [4, 5]) {
      w.loop.list(segments(sequence, sequence), { link: 'next' });
      w.loop.load(sequence - 1);
    }
    expect(w.listed).toEqual(['1', '2', '3', '4', '-5']);
    expect(w.ring.stats()).toMatchObject({ refusedSegments: 1 });
  });

  test('on demand makes none: who asks next has it fetched again', async () => {
    const w = new World({ memoryBytes: 8 });
    const first = w.rendition.playlist(false);
    w.loop.list(segments(1, 3), { onDemand: true });
    await first;
    const result = w.body(1);
    w.loop.load(0);
    expect(await result).toMatchObject({ kind: 'whole' });
    expect(w.listed).toEqual(['1', '2', '3']);
    void w.body(1);
    expect(w.loop.told.slice(-2)).toEqual(['asked 0', 'want 0']);
  });
});
