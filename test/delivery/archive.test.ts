// This file tests what is answered from archives, and how what is not there is refused.
import { describe, expect, test } from 'bun:test';
import type { ArchivedBody } from '../../src/recording/archive/archived.ts';
import { listOf, MIN, S, secondsOf, archiveWorld as world } from '../support/archive-viewing.ts';

describe('/archive/{channel}/index.m3u8', () => {
  const HOURS = 'from=2026-11-21T18:30:00Z&to=2026-11-21T19:00:00Z';

  test('is a finished list of the span, dated, its names leading to its bodies', async () => {
    using it = world();
    const answer = await it.app.ask(`/archive/news/index.m3u8?${HOURS}`);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=600');
    const etag = answer.headers.get('etag') as string;
    const list = await listOf(answer);
    expect(list.type).toBe('VOD');
    expect(list.endList).toBe(true);
    expect(secondsOf(list)).toBe(1800);
    expect(list.segments[0]?.uri).toBe('main/s550.ts');
    const body = await it.app.ask(`/archive/news/${list.segments[0]?.uri}`);
    expect(await body.text()).toBe('body 550');
    expect(body.headers.get('cache-control')).toContain('immutable');
    const again = await it.app.ask(`/archive/news/index.m3u8?${HOURS}`, { 'if-none-match': etag });
    expect(again.status).toBe(304);
    expect(it.app.loopsOpened).toBe(0);
  });

  test('marks what was lost, and says where the clock was broken off', async () => {
    using it = world((main) => {
      main.fill(10).put({ gap: true }).fill(5);
      main.put({ startMs: (main.held()?.toMs ?? 0) + 10 * MIN, discontinuity: true }).fill(5);
    });
    const list = await listOf(
      await it.app.ask(`/archive/news/index.m3u8?from=0&to=${it.nowMs / S}`).then(async (r) => {
        // Over 24 hours is refused
        expect(r.status).toBe(400);
        return await it.app.ask(
          `/archive/news/index.m3u8?from=${it.startMs / S}&to=${it.nowMs / S}`,
        );
      }),
    );
    expect(list.segments.map(({ gap }) => gap).indexOf(true)).toBe(10);
    expect(list.segments[16]?.discontinuity).toBe(true);
    const dated = list.segments.flatMap(({ programDateTimeMs }, i) =>
      programDateTimeMs === undefined ? [] : [i],
    );
    expect(dated).toEqual([0, 16]);
  });

  test('grows while its end is to come, by the same addresses Kodi makes', async () => {
    using it = world();
    const from = it.nowMs / S - 60;
    const path = `/archive/news/index.m3u8?from=${from}&duration=90`;
    const list = await listOf(await it.app.ask(path));
    expect([list.type, list.endList, secondsOf(list)]).toEqual(['EVENT', false, 60]);
    it.main.fill(10);
    it.app.clock.stepWall(40 * S);
    const done = await listOf(await it.app.ask(path));
    expect([done.type, done.endList, secondsOf(done)]).toEqual(['VOD', true, 92]);
  });

  test('ends with what there is where its end has come, and is asked for again a moment later', async () => {
    using it = world();
    // What is on its way into the archive
    it.app.clock.stepWall(6 * S);
    const from = it.nowMs / S - 60;
    const path = `/archive/news/index.m3u8?from=${from}&to=${it.nowMs / S + 5}`;
    const answer = await it.app.ask(path);
    expect(answer.headers.get('cache-control')).not.toContain('600');
    const list = await listOf(answer);
    expect([list.type, list.endList, list.start]).toEqual(['EVENT', true, undefined]);
    expect(secondsOf(list)).toBe(60);
    it.main.fill(2);
    const done = await listOf(await it.app.ask(path));
    expect([done.type, done.endList, secondsOf(done)]).toEqual(['VOD', true, 68]);
  });

  test('ends so by the clock of a box that is a little ahead of ours, too', async () => {
    using it = world();
    for (const [aheadS, endList] of [
      [9, true],
      [11, false],
    ] as const) {
      const { nowMs } = it;
      const path = `/archive/news/index.m3u8?from=${nowMs / S - 60}&to=${nowMs / S + aheadS}`;
      expect((await listOf(await it.app.ask(path))).endList).toBe(endList);
    }
  });

  test('that was handed out open stays so until it holds its end', async () => {
    using it = world();
    const path = `/archive/news/index.m3u8?from=${it.nowMs / S - 60}&to=${it.nowMs / S + 15}`;
    expect((await listOf(await it.app.ask(path))).endList).toBe(false);
    it.app.clock.stepWall(16 * S);
    expect((await listOf(await it.app.ask(path))).endList).toBe(false);
    it.main.fill(4);
    expect((await listOf(await it.app.ask(path))).endList).toBe(true);
  });

  test('is at an end where nothing more will come', async () => {
    using it = world();
    it.app.clock.stepWall(11 * MIN);
    const from = it.nowMs / S - 60;
    const list = await listOf(
      await it.app.ask(`/archive/news/index.m3u8?from=${from}&duration=1h`),
    );
    expect(list.endList).toBe(true);
  });

  const day = 'from=2026-11-21T00:00:00Z&to=2026-11-21T00:10:00Z';
  const refused: readonly (readonly [string, number, string])[] = [
    [`/archive/news/index.m3u8?${day}`, 404, 'it holds 2026-11-21T18:00:00Z to'],
    ['/archive/news/index.m3u8', 400, '?from=&to='],
    ['/archive/news/index.m3u8?from=yesterday', 400, 'Unix seconds'],
    ['/archive/news/index.m3u8?from=200&to=100', 400, 'not before'],
    ['/archive/news/index.m3u8?from=100&to=100000', 400, '24 hours'],
    ['/archive/news/index.m3u8?from=1&at=2', 400, 'one of'],
    ['/archive/news/index.m3u8?from=1&duration=ever', 400, 'duration'],
    ['/live/news/index.m3u8?delay=soon', 400, '30m'],
    [`/archive/other/index.m3u8?${day}`, 404, 'not archived'],
    [`/live/other/index.m3u8?delay=10m`, 404, 'not archived'],
    [`/archive/none/index.m3u8?${day}`, 404, 'none with the id'],
    [`/archive/news/none/index.m3u8?${day}`, 404, 'no such rendition'],
    ['/archive/news/main/none.ts', 404, 'names it'],
    ['/archive/news', 404, '/archive/{channel}.ts'],
  ];
  test.each(refused)('refuses %s with %d', async (path, status, text) => {
    using it = world();
    const answer = await it.app.ask(path);
    expect(await answer.text()).toContain(text);
    expect(answer.status).toBe(status);
    expect(it.app.loopsOpened).toBe(0);
  });

  test('says that nothing is stored yet', async () => {
    using it = world(() => {});
    for (const path of ['index.m3u8?from=1&to=2', 'main/index.m3u8?delay=1m']) {
      const answer = await it.app.ask(`/archive/news/${path}`);
      expect([answer.status, await answer.text()]).toEqual([404, expect.stringContaining('yet')]);
    }
    expect(await (await it.app.ask('/archive/news/days')).json()).toEqual({
      channel: 'news',
      days: [],
    });
  });

  test('packs a long list, and answers HEAD with its headers', async () => {
    using it = world();
    const path = `/archive/news/index.m3u8?from=${it.startMs / S}`;
    const packed = await it.app.ask(path, { 'accept-encoding': 'gzip' });
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    const plain = await it.app.ask(path);
    expect(Buffer.from(Bun.gunzipSync(await packed.bytes())).toString()).toBe(await plain.text());
    const head = await it.app.ask(path, {}, 'HEAD');
    expect([head.status, head.headers.get('etag')]).toEqual([200, plain.headers.get('etag')]);
  });

  test('keeps what a viewer will ask for next, and says so once a minute at most', async () => {
    using it = world();
    for (let round = 0; round < 20; round++) await it.app.ask('/archive/news/main/s550.ts');
    expect(it.main.kept.length).toBe(1);
    const [{ span, untilMs }] = it.main.kept as [
      { span: { fromMs: number; toMs: number }; untilMs: number },
    ];
    expect(span.fromMs).toBeLessThanOrEqual(it.startMs + 450 * 4 * S);
    expect(span.toMs).toBeGreaterThanOrEqual(it.startMs + 450 * 4 * S + 10 * MIN);
    expect(untilMs).toBe(it.nowMs + 10 * MIN);
    it.app.clock.stepWall(2 * MIN);
    await it.app.ask('/archive/news/main/s550.ts');
    expect(it.main.kept.length).toBe(2);
  });

  const bodies = [
    ['gone', { kind: 'gone' }, 410],
    ['late', { kind: 'late', retryAfterS: 3 }, 503],
  ] as const;
  test.each(bodies)('says that a body is %s', async (_what, body, status) => {
    using it = world();
    it.main.bodies.set('s550.ts', body);
    const asked = it.app.ask('/archive/news/main/s550.ts');
    await it.app.clock.advance(10_000);
    const answer = await asked;
    expect(answer.status).toBe(status);
    if (body.kind === 'late') expect(answer.headers.get('retry-after')).toBe('3');
  });
});

test('a body that is late is waited for, as long as a player waits', async () => {
  using it = world();
  const body = it.main.bodies.get('s550.ts') as ArchivedBody;
  it.main.bodies.set('s550.ts', { kind: 'late', retryAfterS: 3 });
  const asked = it.app.ask('/archive/news/main/s550.ts');
  await it.app.clock.advance(2000);
  it.main.bodies.set('s550.ts', body);
  await it.app.clock.advance(1000);
  expect(await (await asked).text()).toBe('body 550');
});

test('/archive/{channel}/days counts what is held of each day, and goes on counting', async () => {
  using it = world((main) => {
    main.fill(6 * 900 + 10).put({ gap: true });
    main.put({ startMs: (main.held()?.toMs ?? 0) + 10 * MIN, discontinuity: true }).fill(99);
  });
  const days = async () => (await (await it.app.ask('/archive/news/days')).json()).days;
  const [first, second, ...none] = await days();
  expect(none).toEqual([]);
  expect([first.date, first.seconds, first.gapSeconds]).toEqual(['2026-11-21', 21_600, 0]);
  expect([second.date, second.seconds, second.gapSeconds]).toEqual(['2026-11-22', 444, 4]);
  expect(second.stretches).toEqual([
    { from: '2026-11-22T00:00:00Z', to: '2026-11-22T00:00:44Z' },
    { from: '2026-11-22T00:10:44Z', to: '2026-11-22T00:17:24Z' },
  ]);
  it.main.fill(5);
  it.main.rows.splice(0, 900);
  const read = it.main.rowsRead;
  const [shorter, longer] = await days();
  expect([shorter.seconds, shorter.from]).toEqual([21_600 - 3600, '2026-11-21T19:00:00Z']);
  expect(longer.seconds).toBe(464);
  expect(it.main.rowsRead - read).toBeLessThan(5 * 900 + 20);
});

test('/metrics counts what was answered of archives', async () => {
  using it = world();
  const { app } = it;
  await app.ask('/live/news/index.m3u8?delay=1m');
  await app.ask('/archive/news/main/s550.ts');
  await app.ask('/archive/news/days');
  await app.ask('/live/news/index.m3u8?delay=9h');
  await app.ask('/archive/news/main/none.ts');
  const text = await (await app.ask('/metrics')).text();
  for (const [what, count] of Object.entries({ list: 1, body: 1, days: 1, none: 2, late: 0 })) {
    expect(text).toContain(`weir_archive_answers_total{what="${what}"} ${count}`);
  }
});
