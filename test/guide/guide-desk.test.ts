// This file tests that guides come in, replace each other only when they are whole, and go out.
import { Database } from 'bun:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { WantedChannel } from '../../src/guide/document.ts';
import { GuideDesk } from '../../src/guide/guide-desk.ts';
import { lockImports } from '../../src/guide/import-lock.ts';
import type { GuideRead } from '../../src/guide/read-guide.ts';
import { safeText } from '../../src/media/m3u/safe-text.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { type ScriptedAnswer, scriptedOutbound } from '../support/outbound-script.ts';
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts';

const PLACE = 'http://guide.example/all.xml';
const POLICY = { headers: {}, verifyTls: true, allowDowngrade: false };
const DAY = Math.floor(Date.UTC(2026, 10, 21) / 86_400_000);
const A: WantedChannel = { id: 'a', name: 'Own A', logo: 'http://h/a.png' };
const B: WantedChannel = { id: 'b', name: 'Own B' };

function showing(channel: string, start: string, stop: string | undefined, title: string): string {
  const end = stop === undefined ? '' : ` stop="${stop} +0000"`;
  return `<programme start="${start} +0000"${end} channel="${channel}"><title>${title}</title></programme>`;
}

const EVENING = [
  '<channel id="a"><display-name>A</display-name></channel>',
  showing('a', '20261121200000', '20261121210000', 'One'),
  showing('b', '20261121200000', '20261121203000', 'Two'),
  showing('a', '20261121210000', undefined, 'Three'),
  showing('a', '20261122020000', undefined, 'Four'),
];

function tv(...elements: readonly string[]): string {
  return `<?xml version="1.0"?><!DOCTYPE tv><tv>${elements.join('\n')}</tv>`;
}

let folder: TempFolder;
let desk: GuideDesk;
let answer: ScriptedAnswer;
const outbound = scriptedOutbound({ [PLACE]: () => answer });

beforeEach(async () => {
  folder = await createTempFolder();
  desk = new GuideDesk({ dataDir: folder.path, outbound, clock: new FakeClock() });
  outbound.requests.length = 0;
});

afterEach(async () => {
  await desk[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

function read(given: ScriptedAnswer | string | Uint8Array, id = 'g'): Promise<GuideRead> {
  answer = typeof given === 'string' || given instanceof Uint8Array ? { body: given } : given;
  return desk.call({ what: 'import', spec: { id, place: PLACE, policy: POLICY } });
}

async function document(
  channels: readonly WantedChannel[],
  { guides = ['g'], fromDay = DAY, toDay = DAY + 6 } = {},
): Promise<string> {
  const spec = { key: 'k', guides, channels, fromDay, toDay };
  const out = await desk.call({ what: 'document', spec, folder: join(folder.path, 'guide') });
  const bytes = await Bun.file(out.path).bytes();
  expect(bytes.length).toBe(out.gzipBytes);
  const text = gunzipSync(bytes);
  expect(text.length).toBe(out.textBytes);
  return text.toString();
}

function titles(text: string): readonly string[] {
  return [...text.matchAll(/<title>(.*?)<\/title>/g)].map(([, title]) => title as string);
}

describe('GuideDesk imports', () => {
  test('a guide, and writes it for the channels of a line-up', async () => {
    expect(await read(tv(...EVENING))).toEqual({
      kind: 'taken',
      channels: 2,
      programmes: 4,
      problems: {},
    });
    const text = await document([A, B, { id: 'c', name: 'Own C & Co', number: 5.1 }]);
    expect(text).toStartWith(
      '<?xml version="1.0" encoding="UTF-8"?>\n<tv generator-info-name="weir',
    );
    expect(text).toContain(
      '<channel id="a"><display-name>Own A</display-name><icon src="http://h/a.png"/></channel>',
    );
    expect(text).toContain('<channel id="b"><display-name>Own B</display-name></channel>');
    expect(text).toContain(
      '<channel id="c"><display-name>Own C &amp; Co</display-name><display-name>5.1</display-name></channel>',
    );
    expect(text).toEndWith('</tv>\n');
    expect(titles(text)).toEqual(['One', 'Three', 'Four', 'Two']);
  });

  test('and keeps of a programme all that players show', async () => {
    const said = [
      '<title lang="en">T</title><sub-title>S</sub-title><desc lang="de">D</desc>',
      '<credits><director>R</director><actor role="Hero">A</actor></credits><date>2026</date>',
      '<category>Film</category><keyword>k</keyword><language>en</language>',
      '<icon src="http://h/i.png"/><url>http://h/u</url><country>UK</country>',
      '<episode-num system="xmltv_ns">1.4.0/2</episode-num>',
      '<episode-num system="onscreen">S02E05</episode-num>',
      '<video><aspect>16:9</aspect><quality>HDTV</quality></video>',
      '<audio><stereo>dolby</stereo></audio>',
      '<previously-shown start="20250101000000 +0000"/><premiere>P</premiere><last-chance/><new/>',
      '<subtitles type="teletext"/>',
      '<rating system="BBFC"><value>PG</value><icon src="http://h/pg.png"/></rating>',
      '<star-rating><value>3/5</value></star-rating>',
    ].join('');
    const head = 'start="20261121200000 +0000" stop="20261121210000 +0000" channel="a"';
    await read(tv(`<programme ${head} catchup-id="7">${said}</programme>`));
    expect(await document([A])).toContain(`<programme ${head} catchup-id="7">${said}</programme>`);
  });

  test('and tells where what has no end ends', async () => {
    await read(tv(...EVENING));
    const text = await document([A]);
    expect(text).toContain('start="20261121210000 +0000" stop="20261122020000 +0000"');
    expect(text).toContain('start="20261122020000 +0000" stop="20261122023000 +0000"');
  });

  test('days, and only those that are asked for', async () => {
    await read(tv(...EVENING));
    expect(titles(await document([A], { toDay: DAY }))).toEqual(['One', 'Three']);
    expect(titles(await document([A], { fromDay: DAY + 1 }))).toEqual(['Four']);
    expect(titles(await document([A], { fromDay: DAY + 2 }))).toEqual([]);
  });

  test('what overlaps as what follows, and what stands twice once', async () => {
    await read(
      tv(
        showing('a', '20261121210000', '20261121220000', 'Second'),
        showing('a', '20261121200000', '20261121213000', 'First'),
        showing('a', '20261121200000', '20261121210000', 'Again'),
      ),
    );
    const text = await document([A]);
    expect(titles(text)).toEqual(['First', 'Second']);
    expect(text).toContain('start="20261121200000 +0000" stop="20261121210000 +0000"');
  });

  const packed: readonly (readonly [string, (text: string) => Uint8Array | Promise<Uint8Array>])[] =
    [
      ['gzip', (text) => new Uint8Array(gzipSync(text))],
      ['gzip twice', (text) => new Uint8Array(gzipSync(gzipSync(text)))],
      ['xz', (text) => xz(text)],
      ['UTF-16', (text) => new Uint8Array(Buffer.from(`\ufeff${text}`, 'utf16le'))],
    ];
  test.each(packed)('from %s', async (_, pack) => {
    expect(await read(await pack(tv(...EVENING)))).toMatchObject({ kind: 'taken', programmes: 4 });
  });

  test('a file', async () => {
    const place = join(folder.path, 'own.xml.gz');
    await Bun.write(place, gzipSync(tv(...EVENING)));
    const spec = { id: 'g', place, policy: POLICY };
    expect(await desk.call({ what: 'import', spec })).toMatchObject({ programmes: 4 });
    for (const [where, why] of [
      [`${folder.path}/none.xml`, 'it is not there'],
      [folder.path, 'it is a folder'],
    ] as const) {
      const call = desk.call({ what: 'import', spec: { ...spec, place: where } });
      const message = `Cannot read guide from ${where}: ${why}, wanted a file`;
      await expect(call).rejects.toMatchObject({ code: 'GUIDE_FILE', message });
    }
  });

  test('letters of Latin-1 where the declaration says so', async () => {
    const text = `<?xml version="1.0" encoding="ISO-8859-1"?><tv>${showing('a', '20261121200000', undefined, 'Caf\u00e9')}</tv>`;
    await read(new Uint8Array(Buffer.from(text, 'latin1')));
    expect(titles(await document([A]))).toEqual(['Caf\u00e9']);
  });

  test('what can be used of one that is broken', async () => {
    const broken = [
      '<channel><display-name>no id</display-name></channel>',
      '<programme start="20261121200000" channel="a"></programme>',
      '<programme start="soon" channel="a"><title>x</title></programme>',
      '<programme channel="a"><title>without end',
    ];
    expect(await read(tv(...EVENING, ...broken, EVENING[0] as string))).toMatchObject({
      programmes: 4,
      problems: {
        'channel-unusable': 1,
        'no-title': 1,
        'no-time': 1,
        'element-without-end': 1,
      },
    });
  });

  test('an id that no line-up can hold under the one it has there', async () => {
    await read(tv(showing('a&quot;b,c', '20261121200000', undefined, 'One')));
    expect(titles(await document([{ id: safeText('a"b,c'), name: 'x' }]))).toEqual(['One']);
  });
});

describe('GuideDesk joins programmes to channels', () => {
  const named = (id: string) => `<channel id="${id}"><display-name>${id}</display-name></channel>`;
  const of = (id: string, title: string) => showing(id, '20261121200000', undefined, title);
  const rows: readonly (readonly [string, readonly string[], string, readonly string[]])[] = [
    ['that write its id in other letters', [named('A.uk'), of('a.UK', 'One')], 'A.uk', ['One']],
    ['before it is named', [of('a.UK', 'One'), named('A.uk')], 'A.uk', ['One']],
    [
      'of its own letters alone where there are any',
      [named('A.uk'), of('a.uk', 'Other'), of('A.uk', 'Own')],
      'A.uk',
      ['Own'],
    ],
    [
      'of one other spelling alone',
      [named('A.uk'), of('A.UK', 'One'), of('a.uk', 'Two')],
      'A.uk',
      ['One'],
    ],
  ];
  test.each(rows)('%s', async (_, elements, id, wanted) => {
    await read(tv(...elements));
    expect(titles(await document([{ id, name: 'x' }]))).toEqual([...wanted]);
  });
});

describe('GuideDesk keeps what it has', () => {
  const refused: readonly (readonly [string, ScriptedAnswer, string])[] = [
    ['where the server fails', { status: 500, body: tv(...EVENING) }, 'GUIDE_STATUS'],
    ['where it sends a page', { body: '<!DOCTYPE html><html></html>' }, 'MEDIA_FORMAT'],
    ['where it sends nothing', { body: '' }, 'MEDIA_FORMAT'],
    ['where nothing is on', { body: tv() }, 'GUIDE_EMPTY'],
    ['where most of it is gone', { body: tv(EVENING[1] as string) }, 'GUIDE_SHRUNK'],
    ['where its last line is missing', { body: tv(...EVENING).slice(0, -5) }, 'GUIDE_CUT'],
    ['where it ends in the middle', { body: tv(...EVENING).slice(0, -60) }, 'GUIDE_CUT'],
    [
      'where its gzip is cut',
      { body: new Uint8Array(gzipSync(tv(...EVENING)).subarray(0, 90)) },
      'NET_ENCODING',
    ],
    [
      'where its xz is cut',
      { body: new Uint8Array([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 1, 2, 3]) },
      'GUIDE_COMPRESSION',
    ],
  ];
  test.each(refused)('%s', async (_, given, code) => {
    await read(tv(...EVENING));
    await expect(read(given)).rejects.toMatchObject({ code });
    expect(titles(await document([A, B]))).toHaveLength(4);
    expect(readdirSync(folder.path)).not.toContain('guide-incoming.sqlite');
  });

  test('and says so where the file of it is damaged', async () => {
    const path = join(folder.path, 'guide.sqlite');
    await Bun.write(path, 'no database '.repeat(1000));
    const message = `Cannot keep guides in ${path}: it is damaged, or no database (SQLITE_NOTADB)`;
    await expect(read(tv(...EVENING))).rejects.toMatchObject({ code: 'GUIDE_STORE', message });
    rmSync(path);
    expect(await read(tv(...EVENING))).toMatchObject({ kind: 'taken' });
    using database = new Database(path);
    database.run('DROP TABLE day');
    database.run('CREATE VIEW day AS SELECT 1');
    await expect(read(tv(...EVENING))).rejects.toMatchObject({ code: 'GUIDE_STORE' });
  });

  test('while another weir reads one into the same folder', async () => {
    await read(tv(...EVENING));
    {
      using _other = lockImports(folder.path);
      await expect(read(tv(...EVENING))).rejects.toMatchObject({ code: 'GUIDE_STORE' });
      expect(titles(await document([A, B]))).toHaveLength(4);
    }
    expect(await read(tv(...EVENING))).toMatchObject({ kind: 'taken' });
  });

  test('no longer than it has anything to come', async () => {
    await read(tv(...EVENING));
    await desk[Symbol.asyncDispose]();
    const clock = new FakeClock(Date.UTC(2026, 10, 22, 12));
    desk = new GuideDesk({ dataDir: folder.path, outbound, clock });
    const next = showing('a', '20261122200000', undefined, 'One of two');
    // Of the four one is of today
    expect(await read(tv(next))).toMatchObject({ programmes: 1 });
    clock.stepWall(86_400_000);
    const cut = tv(showing('a', '20261123200000', undefined, 'All there is')).slice(0, -5);
    expect(await read(cut)).toMatchObject({ problems: { 'cut-off': 1 } });
    expect(titles(await document([A]))).toEqual(['All there is']);
  });

  test('where the server says that it is the same', async () => {
    await read({ headers: { etag: '"1"', 'last-modified': 'then' }, body: tv(...EVENING) });
    expect(await read({ status: 304 })).toEqual({ kind: 'same' });
    expect(outbound.requests[1]?.policy.headers).toEqual({
      'if-none-match': '"1"',
      'if-modified-since': 'then',
    });
  });

  test('over a restart, and what a killed import left is gone', async () => {
    await read(tv(...EVENING));
    await desk[Symbol.asyncDispose]();
    await Bun.write(join(folder.path, 'guide-incoming.sqlite'), 'half of it');
    desk = new GuideDesk({ dataDir: folder.path, outbound, clock: new FakeClock() });
    expect(titles(await document([A, B]))).toHaveLength(4);
    expect(
      await read(tv(...EVENING, showing('b', '20261121203000', undefined, 'Five'))),
    ).toMatchObject({
      programmes: 5,
    });
  });

  test('until another edition is whole, which then takes its place', async () => {
    await read(tv(...EVENING));
    await read(tv(...EVENING.map((element) => element.replace('One', 'Other'))));
    expect(titles(await document([A]))).toEqual(['Other', 'Three', 'Four']);
    const kept = await desk.call({ what: 'kept' });
    expect(kept).toMatchObject([{ id: 'g', edition: 2, channels: 2, programmes: 4 }]);
  });

  test('and deletes guides that are named no more', async () => {
    await read(tv(...EVENING));
    await read(tv(...EVENING), 'other');
    await desk.call({ what: 'forget-others', guides: ['g'] });
    expect(await desk.call({ what: 'kept' })).toHaveLength(1);
    expect(titles(await document([A], { guides: ['g', 'other'] }))).toHaveLength(3);
  });
});

describe('GuideDesk merges guides', () => {
  test('day by day: the first that has anything', async () => {
    await read(tv(...EVENING), 'first');
    await read(
      tv(
        showing('a', '20261121200000', undefined, 'Not this'),
        showing('a', '20261123200000', undefined, 'This'),
      ),
      'second',
    );
    const guides = ['first', 'second'];
    expect(titles(await document([A], { guides }))).toEqual(['One', 'Three', 'Four', 'This']);
    expect(titles(await document([A], { guides: guides.toReversed() }))).toEqual([
      'Not this',
      'Four',
      'This',
    ]);
  });

  test('what is on', async () => {
    await read(tv(...EVENING));
    const at = (time: string) =>
      desk.call({
        what: 'on-air',
        guides: ['none', 'g'],
        feeds: [{ id: 'a' }, { id: 'c' }],
        atMs: Date.parse(time),
      });
    const now = (title: string, start: string, stop: string) => ({
      title,
      startMs: Date.parse(start),
      stopMs: Date.parse(stop),
    });
    const one = now('One', '2026-11-21T20:00:00Z', '2026-11-21T21:00:00Z');
    const three = now('Three', '2026-11-21T21:00:00Z', '2026-11-22T02:00:00Z');
    const four = now('Four', '2026-11-22T02:00:00Z', '2026-11-22T02:30:00Z');
    expect(await at('2026-11-21T20:30:00Z')).toEqual([
      { channel: 'a', now: one, next: three },
      { channel: 'c' },
    ]);
    // Over midnight
    expect((await at('2026-11-22T00:30:00Z'))[0]).toEqual({ channel: 'a', now: three, next: four });
    expect((await at('2026-11-21T00:30:00Z'))[0]).toEqual({ channel: 'a', next: one });
    expect((await at('2026-11-22T03:00:00Z'))[0]).toEqual({ channel: 'a' });
  });

  test('what began two days before and is still on', async () => {
    await read(tv(showing('a', '20261121200000', '20261123190000', 'Long')));
    const [guides, feed] = [['g'], { id: 'a' }];
    const atMs = Date.parse('2026-11-23T18:00:00Z');
    const [on] = await desk.call({ what: 'on-air', guides, feeds: [feed], atMs });
    expect(on?.now?.title).toBe('Long');
    const wanted = { fromMs: atMs, toMs: atMs + 1, limit: 9 };
    const told = await desk.call({ what: 'programmes', guides, feed, wanted });
    expect(told.map(({ title }) => title)).toEqual(['Long']);
  });
});

async function xz(text: string): Promise<Uint8Array> {
  const packing = Bun.spawn(['xz', '-c'], {
    stdin: new TextEncoder().encode(text),
    stdout: 'pipe',
  });
  return await new Response(packing.stdout).bytes();
}
