// This file tests what `weir import` says and keeps.
import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { EXIT, type ExitCode } from '../../src/command/command-line.ts';
import { runCommandLine } from '../../src/main.ts';
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts';

/** Each run starts the real thread, which takes its time where all cores are busy. */
const WAIT_MS = 30_000;

async function run(
  folder: TempFolder,
  args: readonly string[],
  isPerson = false,
): Promise<[ExitCode, string, string]> {
  const heard = { out: '', error: '' };
  const code = await runCommandLine(['import', ...args], {
    environment: {},
    workingDir: folder.path,
    isPerson,
    isColoured: false,
    out: (said) => {
      heard.out += said.replaceAll(folder.path, '/f');
    },
    error: (said) => {
      heard.error += said.replaceAll(folder.path, '/f');
    },
  });
  return [code, heard.out, heard.error];
}

const entry = (name: string, url = name, more = '') =>
  `#EXTINF:-1${more},${name}\nhttp://h.example/${url}\n`;
const YAML = `data: ./data
channels: [{ id: own, name: Arte, sources: http://h.example/own.m3u8 }]
lineups:
  - path: a.m3u
    exclude: { name: /nothing/ }
  - { path: b.m3u, merge: true }
`;

describe('weir import', () => {
  test(
    'says what would change, keeps it where it is no trial, and says what did',
    async () => {
      await using folder = await createTempFolder();
      await folder.write('weir.yaml', YAML);
      await folder.write(
        'a.m3u',
        `#EXTM3U\n${entry('One', '1')}${entry('Two', '2')}udp://@239.0.0.1\n`,
      );
      await folder.write('b.m3u', `#EXTM3U\n${entry('Arte HD', '3')}`);
      const wanted = `/f/a.m3u: 2 channels; in the list: scheme 1
  2 added
    one
    two
  1 left out or cut, by line
    6: A URL of the scheme udp:, wanted http: or https:
  nothing was found by exclude.name /nothing/
/f/b.m3u: 1 channel
  1 added
    arte-hd
  1 another source of a channel
    Arte HD → own
`;
      const trial = await run(folder, ['--dry-run']);
      expect(trial).toEqual([EXIT.ok, `${wanted}Nothing was changed.\n`, '']);
      expect(await Bun.file(join(folder.path, 'data/shared.sqlite')).exists()).toBe(false);
      expect(await run(folder, [])).toEqual([
        EXIT.ok,
        `${wanted}Kept; a running weir takes it up.\n`,
        '',
      ]);
      await folder.write('a.m3u', `#EXTM3U\n${entry('Uno', '1')}${entry('Three', '9')}`);
      const [code, out] = await run(folder, ['--dry-run', '--json']);
      expect(code).toBe(EXIT.ok);
      expect(JSON.parse(out)).toMatchObject({
        isTrial: true,
        lineUps: [
          {
            name: '/f/a.m3u',
            channels: 2,
            added: ['three'],
            gone: ['two'],
            renamed: [{ id: 'one', from: 'One', to: 'Uno' }],
          },
          { name: '/f/b.m3u', added: [], merged: 1, merges: [{ name: 'Arte HD', id: 'own' }] },
        ],
      });
    },
    WAIT_MS,
  );

  test(
    'one that shrank is taken only where that is said; what fails is named',
    async () => {
      await using folder = await createTempFolder();
      await folder.write(
        'weir.yaml',
        'data: ./data\nlineups: [{ path: a.m3u }, { path: no.m3u }]\n',
      );
      await folder.write(
        'a.m3u',
        `#EXTM3U\n${['a', 'b', 'c'].map((name) => entry(name)).join('')}`,
      );
      const [code, out] = await run(folder, []);
      expect(code).toBe(EXIT.failed);
      expect(out).toContain(
        '/f/no.m3u: NOT read\n  Cannot read line-up /f/no.m3u: it is not there',
      );
      expect(out).toEndWith('Kept; a running weir takes it up. 1 of 2 stay as they were.\n');
      await folder.write('a.m3u', `#EXTM3U\n${entry('a')}`);
      expect((await run(folder, []))[1]).toContain('(LINEUP_SHRUNK)');
      expect((await run(folder, ['--accept-shrunk']))[1]).toContain('2 gone\n    b\n    c\n');
      for (const nothing of ['', '#EXTM3U\n', '<html>Log in</html>']) {
        await folder.write('a.m3u', nothing);
        const [failed, said] = await run(folder, ['--accept-shrunk']);
        expect(failed).toBe(EXIT.failed);
        expect(said).toContain('/f/a.m3u: NOT read');
        expect(said).toEndWith('\nNothing was changed. 2 of 2 stay as they were.\n');
      }
    },
    WAIT_MS,
  );

  test(
    'what is wrong with the rows of an account is named',
    async () => {
      await using folder = await createTempFolder();
      await using panel = Bun.serve({
        ...{ hostname: '127.0.0.1', port: 0, development: false },
        fetch({ url }) {
          const action = new URL(url).searchParams.get('action');
          if (action === null) return Response.json({ user_info: { auth: 1, status: 'Active' } });
          const rows = [{ name: 'One', stream_id: 1 }, { name: 'No id' }];
          return Response.json(action === 'get_live_streams' ? rows : []);
        },
      });
      const account = `xtream: 'http://127.0.0.1:${panel.port}', username: u, password: p, name: panel`;
      const yaml = `data: ./data\nallow_private: 127.0.0.1\nlineups: [{ ${account} }]\n`;
      await folder.write('weir.yaml', yaml);
      const [code, out] = await run(folder, ['--dry-run']);
      expect(code).toBe(EXIT.ok);
      expect(out).toStartWith('panel: 1 channel; in the list: bad-row 1\n  1 added\n    one\n');
      expect(out).toContain(
        '  1 left out or cut, by line\n    2: Row of get_live_streams without a usable stream_id\n',
      );
    },
    WAIT_MS,
  );

  test(
    'a person sees a bar, which leaves nothing behind',
    async () => {
      await using folder = await createTempFolder();
      await folder.write('a.m3u', `#EXTM3U\n${entry('a')}`);
      const [, out, error] = await run(folder, ['--dry-run', '--m3u', 'a.m3u'], true);
      expect(error).toContain('░ 1/1 /f/a.m3u');
      expect(error).toEndWith('\r\u001b[K');
      expect(out).not.toContain('░');
    },
    WAIT_MS,
  );

  test(
    'where there is none it says so',
    async () => {
      await using folder = await createTempFolder();
      expect((await run(folder, []))[0]).toBe(EXIT.failed);
    },
    WAIT_MS,
  );
});
