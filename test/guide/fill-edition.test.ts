// This file tests that a guide reads the same however many threads read it, and if one dies.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { Edition } from '../../src/guide/edition.ts';
import { fillEdition } from '../../src/guide/fill-edition.ts';
import { openGuideFile } from '../../src/guide/guide-file.ts';
import { ImportCrew } from '../../src/guide/import-crew.ts';
import { IMPORT_WORKER } from '../../src/threads.ts';
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts';

let folder: TempFolder;
beforeEach(async () => {
  folder = await createTempFolder();
});
afterEach(async () => {
  await folder[Symbol.asyncDispose]();
});

type Row = { readonly channel: string; readonly text: string };

/** What is kept of a guide, as bytes that tell every difference. */
async function filled(name: string, text: string, second?: URL, maxChannels = 100) {
  const dataDir = join(folder.path, name);
  using database = openGuideFile(dataDir);
  using crew = new ImportCrew(second);
  using edition = new Edition(database, dataDir, 'g', maxChannels);
  const { signal } = new AbortController();
  const problems = await fillEdition(edition, pieces(text), { signal, crew });
  const counts = await edition.finish({ fetchedMs: 0, problems }, crew);
  const days = database
    .query<Row & { day: number }, []>(
      'SELECT channel, day, brief, hex(deflated) AS text FROM day ORDER BY channel, day',
    )
    .all();
  const channels = database.query('SELECT id, name, xml FROM channel ORDER BY id').all();
  return { problems, counts, days, channels };
}

async function* pieces(text: string): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000);
}

/** Some batches of it, with what is broken among them, and two that begin at once. */
function someGuide(): string {
  const elements = ['<channel id="0"><display-name>Zero &amp; more</display-name></channel>'];
  for (let number = 0; number < 2000; number++) {
    const hour = String(number % 24).padStart(2, '0');
    const day = String(1 + (Math.floor(number / 24) % 28)).padStart(2, '0');
    const at = `start="202611${day}${hour}0000 +0000" channel="${number % 7}"`;
    const title = number % 50 === 49 ? '' : `<title>T ${number} &eacute;</title>`;
    elements.push(`<programme ${at}>${title}<desc>${'words '.repeat(20)}</desc></programme>`);
    if (number % 90 === 0) elements.push(`<programme ${at}><title>Again</title></programme>`);
    if (number % 400 === 0) elements.push('<programme start="x" channel="1"><title>a</title');
  }
  return `<tv>${elements.join('\n')}</tv>`;
}

describe('fillEdition()', () => {
  test('keeps the same with another thread as without', async () => {
    const text = someGuide();
    const alone = await filled('alone', text);
    expect(alone.counts.programmes).toBeGreaterThan(100);
    expect(alone.problems).toMatchObject({ 'no-title': 40 });
    expect(await filled('two', text, IMPORT_WORKER)).toEqual(alone);
  });

  test('and where that thread cannot start', async () => {
    const text = someGuide();
    const missing = new URL('./no-such-worker.ts', import.meta.url);
    expect(await filled('dead', text, missing)).toEqual(await filled('alone', text));
  });

  test('takes no more channels than it may', async () => {
    const { counts, problems } = await filled('few', someGuide(), undefined, 3);
    expect(counts.channels).toBe(3);
    expect(problems['too-many-channels']).toBeGreaterThan(100);
  });

  test('ends where it is told to', async () => {
    const ended = new AbortController();
    using database = openGuideFile(folder.path);
    using crew = new ImportCrew(undefined);
    using edition = new Edition(database, folder.path, 'g', 100);
    ended.abort();
    const filling = fillEdition(edition, pieces(someGuide()), { signal: ended.signal, crew });
    await expect(filling).rejects.toThrow();
  });
});
