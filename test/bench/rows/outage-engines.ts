// This file is each server of databases that is killed, delayed and brought back under a weir.
import { startMariadb } from '../../support/mariadb-server.ts';
import { startPostgres } from '../../support/postgres-server.ts';
import { startRedis } from '../../support/redis-server.ts';
import type { ServerProcess } from '../../support/server-process.ts';

export type EngineServer = AsyncDisposable & {
  readonly port: number;
  readonly process: ServerProcess;
  /** As weir is to reach it, at another port. */
  urlAt(port: number): string;
};

export type Engine = {
  readonly name: string;
  /** Without it there is nothing to measure. */
  readonly program: string;
  start(): Promise<EngineServer>;
};

export const ENGINES: readonly Engine[] = [
  {
    name: 'Redis',
    program: 'redis-server',
    async start() {
      const server = await startRedis(['--maxmemory', '512mb']);
      return { ...server, urlAt: (port) => `redis://127.0.0.1:${port}/0` };
    },
  },
  {
    name: 'Postgres',
    program: 'postgres',
    async start() {
      const server = await startPostgres();
      await server.run('CREATE DATABASE weir');
      return moved(server, server.url('root', 'root-pass', 'weir'));
    },
  },
  {
    name: 'MariaDB',
    program: 'mariadbd',
    async start() {
      const server = await startMariadb();
      await server.run('CREATE DATABASE weir');
      await server.run("CREATE USER weir@'%' IDENTIFIED BY 'pass'");
      await server.run("GRANT ALL ON weir.* TO weir@'%'");
      return moved(server, server.url('weir', 'pass', 'weir'));
    },
  },
];

function moved(server: Omit<EngineServer, 'urlAt'>, url: string): EngineServer {
  return { ...server, urlAt: (port) => url.replace(`:${server.port}/`, `:${port}/`) };
}
