// This file runs a real MariaDB for tests.
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SQL } from 'bun';
import { freePort } from './free-port.ts';
import { programPath } from './program-path.ts';
import { ServerProcess } from './server-process.ts';
import { createTempFolder } from './temp-folder.ts';

export type MariadbServer = AsyncDisposable & {
  readonly port: number;
  readonly process: ServerProcess;
  /** As root, who has no password. */
  run(statement: string): Promise<readonly Record<string, unknown>[]>;
  url(user: string, password: string, database: string): string;
};

const SHARES = ['/usr/share/mysql', '/usr/share/mariadb'];
/** What makes the tables of a new server, in order. */
const TABLES = ['mysql_system_tables', 'mysql_performance_tables', 'mysql_system_tables_data'];

/** What a crash of the machine would lose is of no interest here. */
const FAST = [
  '--innodb-flush-log-at-trx-commit=0',
  '--innodb-log-file-size=64M',
  '--innodb-buffer-pool-size=64M',
  '--skip-log-bin',
  '--skip-name-resolve=0',
];

export async function startMariadb(extra: readonly string[] = []): Promise<MariadbServer> {
  const path = programPath('mariadbd');
  if (path === undefined) throw new Error('Cannot start mariadbd: it is not on this machine');
  const folder = await createTempFolder();
  const port = freePort();
  const data = join(folder.path, 'data');
  await mkdir(data);
  const base = [path, '--no-defaults', `--datadir=${data}`, ...FAST];
  if (process.getuid?.() === 0) base.push('--user=root');
  await fillTables([...base, '--bootstrap']);
  const run: MariadbServer['run'] = async (statement) => {
    const where = { hostname: '127.0.0.1', port, username: 'root', database: 'mysql' };
    const sql = new SQL({ adapter: 'mysql', ...where, password: '', max: 1, connectionTimeout: 5 });
    try {
      return (await sql.unsafe(statement)) as Record<string, unknown>[];
    } finally {
      await sql.close({ timeout: 0 });
    }
  };
  const socket = `--socket=${join(folder.path, 'socket')}`;
  const pid = `--pid-file=${join(folder.path, 'pid')}`;
  const cmd = [...base, `--port=${port}`, '--bind-address=127.0.0.1', socket, pid, ...extra];
  const isUp = async () => (await run('SELECT 1 AS one')).length === 1;
  const server = await ServerProcess.start({ cmd, isUp });
  return {
    port,
    process: server,
    run,
    url: (user, password, database) => `mysql://${user}:${password}@127.0.0.1:${port}/${database}`,
    [Symbol.asyncDispose]: async () => {
      await server.kill();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Does what mariadb-install-db does, which is in another package than the server. */
async function fillTables(cmd: readonly string[]): Promise<void> {
  const share = SHARES.find((folder) => existsSync(join(folder, `${TABLES[0]}.sql`)));
  if (share === undefined) throw new Error('Cannot make a database: its tables are not described');
  const texts = await Promise.all(
    TABLES.map((name) => Bun.file(join(share, `${name}.sql`)).text()),
  );
  const first = 'CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket=NULL;\n';
  const stdin = new TextEncoder().encode(first + texts.join('\n'));
  const child = Bun.spawn([...cmd], { stdin, stdout: 'ignore', stderr: 'pipe' });
  const said = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`Cannot make a database: ${said.slice(-500)}`);
}
