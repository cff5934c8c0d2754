// This file tests two real weirs that agree by one Postgres, by TLS, and what they do without it.
import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { createCertificates } from '../support/certificates.ts';
import { startPostgres } from '../support/postgres-server.ts';
import { hasProgram } from '../support/programs.ts';
import { createTempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { runWeir, Weir } from '../support/weir.ts';

const WAIT_MS = 30_000;

async function figure(weir: Weir, name: string): Promise<string | undefined> {
  const shown = await (await fetch(weir.url('/metrics'))).text();
  return new RegExp(`^${name} (\\d+)$`, 'm').exec(shown)?.[1];
}

const LIST = `#EXTM3U
#EXTINF:-1 tvg-chno="7",News
http://192.0.2.1/live/u/p/1.m3u8
#EXTINF:-1,Sport
http://192.0.2.1/live/u/p/2.m3u8
#EXTINF:-1,Film
http://192.0.2.1/live/u/p/3.m3u8
`;

/** With the host of each left out. */
async function playlist(weir: Weir): Promise<string> {
  const text = await (await fetch(weir.url('/playlist.m3u'))).text();
  return text.replaceAll(weir.url(''), '');
}

const paths = (list: string) => list.match(/^\/live.*$/gm) ?? [];

async function isWaiting(weir: Weir): Promise<boolean | undefined> {
  const told = (await (await fetch(weir.url('/api/lineups'))).json()) as { isWaiting: boolean }[];
  return told[0]?.isWaiting;
}

describe.skipIf(!['postgres', 'openssl'].every(hasProgram))('two nodes', () => {
  test('know the same users, and go on with them while the database is down', async () => {
    await using folder = await createTempFolder();
    const { ca, address } = await createCertificates();
    const authority = await folder.write('ca.pem', ca);
    await using server = await startPostgres(address);
    const url = `${server.url('root', 'root-pass', 'postgres')}?sslmode=verify-full`;
    const trusting = { NODE_EXTRA_CA_CERTS: authority, WEIR_STORE: url };
    const start = async (name: string) =>
      await Weir.start({ env: trusting, dataDir: join(folder.path, name) });
    const users = async (weir: Weir) => await figure(weir, 'weir_users');
    const see = (weir: Weir, name: string, value: string) =>
      until(async () => (await figure(weir, name)) === value, WAIT_MS);

    // Without its authority nothing is sent
    const refused = await runWeir(['user', 'list', '--store', url, '--data', folder.path]);
    expect(refused.stderr).toContain(
      'its certificate is signed by nobody whom this machine trusts',
    );
    expect(refused.stderr).not.toContain('root-pass');
    expect(refused.code).toBe(1);

    await using one = await start('one');
    const two = await start('two');
    expect(await figure(one, 'weir_store_up')).toBe('1');
    const added = await runWeir(['user', 'add', 'anna', '--data', join(folder.path, 'one')], {
      env: trusting,
    });
    expect(added).toMatchObject({ code: 0, stderr: '' });
    expect(await see(one, 'weir_users', '1')).toBe(true);
    expect(await see(two, 'weir_users', '1')).toBe(true);

    await server.process.kill();
    expect(await see(one, 'weir_store_up', '0')).toBe(true);
    expect((await fetch(one.url('/live/demo/index.m3u8'))).status).toBe(200);
    await two[Symbol.asyncDispose]();
    await using again = await start('two');
    expect(await figure(again, 'weir_store_up')).toBe('0');
    expect(await users(again)).toBe('1');
    expect((await fetch(again.url('/live/demo/index.m3u8'))).status).toBe(200);
    const late = await runWeir(['user', 'remove', 'anna', '--data', join(folder.path, 'one')], {
      env: trusting,
    });
    expect(late.code).toBe(1);
    expect(late.stderr).toContain('Cannot use postgres at 127.0.0.1');

    await server.process.start();
    expect(await see(one, 'weir_store_up', '1')).toBe(true);
    expect(await see(again, 'weir_store_up', '1')).toBe(true);
    for (const weir of [one, again]) expect(weir.output).not.toContain('root-pass');
  }, 120_000);

  test('serve a line-up from the first start on while it is down, and agree once it is there', async () => {
    await using folder = await createTempFolder();
    await using server = await startPostgres();
    const store = server.url('root', 'root-pass', 'postgres');
    const place = await folder.write('list.m3u', LIST);
    const env = { WEIR_STORE: store };
    const start = async (name: string) => {
      const args = ['--m3u', place];
      return await Weir.start({ args, env, dataDir: join(folder.path, name) });
    };
    await server.process.kill();
    await using one = await start('one');
    const first = await playlist(one);
    expect(first).toContain('/live/news/index.m3u8');
    expect(await isWaiting(one)).toBe(true);
    const doctor = ['doctor', '--data', join(folder.path, 'one'), '--listen', '127.0.0.1:0'];
    expect((await runWeir(doctor, { env })).stdout).toContain(
      'line-ups that wait until they can be kept in it: 1',
    );
    // The other read it when one channel had another name and another did not exist
    await folder.write(
      'list.m3u',
      LIST.replace('News', 'Nachrichten').replace(/#.*Sport\n.*\n/, ''),
    );
    await using two = await start('two');
    expect(await playlist(two)).toContain('/live/nachrichten/index.m3u8');

    await server.process.start();
    for (const weir of [one, two]) {
      expect(await until(async () => !(await isWaiting(weir)), WAIT_MS)).toBe(true);
    }
    expect(await until(async () => (await playlist(one)) === (await playlist(two)), WAIT_MS)).toBe(
      true,
    );
    const kinds = (await server.run('SELECT DISTINCT kind FROM weir_documents')).map(Object.values);
    expect(kinds.flat()).not.toContain('local-line-up');
    const agreed = await playlist(one);
    await using third = await start('three');
    expect(paths(await playlist(third))).toEqual(paths(agreed));
    expect(paths(agreed)).toHaveLength(2);
    for (const weir of [one, two])
      expect(weir.output).toContain('line-ups are kept in the shared store');
  }, 120_000);
});
