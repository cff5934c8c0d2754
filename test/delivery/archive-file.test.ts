// This file tests a stretch of an archive as one file: its bytes, its parts, and what it cannot be.

import { beforeAll, describe, expect, test } from 'bun:test';
import { createCipheriv } from 'node:crypto';
import { createInProcessApp, loopChannel } from '../support/in-process-app.ts';
import { madeHls } from '../support/made-media.ts';
import { runProgram } from '../support/programs.ts';
import {
  ScriptedRendition,
  scriptedArchives,
  scriptedChannel,
} from '../support/scripted-archive.ts';
import { createTempFolder } from '../support/temp-folder.ts';
import { inspectTs } from '../support/ts-inspect.ts';

const START_MS = Date.UTC(2026, 10, 21, 18);
const LOOSE = { pcrIntervalMaxMs: 20_000, bufferMaxMs: 20_000 };
const KEY = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
const IV = '0f0e0d0c0b0a09080706050403020100';
const WORDS =
  '-f lavfi -i testsrc2=size=160x90:rate=25:duration=6 -f lavfi -i sine=duration=6 -c:v libx264 ' +
  '-preset ultrafast -bf 2 -g 25 -sc_threshold 0 -threads 1 -c:a aac -pix_fmt yuv420p';

let segments: readonly Uint8Array<ArrayBuffer>[];

beforeAll(async () => {
  segments = (await madeHls(WORDS.split(' '))).segments as Uint8Array<ArrayBuffer>[];
}, 60_000);

function encrypted(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const cipher = createCipheriv('aes-128-cbc', KEY, Buffer.from(IV, 'hex'));
  return new Uint8Array(Buffer.concat([cipher.update(bytes), cipher.final()]));
}

type World = {
  readonly main: ScriptedRendition;
  readonly app: ReturnType<typeof createInProcessApp>;
};

/** Six seconds, a lost one, the same again, then an hour of nothing, then the same a third time. */
function prepared(main: ScriptedRendition): void {
  for (const bytes of segments) main.put({ bytes, durationS: 1 });
  main.put({ gap: true, durationS: 1 });
  segments.forEach((bytes, index) => {
    main.put({ bytes, durationS: 1, discontinuity: index === 0 });
  });
  const startMs = (main.held()?.toMs ?? 0) + 3_600_000;
  segments.forEach((bytes, index) => {
    main.put({ bytes, durationS: 1, ...(index === 0 ? { startMs, discontinuity: true } : {}) });
  });
}

async function withWorld(
  run: (world: World) => Promise<void>,
  prepare: (main: ScriptedRendition) => void = prepared,
  more: readonly ScriptedRendition[] = [],
): Promise<void> {
  const main = new ScriptedRendition('main', START_MS, { targetDurationS: 1 });
  prepare(main);
  const archives = scriptedArchives({ news: scriptedChannel([main, ...more]) });
  using app = createInProcessApp([loopChannel('news')], {}, { archives });
  app.clock.stepWall((main.held()?.toMs ?? START_MS) - app.clock.nowMs());
  await run({ main, app });
}

const ALL = `/archive/news.ts?from=${START_MS / 1000}&duration=2h`;

describe('/archive/{channel}.ts', () => {
  test('is one clean stream over what was lost, began anew, and was not there', async () => {
    await withWorld(async ({ app }) => {
      const answer = await app.ask(ALL);
      expect(answer.status).toBe(200);
      const bytes = await answer.bytes();
      const size = 3 * segments.reduce((sum, { length }) => sum + length, 0);
      expect(answer.headers.get('content-length')).toBe(String(size));
      expect(bytes.length).toBe(size);
      const seen = inspectTs(bytes, LOOSE);
      expect(seen.problems).toEqual([]);
      const [video] = seen.tracks.values();
      expect(video?.rawPts.length).toBe(3 * 150);
      await using folder = await createTempFolder();
      const file = await folder.write('whole.ts', bytes);
      const words = [
        'ffprobe',
        '-v',
        'warning',
        '-show_entries',
        'packet=stream_index,dts',
        '-of',
        'csv=p=0',
        file,
      ];
      const probe = await runProgram(words, 30_000);
      expect(probe.stderr).toBe('');
      const last = new Map<string, number>();
      for (const line of probe.stdout.trim().split('\n')) {
        const [stream = '', dts = ''] = line.split(',');
        // What stands beside a packet ends in a line of nothing
        if (dts === '') continue;
        expect(Number(dts)).toBeGreaterThan(last.get(stream) ?? Number.NEGATIVE_INFINITY);
        last.set(stream, Number(dts));
      }
      const decode = await runProgram(
        ['ffmpeg', '-nostdin', '-v', 'warning', '-xerror', '-i', file, '-f', 'null', '-'],
        60_000,
      );
      expect([decode.code, decode.stderr]).toEqual([0, '']);
    });
  }, 90_000);

  test('comes in any parts as the whole, the same each time', async () => {
    await withWorld(async ({ app }) => {
      const whole = await (await app.ask(ALL)).bytes();
      const cuts = [
        0,
        1,
        187,
        188,
        200_000,
        Math.floor(whole.length / 2) + 3,
        whole.length - 1,
        whole.length,
      ];
      for (let index = 1; index < cuts.length; index++) {
        const [first, end] = [cuts[index - 1] as number, cuts[index] as number];
        const part = await app.ask(ALL, { range: `bytes=${first}-${end - 1}` });
        expect(part.status).toBe(206);
        expect(part.headers.get('content-range')).toBe(`bytes ${first}-${end - 1}/${whole.length}`);
        expect(Buffer.compare(await part.bytes(), whole.subarray(first, end))).toBe(0);
      }
      const tail = await app.ask(ALL, { range: 'bytes=-1000' });
      expect(Buffer.compare(await tail.bytes(), whole.subarray(-1000))).toBe(0);
    });
  });

  test('is taken up again by its tag, and is anew where it is another', async () => {
    await withWorld(async ({ app, main }) => {
      const etag = (await app.ask(ALL, {}, 'HEAD')).headers.get('etag') as string;
      const part = await app.ask(ALL, { range: 'bytes=5-', 'if-range': etag });
      expect(part.status).toBe(206);
      expect((await app.ask(ALL, { 'if-none-match': etag })).status).toBe(304);
      main.put({ bytes: segments[0] as Uint8Array<ArrayBuffer>, durationS: 1 });
      const other = await app.ask(ALL, { range: 'bytes=5-', 'if-range': etag });
      expect(other.status).toBe(200);
      expect(other.headers.get('etag')).not.toBe(etag);
    });
  });

  test('says its length to HEAD, and what lies outside of it', async () => {
    await withWorld(async ({ app }) => {
      const head = await app.ask(ALL, {}, 'HEAD');
      const size = head.headers.get('content-length');
      expect(Number(size)).toBeGreaterThan(100_000);
      const outside = await app.ask(ALL, { range: `bytes=${size}-` });
      expect([outside.status, outside.headers.get('content-range')]).toEqual([
        416,
        `bytes */${size}`,
      ]);
      expect((await app.ask(ALL, { range: 'bytes=0-1,5-6' })).status).toBe(200);
    });
  });

  test('opens what is encrypted', async () => {
    let plain: Uint8Array | undefined;
    await withWorld(async ({ app }) => {
      plain = await (await app.ask(ALL)).bytes();
    });
    const key = { key: { method: 'AES-128', iv: IV, attributes: new Map() }, asset: 'key-1' };
    await withWorld(
      async ({ app, main }) => {
        main.bodies.set('key-1', {
          kind: 'whole',
          body: new Blob([KEY]),
          contentType: 'application/octet-stream',
        });
        const answer = await app.ask(ALL);
        expect(Buffer.compare(await answer.bytes(), plain as Uint8Array)).toBe(0);
      },
      (main) => {
        prepared(main);
        const rows = main.rows.map(({ marks: _, ...row }) => ({
          ...row,
          keys: row.gap ? [] : [key],
        }));
        main.rows.splice(0, main.rows.length, ...rows);
        for (const row of rows.filter(({ gap }) => !gap)) {
          const bytes = segments[(row.number < 6 ? row.number : row.number - 1) % 6] as Uint8Array;
          const body = new Blob([encrypted(bytes)]);
          main.bodies.set(row.name, { kind: 'whole', body, contentType: 'video/mp2t' });
        }
      },
    );
  });

  test('breaks off where a body is gone or another, which a viewer must see', async () => {
    for (const body of [
      { kind: 'gone' },
      { kind: 'whole', body: new Blob(['x']), contentType: '' },
    ] as const) {
      await withWorld(async ({ app, main }) => {
        main.bodies.set('s3.ts', body);
        await expect(app.ask(ALL).then((answer) => answer.bytes())).rejects.toThrow();
      });
    }
  });

  const fmp4 = (main: ScriptedRendition) => {
    main.put({ more: { contentType: 'video/mp4', map: { asset: 'init.mp4', keys: [] } } });
    const init = { kind: 'whole', body: new Blob(['no init segment']), contentType: '' } as const;
    main.bodies.set('init.mp4', init);
  };
  test('sends those who ask for what MPEG-TS cannot carry to the list', async () => {
    await withWorld(async ({ app }) => {
      const answer = await app.ask(ALL);
      expect(answer.status).toBe(406);
      expect(await answer.text()).toContain(`/archive/news/index.m3u8?from=${START_MS / 1000}`);
    }, fmp4);
    const sound = new ScriptedRendition('audio', START_MS, { kind: 'audio' }).fill(3);
    await withWorld(async ({ app }) => expect((await app.ask(ALL)).status).toBe(406), prepared, [
      sound,
    ]);
  });

  const wrong: readonly (readonly [string, number])[] = [
    ['/archive/news.ts', 400],
    ['/archive/news.ts?at=5', 400],
    ['/archive/none.ts?from=1&to=2', 404],
    ['/archive/news.ts?from=1&to=2', 404],
    [`/archive/news.ts?from=${START_MS / 1000 + 6.2}&duration=0.5`, 404],
  ];
  test.each(wrong)('answers %s with %d', async (path, status) => {
    await withWorld(async ({ app }) => expect((await app.ask(path)).status).toBe(status));
  });

  test('keeps ahead of the viewer what it will read', async () => {
    await withWorld(async ({ app, main }) => {
      await (await app.ask(ALL)).bytes();
      const [first] = main.kept;
      expect(first?.span).toEqual({ fromMs: START_MS, toMs: START_MS + 601_000 });
    });
  });
});
