// This file runs a real PgBouncer before a Postgres for tests.
import { chmod } from 'node:fs/promises';
import postgres from 'postgres';
import { freePort } from './free-port.ts';
import type { PostgresServer } from './postgres-server.ts';
import { programPath } from './program-path.ts';
import { ServerProcess } from './server-process.ts';
import { createTempFolder } from './temp-folder.ts';

export type PgbouncerServer = AsyncDisposable & {
  readonly port: number;
  readonly process: ServerProcess;
};

/**
 * Each transaction gets whichever of its two connections is free. `lines`: further settings. It
 * logs in as `root`, and so does who comes to it.
 */
export async function startPgbouncer(
  { port: postgresPort }: PostgresServer,
  lines: readonly string[] = [],
): Promise<PgbouncerServer> {
  const path = programPath('pgbouncer');
  if (path === undefined) throw new Error('Cannot start pgbouncer: it is not on this machine');
  const folder = await createTempFolder();
  const port = freePort();
  const users = await folder.write('users.txt', '"root" "root-pass"\n');
  const config = await folder.write(
    'pgbouncer.ini',
    `[databases]
* = host=127.0.0.1 port=${postgresPort}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = plain
auth_file = ${users}
pool_mode = transaction
default_pool_size = 2
${lines.join('\n')}
`,
  );
  // It refuses to run as root
  const isRoot = process.getuid?.() === 0;
  if (isRoot) for (const each of [users, config]) await chmod(each, 0o644);
  await chmod(folder.path, 0o755);
  const cmd = [path, '-q', ...(isRoot ? ['-u', 'nobody'] : []), config];
  const isUp = async () => {
    const login = { username: 'root', password: 'root-pass', database: 'postgres', max: 1 };
    const sql = postgres({ host: '127.0.0.1', port, ...login, fetch_types: false });
    try {
      return (await sql.unsafe('SELECT 1 AS one')).length === 1;
    } finally {
      await sql.end({ timeout: 1 });
    }
  };
  const server = await ServerProcess.start({ cmd, isUp });
  return {
    port,
    process: server,
    [Symbol.asyncDispose]: async () => {
      await server.kill();
      await folder[Symbol.asyncDispose]();
    },
  };
}
