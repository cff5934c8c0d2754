// This file tests weir as it is called: what it writes, what it ends with, how it takes signals.
import { describe, expect, test } from 'bun:test';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createTempFolder } from './support/temp-folder.ts';
import { runWeir, Weir } from './support/weir.ts';

async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let look = 0; look < 500; look++) {
    if (await isSo()) return;
    await Bun.sleep(20);
  }
  throw new Error(`Not seen in ten seconds: ${what}`);
}

const said = (weir: Weir, message: string) =>
  weir.logs().filter((line) => line.message === message);

describe('weir', () => {
  const rows: readonly [string, string[], number, RegExp, RegExp][] = [
    ['version', ['version'], 0, /^weir \d+\.\d+\.\d+ \(Bun /, /^$/],
    ['--version', ['--version'], 0, /^weir \d/, /^$/],
    ['help', ['help'], 0, /^weir turns live sources/, /^$/],
    ['--help', ['--help'], 0, /^weir turns live sources/, /^$/],
    ['help of a command', ['help', 'probe'], 0, /Usage: weir probe URL \[flags\]/, /^$/],
    ['--help of a command', ['doctor', '--help'], 0, /Usage: weir doctor \[flags\]/, /^$/],
    [
      'help wins over what is wrong beside it',
      ['check', 'import', 'x', '-h'],
      0,
      /Usage: weir check/,
      /^$/,
    ],
    [
      'an unknown command',
      ['serv'],
      2,
      /^$/,
      /^weir: Unknown command "serv", did you mean weir serve\?\n$/,
    ],
    [
      'a command behind flags',
      ['--memory', '64MiB', 'check'],
      0,
      /memory +64MiB +--memory\n/,
      /^$/,
    ],
    ['help behind flags', ['--m3u=x', 'check', '--help'], 0, /Usage: weir check/, /^$/],
    [
      'an unknown command behind flags',
      ['--config', 'check', 'chek'],
      2,
      /^$/,
      /^weir: Unknown command "chek", did you mean weir check\?\n$/,
    ],
    [
      'help of an unknown command',
      ['help', 'x'],
      2,
      /^$/,
      /^weir: Unknown command "x", see weir help\n$/,
    ],
    [
      'an unknown flag',
      ['--lisen', ':1'],
      2,
      /^$/,
      /^weir: Unknown flag --lisen, did you mean --listen\?\n$/,
    ],
    ['a flag without its value', ['check', '--config'], 2, /^$/, /^weir: --config wants a value/],
    ['a word too many', ['check', 'x'], 2, /^$/, /does not know what to do with "x"/],
    ['a probe of nothing', ['probe'], 2, /^$/, /^weir: weir probe wants a URL/],
    [
      'a probe of no URL',
      ['probe', 'ftp://u:p@h/'],
      2,
      /^$/,
      /^weir: "ftp:\/\/\*\*\*@h\/" is no URL/,
    ],
    [
      'a bad header',
      ['probe', '--header', 'x', 'http://h/'],
      2,
      /^$/,
      /^weir: --header wants 'NAME: VALUE'\n$/,
    ],
    [
      'a probe that may not',
      ['probe', 'http://127.0.0.1:9/x'],
      1,
      /^$/,
      /\(NET_ADDRESS_BLOCKED\), --allow-private names blocks/,
    ],
    [
      'a file that is missing',
      ['check', '--config', 'gone.yaml'],
      78,
      /^$/,
      /^weir: --config: .*gone\.yaml is not there/,
    ],
    [
      'a wrong setting',
      ['serve', '--memory', '1'],
      78,
      /^$/,
      /^weir: --memory: memory: "1", wanted a size/,
    ],
  ];
  test.each(rows)('%s', async (_, args, code, out, error) => {
    const ran = await runWeir(args);
    expect({ code: ran.code, out: out.test(ran.stdout) || ran.stdout }).toEqual({
      code,
      out: true,
    });
    expect(error.test(ran.stderr) || ran.stderr).toBe(true);
  });

  test('check names every mistake with its line, and ends with 78', async () => {
    await using folder = await createTempFolder();
    const file = await folder.write('mine.yaml', 'lisen: 1\nmemory: lots\n');
    const ran = await runWeir(['check', '--config', file]);
    expect(ran.code).toBe(78);
    expect(ran.stderr.replaceAll(folder.path, '/f').replace(/weir: .*mine/g, 'weir: mine')).toBe(
      'weir: mine.yaml:1:1: lisen: unknown key, did you mean listen?\n' +
        'weir: mine.yaml:2:9: memory: "lots", wanted a size such as 1GiB, from 16MiB to 1TiB\n',
    );
  });

  test('check reads variables too', async () => {
    const ran = await runWeir(['check'], { env: { WEIR_LISTEN: ':9001' } });
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/listen +:9001 +WEIR_LISTEN\n/);
  });

  test('a reader that is gone is no reason to hang or to crash', async () => {
    const child = Bun.spawn(
      [
        'sh',
        '-c',
        '"$0" "$1" help | head -c 1',
        process.execPath,
        join(import.meta.dir, '../src/main.ts'),
      ],
      { stdout: 'pipe', stderr: 'pipe' },
    );
    expect(await new Response(child.stdout).text()).toBe('w');
    expect(await new Response(child.stderr).text()).toBe('');
  });
});

const channels = (...ids: string[]) =>
  `channels:${ids.map((id) => `\n  - { id: ${id}, sources: [{ loop: demo }] }`).join('')}\n`;

describe('weir serve', () => {
  test('without a configuration plays the demo, logs JSON lines, and stops on SIGTERM', async () => {
    await using weir = await Weir.start();
    const playlist = await fetch(weir.url('/live/demo/index.m3u8'));
    expect([playlist.status, (await playlist.text()).slice(0, 7)]).toEqual([200, '#EXTM3U']);
    const exit = await weir.stop();
    expect({ code: exit.code, signal: exit.signal }).toEqual({ code: 0, signal: null });
    for (const line of weir.output.trim().split('\n')) {
      expect(JSON.parse(line)).toMatchObject({
        level: expect.any(String),
        time: expect.any(String),
      });
    }
    expect(said(weir, 'listening')).toMatchObject([{ channels: 1, config: 'none' }]);
    expect(said(weir, 'stopping')).toMatchObject([{ reason: 'SIGTERM' }]);
  });

  test('takes up a changed file, and leaves what a broken one asks for', async () => {
    await using weir = await Weir.start({ yaml: channels('a', 'b') });
    const has = async (id: string) =>
      (await fetch(weir.url(`/live/${id}/index.m3u8`))).status === 200;
    expect([await has('a'), await has('b'), await has('c')]).toEqual([true, true, false]);

    const replace = async (text: string) => {
      await Bun.write(`${weir.configFile}.new`, text);
      await rename(`${weir.configFile}.new`, weir.configFile);
    };
    await replace(channels('b', 'c'));
    await until(() => said(weir, 'configuration reloaded').length > 0, 'a reload');
    expect(said(weir, 'configuration reloaded')[0]).toMatchObject({ added: ['c'], removed: ['a'] });
    expect([await has('a'), await has('b'), await has('c')]).toEqual([false, true, true]);

    await replace('channels: [{ id: d }]\n');
    await until(
      () => said(weir, 'configuration refused, the old one stays').length > 0,
      'a refusal',
    );
    expect(said(weir, 'configuration refused, the old one stays')[0]).toMatchObject({
      level: 'error',
      code: 'CONFIG_KEY_MISSING',
    });
    expect([await has('b'), await has('c')]).toEqual([true, true]);

    await rm(weir.configFile);
    await until(
      () => said(weir, 'configuration refused, the old one stays').length > 1,
      'a second refusal',
    );
    expect(said(weir, 'configuration refused, the old one stays')[1]).toMatchObject({
      code: 'CONFIG_FILE_MISSING',
    });
    expect([await has('b'), await has('c')]).toEqual([true, true]);
  }, 30_000);

  test('takes up a new configuration and line-ups on SIGHUP', async () => {
    await using folder = await createTempFolder();
    const list = (...names: string[]) =>
      `#EXTM3U\n${names.map((name) => `#EXTINF:-1,${name}\nhttp://h.example/${name}\n`).join('')}`;
    const file = await folder.write('list.m3u', list('one'));
    await using weir = await Weir.start({ yaml: channels('a'), args: ['--m3u', file] });
    const lineUp = async () => (await fetch(weir.url('/playlist.m3u'))).text();
    expect(await lineUp()).toContain('/live/one/');
    await folder.write('list.m3u', list('one', 'two'));
    weir.signal('SIGHUP');
    await until(async () => (await lineUp()).includes('/live/two/'), 'the new list');
    expect(said(weir, 'configuration unchanged')).toMatchObject([{ reason: 'SIGHUP' }]);
    expect(await lineUp()).toContain('/live/a/');
  });

  test('reads guides again on SIGHUP, and at a start what was written since', async () => {
    await using folder = await createTempFolder();
    const guide = (title: string) =>
      `<tv><programme start="20261121200000" channel="a"><title>${title}</title></programme></tv>`;
    const file = await folder.write('guide.xml', guide('One'));
    const yaml = `guides: { path: ${file} }\n${channels('a')}`;
    const dataDir = join(folder.path, 'data');
    const shows = (weir: Weir, title: string) => async () => {
      const url = weir.url('/api/guide/channel/a?from=2026-11-21T20:00:00Z');
      return (await (await fetch(url)).text()).includes(title);
    };
    {
      await using weir = await Weir.start({ yaml, dataDir });
      await until(shows(weir, 'One'), 'the guide');
      await folder.write('guide.xml', guide('Two'));
      weir.signal('SIGHUP');
      await until(shows(weir, 'Two'), 'the guide as it is now');
    }
    await folder.write('guide.xml', guide('Three'));
    await using again = await Weir.start({ yaml, dataDir });
    await until(shows(again, 'Three'), 'what was written while it did not run');
  }, 30_000);

  test('says what is wrong with the address to listen on, and ends with 1', async () => {
    using taken = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
    await using folder = await createTempFolder();
    const ran = await runWeir(['--listen', `127.0.0.1:${taken.port}`, '--data', folder.path]);
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain(
      `Cannot listen on 127.0.0.1:${taken.port}: something else listens there, wanted a free port`,
    );
  });

  test('does not share its port with a second weir, which says so and ends with 1', async () => {
    await using first = await Weir.start();
    await using folder = await createTempFolder();
    const address = `127.0.0.1:${first.port}`;
    const ran = await runWeir(['--listen', address, '--data', folder.path]);
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain('"code":"MAIN_LISTEN"');
    expect(ran.stdout).toContain(
      `Cannot listen on ${address}: something else listens there, wanted a free port`,
    );
    expect((await fetch(first.url('/healthz'))).status).toBe(200);
  }, 30_000);

  test('says that another uses its data folder, and plays on; not after a kill -9', async () => {
    await using first = await Weir.start();
    const { dataDir } = first;
    const inUse = 'data folder in use by another weir: numbering is not kept until that one ends';
    {
      await using second = await Weir.start({ dataDir });
      expect(said(second, inUse)).toMatchObject([{ level: 'warn', dataDir }]);
      expect((await fetch(second.url('/live/demo/index.m3u8'))).status).toBe(200);
    }
    await first.kill();
    await using third = await Weir.start({ dataDir });
    expect(said(third, inUse)).toEqual([]);
  }, 30_000);

  test('says loudly what should have been meant', async () => {
    const yaml = `channels:
  - id: a
    sources: [{ url: https://u:c4n4ry@h.example/a?t=c4n4ry, tls: { verify: false }, headers: { x: c4n4ry } }]
auth: { password: c4n4ry }
`;
    await using weir = await Weir.start({ yaml, env: { WEIR_LISTN: 'c4n4ry' } });
    const warned = weir.logs().filter((line) => line.level === 'warn');
    const messages = warned.map((line) => line.message);
    expect(messages).toContain(
      'certificates are NOT checked: anyone on the way can read and change what is fetched',
    );
    expect(messages).toContain('setting has no effect in this version');
    expect(messages).toContain(
      'WEIR_LISTN is not a setting and has no effect, did you mean WEIR_LISTEN?',
    );
    expect(weir.output).not.toContain('c4n4ry');
  });
});
