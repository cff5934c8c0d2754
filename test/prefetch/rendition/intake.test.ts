// This file tests what becomes of a list whose source is left for another.
import { describe, expect, test } from 'bun:test';
import { silentLog } from '../../../src/base/log.ts';
import type { BlankLimits } from '../../../src/config/config.ts';
import type { LoopEvent } from '../../../src/prefetch/messages.ts';
import { Intake } from '../../../src/prefetch/rendition/intake.ts';
import { InFlight } from '../../../src/ring/in-flight.ts';
import type { ListedSegment } from '../../../src/ring/listing.ts';
import { RenditionRing } from '../../../src/ring/rendition-ring.ts';
import { Ring } from '../../../src/ring/ring.ts';
import { Timeline } from '../../../src/ring/timeline.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { listedKey, listedSegment } from '../../support/listed.ts';
import { RecordedLoop } from '../../support/recorded-loops.ts';

const SPEC = {
  source: { kind: 'loop', files: ['x'] },
  ahead: 1,
  segmentMaxBytes: 1,
  coldSegments: 6,
} as const;

class World {
  readonly clock = new FakeClock();
  readonly ring = new Ring(this.clock, 1e6, () => {});
  readonly list = new RenditionRing('main');
  readonly timeline = new Timeline();
  readonly intake: Intake;
  loop = this.#loop();

  constructor(blankLimits?: BlankLimits) {
    this.intake = new Intake(this.list, {
      clock: this.clock,
      log: silentLog,
      ring: this.ring,
      timeline: this.timeline,
      count() {},
      ...(blankLimits === undefined ? {} : { blankLimits }),
    });
    this.intake.start();
  }

  #loop(): RecordedLoop {
    const emit = (event: LoopEvent) => this.intake.take(event);
    return new RecordedLoop(SPEC, { emit, respec: () => SPEC });
  }

  /** Lists segments 1 to `count`, of which the first `loaded` have come. */
  lists(
    count: number,
    loaded: number,
    more: (sequence: number) => Partial<ListedSegment> = () => ({}),
  ): this {
    const segments = Array.from({ length: count }, (_, n) => listedSegment(n + 1, more(n + 1)));
    this.loop.list(segments);
    for (let ordinal = 0; ordinal < loaded; ordinal++) this.loop.load(ordinal);
    return this;
  }

  switchOver() {
    const join = this.intake.cutOver();
    this.loop = this.#loop();
    return join;
  }

  /** Numbers of the list, a gap with a minus and a discontinuity with a bar before it. */
  get shown(): string[] {
    return this.list
      .listed()
      .map(({ mediaSequence, state, discontinuity }) =>
        [discontinuity ? '|' : '', state === 'gap' ? '-' : '', mediaSequence].join(''),
      );
  }

  get heldBytes(): number {
    return this.ring.stats().heldBytes;
  }
}

const DATE_MS = Date.UTC(2026, 0, 1);
const dated = (ms: (sequence: number) => number) => (sequence: number) => ({
  programDateTimeMs: DATE_MS + ms(sequence),
});

describe('Intake.cutOver()', () => {
  test('what no list named is taken back, and its numbers are given to others', () => {
    const w = new World().lists(3, 3);
    w.loop.list([listedSegment(4), listedSegment(5)], { link: 'next' });
    w.loop.load(4, 'held, behind one that is awaited');
    w.switchOver();
    expect(w.list.last?.mediaSequence).toBe(3);
    expect(w.heldBytes).toBe(w.list.heldBytes);
    w.loop.list([listedSegment(900)], { link: 'reset' });
    w.loop.load(0);
    expect(w.shown).toEqual(['1', '2', '3', '|4']);
  });

  test('what a list named and has not come is a gap', () => {
    const w = new World().lists(4, 2);
    w.switchOver();
    w.loop.list([listedSegment(900)], { link: 'reset' });
    w.loop.load(0);
    expect(w.shown).toEqual(['1', '2', '-3', '-4', '|5']);
  });

  test('what comes of the old source after all is nobody`s', () => {
    const w = new World().lists(3, 3);
    w.loop.list([listedSegment(4)], { link: 'next' });
    const old = w.loop;
    w.switchOver();
    w.loop.list([listedSegment(900)], { link: 'reset' });
    // Ordinal 0 of the new loop is another segment than ordinal 3 of the old one
    old.load(3, 'old');
    expect(w.shown).toEqual(['1', '2', '3']);
    w.loop.load(0, 'new');
    expect(w.shown).toEqual(['1', '2', '3', '|4']);
  });

  test('an end that was shown is no end any more', () => {
    const w = new World().lists(3, 3);
    w.loop.emit({ type: 'ended' });
    const { version } = w.list;
    w.switchOver();
    expect(w.list.ended).toBe(false);
    expect(w.list.version).toBeGreaterThan(version);
  });

  test('a finished list is forgotten: what takes over is live', () => {
    const w = new World();
    w.loop.list([listedSegment(1), listedSegment(2)], { onDemand: true });
    expect(w.switchOver()).toEqual({ missingMs: 0 });
    w.loop.list([listedSegment(900)], { link: 'reset' });
    expect([w.list.onDemand, w.list.ended, w.list.listedCount]).toEqual([false, false, 1]);
  });

  test('what is missing is what went by since the list last grew', async () => {
    const w = new World().lists(3, 3);
    await w.clock.advance(4000);
    w.loop.list([listedSegment(4)], { link: 'next' });
    w.loop.load(3);
    await w.clock.advance(6500);
    expect(w.switchOver()).toMatchObject({ missingMs: 6500 });
  });

  test('what came late is missing since it should have come', async () => {
    const w = new World().lists(3, 3);
    for (const afterMs of [4000, 6500]) {
      await w.clock.advance(afterMs);
      w.loop.list([listedSegment(w.list.last!.mediaSequence + 1)], { link: 'next' });
      w.loop.load(w.list.last!.ordinal);
    }
    await w.clock.advance(5000);
    expect(w.switchOver()).toMatchObject({ missingMs: 7500 });
  });

  test('a source that is late throughout is not late', async () => {
    const w = new World().lists(3, 3);
    for (const afterMs of [6500, 4000, 4000, 4000, 4000]) {
      await w.clock.advance(afterMs);
      w.loop.list([listedSegment(w.list.last!.mediaSequence + 1)], { link: 'next' });
      w.loop.load(w.list.last!.ordinal);
    }
    await w.clock.advance(5000);
    expect(w.switchOver()).toMatchObject({ missingMs: 5000 });
  });

  test('says where what came of the list is from, tokens aside', () => {
    const w = new World().lists(3, 2, (n) => ({
      ref: { kind: 'http', url: `http://up.example/${n}.ts?token=${n}` },
    }));
    expect(w.switchOver().seen).toEqual(['http://up.example/1.ts', 'http://up.example/2.ts']);
  });

  test('what is made into another container is listed as what it is then', () => {
    const form = { container: 'fmp4', tracks: [] } as const;
    const w = new World();
    w.loop.list([listedSegment(1)]);
    w.loop.load(0, 'x', undefined, { form });
    expect(w.intake.form.toMake).toBeUndefined();
    w.switchOver();
    expect(w.intake.form.toMake).toEqual(form);
    const init = { name: 'init-made.mp4', body: new Blob(['init']) };
    w.loop.list([listedSegment(900, { keys: [listedKey('key-x.bin')] })], { link: 'reset' });
    w.loop.load(0, 'x', undefined, { remuxed: { extension: 'm4s', isUntouched: false, init } });
    const last = w.list.listed().at(-1);
    expect(last?.name).toEndWith('.m4s');
    expect(last?.listed).toMatchObject({ keys: [], map: { asset: { name: init.name }, keys: [] } });
    expect(w.intake.assets.get(init.name)).toMatchObject({
      body: init.body,
      contentType: 'video/mp4',
    });
    expect(w.intake.form.counts).toEqual({ made: 1, unmade: 0 });
    w.intake.stop('idle');
    expect(w.intake.form.toMake).toBeUndefined();
  });

  test('a source that was left before anything of it came says nothing of the rendition', () => {
    const w = new World().lists(2, 0);
    w.switchOver();
    expect(w.intake.form.toMake).toBeUndefined();
    w.loop.list([listedSegment(900)], { link: 'reset' });
    w.loop.load(0, 'x', undefined, { form: { container: 'fmp4', tracks: [] } });
    expect(w.intake.form.toMake).toBeUndefined();
  });

  test('who waits for an init segment that has not come is told so', async () => {
    const w = new World();
    const asset = {
      name: 'init-x.mp4',
      ref: { kind: 'http', url: 'http://up.example/x' },
    } as const;
    w.lists(1, 0, () => ({ map: { asset, keys: [] } }) as never);
    const inFlight = new InFlight();
    const entry = w.intake.assets.get('init-x.mp4');
    if (entry !== undefined) entry.inFlight = inFlight;
    const told = inFlight.begun().then(
      () => 'came',
      (error) => error.code,
    );
    w.switchOver();
    expect(await told).toBe('RING_BODY_BROKEN');
    expect(w.intake.assets.get('init-x.mp4')).toBeUndefined();
  });

  test.each<[string, (sequence: number) => Partial<ListedSegment>, number | undefined]>([
    ['each tells its date', dated((n) => n * 4000), 16_000],
    ['only the first does', (n) => (n === 1 ? dated(() => 0)(n) : {}), 12_000],
    ['none does', () => ({}), undefined],
    ['the date goes on by less than the segments last', dated((n) => n * 3900), 15_700],
    ['the date stands still', dated(() => 0), 12_000],
    ['the date goes back', dated((n) => -n * 4000), 8000],
    [
      'a discontinuity lies between',
      (n) => ({ ...dated((m) => m * 100_000)(n), discontinuity: n === 3 }),
      304_000,
    ],
    [
      'what comes after a discontinuity does not tell',
      (n) => (n < 3 ? dated((m) => m * 4000)(n) : { discontinuity: n === 3 }),
      undefined,
    ],
  ])('says when the last segment ended: %s', (_name, more, endMs) => {
    const { endMs: told } = new World().lists(3, 3, more).switchOver();
    expect(told === undefined ? undefined : told - DATE_MS).toBe(endMs);
  });
});

describe('Intake.condition()', () => {
  const kindAt = (w: World) => {
    const condition = w.intake.condition(w.clock.monotonicMs());
    return typeof condition === 'string' ? condition : condition.kind;
  };

  test('is not known before the list grew', () => {
    const w = new World();
    expect(kindAt(w)).toBe('unknown');
    w.lists(3, 1);
    expect(kindAt(w)).toBe('well');
  });

  test('is not known from a switch until the new source has listed', async () => {
    const w = new World().lists(3, 3);
    await w.clock.advance(8000);
    expect(kindAt(w)).toBe('stall');
    w.switchOver();
    expect(kindAt(w)).toBe('unknown');
    w.loop.list([listedSegment(900)], { link: 'reset' });
    w.loop.load(0);
    expect(kindAt(w)).toBe('well');
  });

  test('a new source that lists nothing is in trouble, too', async () => {
    const w = new World().lists(3, 3);
    w.switchOver();
    await w.clock.advance(6000);
    w.loop.polled();
    expect(kindAt(w)).toBe('stall');
  });

  test('silence counts where it is asked for, until the source is left', () => {
    const blank = { kind: 'judged', blankS: 4, isWhole: true } as const;
    const judge = (w: World) => {
      for (const key of [0, 1, 2]) w.intake.take({ type: 'judged', key, sound: blank });
    };
    const unasked = new World().lists(3, 3);
    judge(unasked);
    expect(kindAt(unasked)).toBe('well');
    const w = new World({ silenceMs: 10_000 }).lists(3, 3);
    judge(w);
    expect([kindAt(w), w.intake.watch.shows('silent')]).toEqual(['silent', false]);
    w.switchOver();
    expect(kindAt(w)).toBe('unknown');
  });

  test('what was seen before a start is forgotten', async () => {
    const w = new World().lists(3, 3);
    await w.clock.advance(60_000);
    expect(kindAt(w)).toBe('stall');
    w.intake.stop('idle');
    w.intake.start();
    expect(kindAt(w)).toBe('unknown');
  });

  test('a probe that is followed later was not silent meanwhile', async () => {
    const w = new World().lists(3, 0);
    await w.clock.advance(11_000);
    expect(kindAt(w)).toBe('stall');
    w.intake.watch.followed();
    expect(kindAt(w)).toBe('well');
  });

  test('a segment longer than the list says stretches all patience', async () => {
    const w = new World().lists(3, 3, () => ({ durationS: 4.4 }));
    await w.clock.advance(6500);
    w.loop.polled();
    expect(kindAt(w)).toBe('well');
    await w.clock.advance(200);
    w.loop.polled();
    expect(kindAt(w)).toBe('stall');
  });

  test('a finished list is well, whatever does not come', async () => {
    const w = new World();
    w.loop.list([listedSegment(1)], { onDemand: true });
    await w.clock.advance(600_000);
    for (let count = 0; count < 3; count++) w.loop.fail(0);
    expect(kindAt(w)).toBe('well');
  });

  test('a live list that says it has ended, and one that goes on after all', async () => {
    const w = new World().lists(3, 3);
    w.loop.emit({ type: 'says-end', isEnd: true });
    await w.clock.advance(5900);
    expect(kindAt(w)).toBe('well');
    await w.clock.advance(100);
    expect(kindAt(w)).toBe('ended');
    w.loop.emit({ type: 'says-end', isEnd: false });
    expect(kindAt(w)).toBe('well');
  });

  test('clocks of segments are compared in the order in which they are listed', () => {
    const w = new World().lists(4, 0);
    for (const ordinal of [3, 1, 2, 0]) w.loop.load(ordinal, 'body', 1000 + ordinal * 360_000);
    expect(kindAt(w)).toBe('well');
    const frozen = new World().lists(4, 0);
    for (const ordinal of [3, 1, 2, 0]) frozen.loop.load(ordinal, 'body', 1000);
    expect(kindAt(frozen)).toBe('frozen');
  });
});

describe('Intake with a segment that repeats the one before', () => {
  /** Two that are listed, and a third whose clock stands where the second's did. */
  function doubtful(): World {
    const w = new World().lists(2, 0);
    for (const ordinal of [0, 1]) w.loop.load(ordinal, 'body', 1000 + ordinal * 360_000);
    w.loop.list([listedSegment(3), listedSegment(4)], { link: 'next' });
    w.loop.load(2, 'body', 361_000);
    return w;
  }

  test('does not list it at once', () => {
    expect(doubtful().shown).toEqual(['1', '2']);
  });

  test('lists it after all where another came', () => {
    const w = doubtful();
    w.loop.load(3, 'body', 721_000);
    expect(w.shown).toEqual(['1', '2', '3', '4']);
  });

  test('lists it where nothing more will come', () => {
    const w = doubtful();
    w.loop.emit({ type: 'ended' });
    expect(w.shown).toEqual(['1', '2', '3']);
  });

  test('takes it back where the source is left for that', () => {
    const w = doubtful();
    w.switchOver();
    w.loop.list([listedSegment(900)], { link: 'reset' });
    w.loop.load(0);
    expect(w.shown).toEqual(['1', '2', '|3']);
  });
});
