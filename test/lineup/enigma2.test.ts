// This file tests the bouquets that Enigma2 boxes are given.
import { describe, expect, test } from 'bun:test';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  bouquetFile,
  bouquetName,
  formatBouquet,
  formatBouquetIndex,
  formatBouquetScript,
} from '../../src/lineup/enigma2.ts';
import type { M3uEntry } from '../../src/media/m3u/entry.ts';
import { safeEntry } from '../../src/media/m3u/format.ts';
import { hostileEntry, hostileText } from '../media/m3u/hostile.ts';
import { readAsEnigma2 } from '../support/player-parsers/enigma2.ts';
import { createTempFolder } from '../support/temp-folder.ts';

const news: M3uEntry = {
  id: 'news',
  name: 'News: 24',
  url: 'http://tv.example:81/live/news/index.m3u8?host=http%3A%2F%2Fx',
  form: 'hls',
};

describe('formatBouquet()', () => {
  test('writes what boxes have in their files', () => {
    const sport: M3uEntry = { id: 'sport', name: 'Sport', url: 'http://h/live/s.ts', form: 'ts' };
    expect(formatBouquet('TV', { entries: [news, sport] })).toBe(
      '#NAME TV\n' +
        '#SERVICE 4097:0:0:0:0:0:0:0:0:0:' +
        'http%3a//tv.example%3a81/live/news/index.m3u8?host=http%253A%252F%252Fx:News%3a 24\n' +
        '#DESCRIPTION News: 24\n' +
        '#SERVICE 1:0:0:0:0:0:0:0:0:0:http%3a//h/live/s.ts:Sport\n' +
        '#DESCRIPTION Sport\n',
    );
  });

  test('a box reads every channel as it was meant, whatever it is called', () => {
    const form = fc.constantFrom('hls', 'ts', undefined);
    const entries = fc.array(fc.tuple(hostileEntry, form), { maxLength: 5 });
    fc.assert(
      fc.property(hostileText, entries, (name, drawn) => {
        const lineUp = drawn.map(([entry, form]) =>
          form === undefined ? entry : ({ ...entry, form } as const),
        );
        const text = formatBouquet(bouquetName([name]), { entries: lineUp });
        expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/);
        expect(text.split('\n')).toHaveLength(2 + 2 * lineUp.length);
        const read = readAsEnigma2(text);
        expect(read.bouquets).toEqual([]);
        expect(read.services).toEqual(
          lineUp.map((entry) => {
            const { name, url } = safeEntry(entry) as M3uEntry;
            return { type: entry.form === 'ts' ? 1 : 4097, path: url, name };
          }),
        );
      }),
      { numRuns: 500 },
    );
  });
});

describe('bouquetFile()', () => {
  const rows: readonly (readonly [readonly string[], string, string])[] = [
    [[], 'userbouquet.weir.tv', 'weir'],
    [['News'], 'userbouquet.weir-news.tv', 'News'],
    [[''], 'userbouquet.weir.tv', 'weir'],
    [['News', 'Sport'], 'userbouquet.weir.tv', 'weir'],
    [["../'$(id)\n"], 'userbouquet.weir-id.tv', "../'$(id)"],
  ];
  test.each(rows)('of the groups %j it is %s, called %s', (groups, file, name) => {
    expect(bouquetFile(groups)).toBe(file);
    expect(bouquetName(groups)).toBe(name);
  });

  test('holds nothing that a shell, a header or a path reads', () => {
    fc.assert(
      fc.property(hostileText, (group) => {
        expect(bouquetFile([group])).toMatch(/^userbouquet\.weir(?:-[a-z0-9_-]{1,64})?\.tv$/);
      }),
    );
  });
});

describe('formatBouquetScript()', () => {
  const FILE = 'userbouquet.weir.tv';
  const URL_ = "http://tv.example/it's/playlist.m3u?dialect=enigma2&group=a%27b";

  /** A box whose wget finds `bouquet` at any address of ours, and writes down what it was asked. */
  async function box(folder: string, bouquet: string) {
    const bin = join(folder, 'bin');
    await mkdir(bin, { recursive: true });
    await Bun.write(join(folder, 'source'), bouquet);
    const wget = join(bin, 'wget');
    await Bun.write(
      wget,
      `#!/bin/sh\necho "$4" >> ${folder}/asked\n[ "$3" = /dev/null ] || cat ${folder}/source > "$3"\n`,
    );
    await chmod(wget, 0o755);
    const run = async () => {
      const ran = Bun.spawn(['sh', '-s'], {
        stdin: new Blob([formatBouquetScript(FILE, URL_)]),
        stdout: 'pipe',
        stderr: 'pipe',
        env: { PATH: `${bin}:${process.env['PATH']}`, ENIGMA2_FOLDER: folder },
      });
      return { code: await ran.exited, said: await new Response(ran.stderr).text() };
    };
    const read = async (name: string) => await Bun.file(join(folder, name)).text();
    return {
      run,
      read,
      write: (name: string, text: string) => Bun.write(join(folder, name), text),
    };
  }

  test('puts the bouquet in, once, behind those there are', async () => {
    await using folder = await createTempFolder();
    const it = await box(folder.path, formatBouquet('weir', { entries: [news] }));
    await it.write('bouquets.tv', '#NAME Bouquets (TV)\n#SERVICE old');
    for (let times = 0; times < 2; times += 1)
      expect(await it.run()).toEqual({ code: 0, said: '' });
    expect(readAsEnigma2(await it.read(FILE)).services).toHaveLength(1);
    expect(await it.read('bouquets.tv')).toBe(
      `#NAME Bouquets (TV)\n#SERVICE old\n${formatBouquetIndex(FILE).split('\n')[1]}\n`,
    );
    const asked = (await it.read('asked')).split('\n');
    expect(asked[0]).toBe(URL_.replace("'", '%27'));
    expect(asked[1]).toBe('http://127.0.0.1/web/servicelistreload?mode=2');
  });

  test('a box without bouquets has an index then', async () => {
    await using folder = await createTempFolder();
    const it = await box(folder.path, formatBouquet('weir', { entries: [news] }));
    expect((await it.run()).code).toBe(0);
    expect(await it.read('bouquets.tv')).toBe(formatBouquetIndex(FILE));
    expect(readAsEnigma2(await it.read('bouquets.tv')).bouquets).toEqual([FILE]);
  });

  test('changes nothing where what it fetched is no bouquet', async () => {
    await using folder = await createTempFolder();
    const it = await box(folder.path, '<html>');
    await it.write(FILE, 'old');
    const { code, said } = await it.run();
    expect(code).toBe(1);
    expect(said).toContain('nothing was changed');
    expect(await it.read(FILE)).toBe('old');
    expect(await Bun.file(join(folder.path, 'bouquets.tv')).exists()).toBe(false);
  });
});
