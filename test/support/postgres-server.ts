// This file runs a real Postgres for tests.
import { chmod, chown } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import postgres from 'postgres';
import type { KeyPair } from './certificates.ts';
import { freePort } from './free-port.ts';
import { programPath } from './program-path.ts';
import { runProgram } from './programs.ts';
import { ServerProcess } from './server-process.ts';
import { createTempFolder, type TempFolder } from './temp-folder.ts';

export type PostgresServer = AsyncDisposable & {
  readonly port: number;
  readonly process: ServerProcess;
  /** As the owner of all, whose name and password are `root` and `root-pass`. */
  run(statement: string, database?: string): Promise<readonly Record<string, unknown>[]>;
  url(user: string, password: string, database: string): string;
};

/** What a crash of the machine would lose is of no interest here. */
const FAST = ['fsync=off', 'full_page_writes=off', 'shared_buffers=32MB', 'max_connections=40'];

/** `tls`: what it shows to who asks for it; without it nobody can. */
export async function startPostgres(tls?: KeyPair): Promise<PostgresServer> {
  const folder = await createTempFolder();
  const port = freePort();
  const data = join(folder.path, 'data');
  await folder.write('password', 'root-pass');
  const secure = tls === undefined ? [] : await writeTls(folder, tls);
  const own = ['password', ...(tls === undefined ? [] : ['key.pem', 'cert.pem'])];
  const paths = own.map((name) => join(folder.path, name));
  const owner = await prepareOwner([folder.path, ...paths]);
  await chmod(folder.path, 0o755);
  const program = (name: string) => {
    const path = programPath('postgres');
    if (path === undefined) throw new Error('Cannot start postgres: it is not on this machine');
    return [
      ...owner,
      name === 'postgres' ? path : (programPath(name) ?? join(dirname(path), name)),
    ];
  };
  const how = ['-D', data, '-U', 'root', '-A', 'scram-sha-256', '-E', 'UTF8', '--locale=C', '-N'];
  const made = await runProgram(
    [...program('initdb'), ...how, '--pwfile', join(folder.path, 'password')],
    60_000,
  );
  if (made.code !== 0) throw new Error(`Cannot make a database: ${made.stderr.slice(-500)}`);
  const sockets = ['-k', folder.path, '-h', '127.0.0.1', '-p', String(port)];
  const cmd = [
    ...program('postgres'),
    '-D',
    data,
    ...sockets,
    ...[...FAST, ...secure].flatMap((set) => ['-c', set]),
  ];
  const run: PostgresServer['run'] = async (statement, database = 'postgres') => {
    const login = { username: 'root', password: 'root-pass', host: '127.0.0.1', port, database };
    const sql = postgres({ ...login, max: 1, fetch_types: false, onnotice: () => {} });
    try {
      return [...(await sql.unsafe(statement))];
    } finally {
      await sql.end({ timeout: 1 });
    }
  };
  const isUp = async () => (await run('SELECT 1 AS one')).length === 1;
  const process = await ServerProcess.start({ cmd, isUp });
  return {
    port,
    process,
    run,
    url: (user, password, database) =>
      `postgres://${user}:${password}@127.0.0.1:${port}/${database}`,
    [Symbol.asyncDispose]: async () => {
      await process[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** It takes no key that others may read. */
async function writeTls(folder: TempFolder, { cert, key }: KeyPair): Promise<string[]> {
  const files = [await folder.write('cert.pem', cert), await folder.write('key.pem', key)];
  await chmod(files[1] as string, 0o600);
  return ['ssl=on', `ssl_cert_file=${files[0]}`, `ssl_key_file=${files[1]}`];
}

/** Postgres refuses to run as root: then it runs as somebody else, who needs the files. */
async function prepareOwner(paths: readonly string[]): Promise<string[]> {
  if (process.getuid?.() !== 0) return [];
  const text = await Bun.file('/etc/passwd').text();
  const entry =
    /^postgres:[^:]*:(\d+):(\d+):/m.exec(text) ?? /^nobody:[^:]*:(\d+):(\d+):/m.exec(text);
  if (entry === null) throw new Error('Cannot run postgres as root, and there is nobody else');
  const [uid, gid] = [Number(entry[1]), Number(entry[2])];
  for (const path of paths) await chown(path, uid, gid);
  return ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
}
