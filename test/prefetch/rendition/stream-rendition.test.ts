// This file tests a rendition that is fed by an endless stream: when it counts as alive.
import { describe, expect, test } from 'bun:test';
import { silentLog } from '../../../src/base/log.ts';
import { RenditionLoop } from '../../../src/prefetch/loop/rendition-loop.ts';
import { Rendition } from '../../../src/prefetch/rendition/rendition.ts';
import type { OpenLoop } from '../../../src/prefetch/rendition/supply.ts';
import { heapBody } from '../../../src/ring/memory-files.ts';
import { Ring } from '../../../src/ring/ring.ts';
import { Timeline } from '../../../src/ring/timeline.ts';
import type { StreamSpec } from '../../../src/source/source.ts';
import { StreamSource } from '../../../src/source/stream/stream-source.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import {
  ScriptedStream,
  type StreamScript,
  type StreamStep,
} from '../../support/scripted-stream.ts';
import { StreamWriter } from '../../support/ts-stream.ts';

const SPEC: StreamSpec = {
  kind: 'stream',
  input: {
    kind: 'http',
    url: 'http://up.example/live',
    policy: { headers: {}, verifyTls: true, allowDowngrade: false },
  },
  segmentMs: 4000,
  timeouts: {},
};

/** `isKey` says of each frame, from 0, whether it is a key frame; 25 a second, at their time. */
function* live(seconds: number, isKey: (frame: number) => boolean): Iterable<StreamStep> {
  const writer = new StreamWriter();
  for (let frame = 0; frame < seconds * 25; frame++) {
    const dts = 90_000 + frame * 3600;
    if (frame % 25 === 0) writer.tables();
    writer.video({ dts, isKey: isKey(frame) });
    writer.audio(dts + 3600);
    if (frame % 5 < 4) continue;
    yield 200;
    yield writer.take();
  }
}

function frame(dts: number): Uint8Array {
  return new StreamWriter().video({ dts }).take();
}

function createWorld(script: StreamScript, segmentMs = SPEC.segmentMs) {
  const clock = new FakeClock();
  const stream = new ScriptedStream(clock, script);
  const gate = { enter: async () => ({ [Symbol.dispose]() {} }) };
  const openLoop: OpenLoop = (spec, { emit }) => {
    const options = { segmentMs, segmentMaxBytes: 1e6 };
    const source = new StreamSource(stream, options, clock, () => 0.5);
    const deps = { clock, random: () => 0.5, gate, source, emit, makeBody: heapBody };
    return new RenditionLoop(spec, deps);
  };
  const rendition = new Rendition(
    { id: 'main', traits: { kind: 'variant' }, spec: { ...SPEC, segmentMs } },
    {
      clock,
      log: silentLog,
      ring: new Ring(clock, 1e8, () => {}),
      timeline: new Timeline(),
      openLoop,
      settings: { ahead: 3, segmentMaxBytes: 1e6, idleStopMs: 60_000 },
      count() {},
    },
  );
  return { clock, stream, rendition };
}

type Watched = { readonly troubles: readonly string[]; readonly refused: readonly string[] };

/** Looks at it twice a second, as failover does, and asks for its list as viewers do. */
async function watch(world: ReturnType<typeof createWorld>, seconds: number): Promise<Watched> {
  const troubles: string[] = [];
  const refused: string[] = [];
  for (let half = 0; half < 2 * seconds; half++) {
    const asked = world.rendition.playlist(false);
    void Promise.resolve(asked).then((answer) => {
      if (answer.kind === 'unavailable') refused.push(answer.reason);
    });
    await world.clock.advance(500);
    const condition = world.rendition.condition(world.clock.monotonicMs());
    if (typeof condition !== 'string') troubles.push(`${half / 2} s: ${condition.reason}`);
  }
  return { troubles, refused };
}

const everySecond = (frame: number) => frame % 25 === 0;

describe('a rendition of an endless stream', () => {
  test.each([
    [2000, 10],
    [4000, 10],
    [10_000, 15],
  ])(
    'without a key frame for half a minute goes on, at %d ms a segment',
    async (segmentMs, targetDurationS) => {
      // Ten seconds as usual, then thirty without
      const keyed = (frame: number) => everySecond(frame) && (frame < 250 || frame >= 1000);
      const world = createWorld(() => ({ steps: live(60, keyed) }), segmentMs);
      expect(await watch(world, 58)).toEqual({ troubles: [], refused: [] });
      expect(world.stream.openedMs).toHaveLength(1);
      expect(world.rendition.ring.targetDurationS).toBe(targetDurationS);
    },
  );

  test('whose first key frame is long in coming, and the next, is waited for', async () => {
    const keyed = (frame: number) => frame % 225 === 224;
    const world = createWorld(() => ({ steps: live(120, keyed) }));
    const { troubles } = await watch(world, 100);
    expect(troubles).toEqual([]);
    expect(world.rendition.ring.targetDurationS).toBe(9);
    const listed = world.rendition.ring.listed().map(({ listed: { durationS } }) => durationS);
    expect(Math.max(...listed)).toBeLessThan(9.5);
  });

  test.each([1, 125, 249])(
    'with ten seconds from key frame to key frame, joined at frame %d: its first viewer waits',
    async (joinedAt) => {
      const keyed = (frame: number) => (frame + joinedAt) % 250 === 0;
      const { clock, rendition } = createWorld(() => ({ steps: live(60, keyed) }));
      const answer = Promise.resolve(rendition.playlist(false));
      await clock.advance(24_000);
      expect(await answer).toEqual({ kind: 'ready' });
    },
  );

  test('that falls silent before its first key frame is not waited for any longer', async () => {
    const { clock, rendition } = createWorld(() => ({
      steps: [...live(8, () => false), 60_000],
    }));
    const answer = Promise.resolve(rendition.playlist(false));
    await clock.advance(18_000);
    expect((await answer).kind).toBe('unavailable');
  });

  test('that sends nothing more is in trouble after one and a half target durations', async () => {
    const world = createWorld(() => ({ steps: [...live(20, everySecond), 60_000] }));
    expect((await watch(world, 19)).troubles).toEqual([]);
    const { troubles } = await watch(world, 8);
    expect(troubles[0]).toMatch(/^[67](\.5)? s: no bytes came for 6\.\d s$/);
  });

  test.each([
    ['noise', () => new Uint8Array(5000).fill(7)],
    ['a picture that stands still', () => frame(90_000 + 499 * 3600)],
  ])('that sends %s is in trouble as soon', async (_what, bytes) => {
    const still = function* (): Iterable<StreamStep> {
      yield* live(20, everySecond);
      for (let part = 0; part < 300; part++) {
        yield 200;
        yield bytes();
      }
    };
    const world = createWorld(() => ({ steps: still() }));
    expect((await watch(world, 19)).troubles).toEqual([]);
    const { troubles } = await watch(world, 8);
    expect(troubles[0]).toMatch(/^[67](\.5)? s: its clock stands still for 6\.\d s$/);
  });

  test('that comes faster than it plays is never in trouble', async () => {
    const burst = () => [...live(100, everySecond)].filter((step) => typeof step !== 'number');
    const world = createWorld(() => ({ steps: burst() }));
    expect((await watch(world, 60)).troubles).toEqual([]);
  });
});
