// This file tests what a loop's segments are judged to be, and that nothing is held up by it.
import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import type { WatchFor } from '../../../src/media/content/judgement.ts';
import { Fmp4Maker } from '../../../src/media/remux/fmp4-maker.ts';
import { createMpegtsInput } from '../../../src/media/remux/mpegts-to-units.ts';
import { judging } from '../../../src/prefetch/loop/content-judge.ts';
import type {
  JudgedEvent,
  Listed,
  LoopEvent,
  LoopSpec,
  Numbered,
} from '../../../src/prefetch/messages.ts';
import type { ListedSegment } from '../../../src/ring/listing.ts';
import { adtsSound } from '../../support/adts-sound.ts';
import { listedKey, listedSegment } from '../../support/listed.ts';
import { createTempFolder } from '../../support/temp-folder.ts';
import { readTsVector } from '../../support/ts-vectors.ts';

const SPEC: LoopSpec = {
  source: { kind: 'loop', files: 'demo' },
  ahead: 3,
  segmentMaxBytes: 1e6,
  coldSegments: 6,
};
const SILENCE: WatchFor = { silence: true, black: false };
const INIT = { name: 'init', ref: { kind: 'http', url: 'http://up.example/init' } } as const;

function numbered(ordinal: number, more: Partial<ListedSegment> = {}): Numbered {
  return { ordinal, segment: listedSegment(ordinal, more) };
}

function listed(fresh: readonly Numbered[], onDemand = false): Listed {
  const list = { independentSegments: false, iFramesOnly: false, targetDurationS: 4 } as const;
  return { type: 'listed', link: 'next', missed: 0, fresh, onDemand, ...list };
}

function loaded(key: number | string, bytes: Uint8Array<ArrayBuffer>): LoopEvent {
  const body = new Blob([bytes]);
  return { type: 'loaded', key, body, contentType: 'audio/aac', tookMs: 1, attempts: 1 };
}

/** What comes out of a loop that is judged, the judgements apart. */
async function run(
  events: readonly LoopEvent[],
  expected: number,
  spec: Partial<LoopSpec> = { watchFor: SILENCE },
) {
  const passed: LoopEvent[] = [];
  const judged: JudgedEvent[] = [];
  const emit = judging({ ...SPEC, ...spec }, (event) => {
    if (event.type === 'judged') judged.push(event);
    else passed.push(event);
  });
  for (const event of events) emit(event);
  expect(passed).toEqual([...events]);
  // Bodies are read in turns of their own
  while (judged.length < expected) await Bun.sleep(1);
  return judged;
}

const sounds = (judged: readonly JudgedEvent[]) =>
  judged.map(({ key, sound }) => [key, sound?.kind]);

describe('judging()', () => {
  test('behind each segment, what it is', async () => {
    const judged = await run(
      [listed([numbered(0), numbered(1)]), loaded(1, adtsSound(2, true)), loaded(0, adtsSound(2))],
      2,
    );
    expect(judged.map(({ key }) => key).sort()).toEqual([0, 1]);
    const of = (wanted: number) => judged.find(({ key }) => key === wanted)?.sound;
    expect(of(0)).toMatchObject({ kind: 'judged', isWhole: true });
    expect(of(1)).toEqual({ kind: 'judged', blankS: 0, isWhole: false });
    expect(judged.every((event) => event.picture === undefined)).toBe(true);
  });

  test('nothing where nothing is asked for, on demand, or of what was never named', async () => {
    expect(await run([listed([numbered(0)]), loaded(0, adtsSound(1))], 0, {})).toEqual([]);
    expect(await run([listed([numbered(0)], true), loaded(0, adtsSound(1))], 0)).toEqual([]);
    expect(await run([loaded(7, adtsSound(1))], 0)).toEqual([]);
  });

  test('a loop that took the place of another knows what was named there', async () => {
    const resume = { pending: [numbered(3)] } as unknown as NonNullable<LoopSpec['resume']>;
    const judged = await run([loaded(3, adtsSound(1))], 1, { watchFor: SILENCE, resume });
    expect(sounds(judged)).toEqual([[3, 'judged']]);
  });

  test('what is encrypted cannot be judged', async () => {
    const sealed = { keys: [listedKey('k')] };
    const init = { map: { asset: INIT, keys: [listedKey('k')] } };
    const judged = await run(
      [
        listed([numbered(0, sealed), numbered(1, init)]),
        loaded('k', new Uint8Array(16)),
        loaded(0, adtsSound(1)),
        loaded(1, adtsSound(1)),
      ],
      2,
    );
    for (const { sound } of judged)
      expect(sound).toEqual({ kind: 'unknown', why: 'it is encrypted' });
    expect(judged).toHaveLength(2);
  });

  test('what was made into another container is judged as what it is then', async () => {
    const ts = await readTsVector('ffmpeg-h264-bframes-aac');
    const { init, segment } = new Fmp4Maker(createMpegtsInput()).make(ts);
    const remuxed = { extension: 'm4s', isUntouched: false };
    const made = { name: 'init-made.mp4', body: new Blob([init]) };
    const sealed = { keys: [listedKey('k')] };
    const judged = await run(
      [
        listed([numbered(0, sealed), numbered(1)]),
        { ...loaded(0, segment), remuxed: { ...remuxed, init: made } } as LoopEvent,
        loaded(1, ts),
      ],
      2,
    );
    const [one, other] = judged.toSorted((left, right) => left.key - right.key);
    expect(one?.sound?.kind).toBe('judged');
    expect(one?.sound).toEqual(other!.sound!);
  });

  test('what cannot be read is said, and breaks nothing', async () => {
    const map = { asset: INIT, keys: [] };
    const judged = await run(
      [
        listed([numbered(0, { map }), numbered(1, { map }), numbered(2)]),
        loaded(0, adtsSound(1)),
        loaded('init', new Uint8Array(100)),
        loaded(1, adtsSound(1)),
        loaded(2, new Uint8Array(500).fill(0x47)),
      ],
      3,
    );
    expect(sounds(judged).sort()).toEqual([0, 1, 2].map((key) => [key, 'unknown']));
  });

  test('a body that is a file, and gone by the time it is looked at', async () => {
    await using folder = await createTempFolder();
    await folder.write('here', adtsSound(1));
    const event = (key: number, name: string): LoopEvent => {
      const body = Bun.file(join(folder.path, name));
      return { type: 'loaded', key, body, contentType: '', tookMs: 1, attempts: 1 };
    };
    const names = [event(0, 'here'), event(1, 'gone')];
    const judged = await run([listed([numbered(0), numbered(1)]), ...names], 2);
    expect(sounds(judged).sort()).toEqual([
      [0, 'judged'],
      [1, 'unknown'],
    ]);
  });

  test('of what ffmpeg made both are shown', async () => {
    const bytes = await readTsVector('ffmpeg-h264-bframes-aac');
    const watchFor = { silence: true, black: true };
    const [judged] = await run([listed([numbered(0)]), loaded(0, bytes)], 1, { watchFor });
    expect(judged).toEqual({
      type: 'judged',
      key: 0,
      sound: { kind: 'judged', blankS: 0, isWhole: false },
      picture: { kind: 'judged', blankS: 0, isWhole: false },
    });
  });
});
