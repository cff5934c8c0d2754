// This file runs real Redis servers for tests: one, a Cluster of three, or a master with a sentinel.
import { join } from 'node:path';
import { Redis, type RedisOptions } from 'ioredis';
import { freePort } from './free-port.ts';
import { ServerProcess } from './server-process.ts';
import { createTempFolder } from './temp-folder.ts';

export type RedisServer = AsyncDisposable & {
  readonly port: number;
  readonly process: ServerProcess;
  /** Runs one command on a connection of its own; `--user` and the like do not apply. */
  command(name: string, ...args: (string | number)[]): Promise<unknown>;
};

/** Nothing is saved, so that a restart finds it empty; `extra` is as on the command line. */
export async function startRedis(extra: readonly string[] = []): Promise<RedisServer> {
  const folder = await createTempFolder();
  const port = freePort();
  const how = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder.path];
  const quiet = ['--save', '', '--appendonly', 'no', '--logfile', join(folder.path, 'log')];
  const cmd = ['redis-server', ...how, ...quiet, ...extra];
  const run = (name: string, ...args: (string | number)[]) => once(port, name, args);
  const process = await ServerProcess.start({ cmd, isUp: () => isAnswering(port) });
  return {
    port,
    process,
    command: run,
    [Symbol.asyncDispose]: async () => {
      await process.kill();
      await folder[Symbol.asyncDispose]();
    },
  };
}

export type RedisCluster = AsyncDisposable & {
  readonly ports: readonly number[];
  readonly nodes: readonly RedisServer[];
  /** Takes away all that it holds. */
  empty(): Promise<void>;
};

/** Three masters that share the slots. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const flags = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'];
  const nodes: RedisServer[] = [];
  for (let index = 0; index < 3; index++) {
    nodes.push(await startRedis([...flags, '--cluster-port', String(freePort())]));
  }
  const ports = nodes.map(({ port }) => port);
  const hosts = ports.map((port) => `127.0.0.1:${port}`);
  const create = ['redis-cli', '--cluster', 'create', ...hosts, '--cluster-yes'];
  const made = Bun.spawn(create, { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = await new Response(made.stdout).text();
  if ((await made.exited) !== 0) throw new Error(`Cannot make a cluster: ${said.slice(-400)}`);
  for (const node of nodes) {
    await until(async () => String(await node.command('cluster', 'info')).includes('state:ok'));
  }
  return {
    ports,
    nodes,
    empty: async () => {
      for (const node of nodes) await node.command('flushall');
    },
    [Symbol.asyncDispose]: async () => {
      for (const node of nodes) await node[Symbol.asyncDispose]();
    },
  };
}

export type SentinelSetup = AsyncDisposable & {
  readonly sentinelPort: number;
  readonly nodes: readonly [RedisServer, RedisServer];
  /** Resolves once the replica has all that the master has taken by now. */
  replicated(): Promise<void>;
};

/** A master called `weir-test`, its replica, and the one sentinel that watches them. */
export async function startRedisSentinel(): Promise<SentinelSetup> {
  const master = await startRedis();
  const replica = await startRedis(['--replicaof', `127.0.0.1 ${master.port}`]);
  await until(async () => String(await replica.command('role')).includes('connected'));
  const folder = await createTempFolder();
  const sentinelPort = freePort();
  const config = await folder.write(
    'sentinel.conf',
    `port ${sentinelPort}
bind 127.0.0.1
dir ${folder.path}
logfile ${join(folder.path, 'log')}
sentinel monitor weir-test 127.0.0.1 ${master.port} 1
sentinel down-after-milliseconds weir-test 1000
sentinel failover-timeout weir-test 5000
`,
  );
  const cmd = ['redis-server', config, '--sentinel'];
  const sentinel = await ServerProcess.start({ cmd, isUp: () => isAnswering(sentinelPort) });
  await until(async () => {
    const replicas = await once(sentinelPort, 'sentinel', ['replicas', 'weir-test']);
    return Array.isArray(replicas) && replicas.length === 1;
  });
  return {
    sentinelPort,
    nodes: [master, replica],
    replicated: () =>
      until(async () => {
        const [mine, theirs] = [await master.command('role'), await replica.command('role')];
        return (mine as unknown[])[1] === (theirs as unknown[])[4];
      }),
    [Symbol.asyncDispose]: async () => {
      await sentinel.kill();
      for (const node of [master, replica]) await node[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function isAnswering(port: number): Promise<boolean> {
  try {
    return (await once(port, 'ping', [])) === 'PONG';
  } catch (error) {
    return error instanceof Error && /NOAUTH/.test(error.message);
  }
}

/** One that wants a password answers the check of the client with an error. */
const ONCE = {
  retryStrategy: null,
  enableReadyCheck: false,
  protocol: 2,
  disableClientInfo: true,
} satisfies RedisOptions;

async function once(port: number, name: string, args: (string | number)[]): Promise<unknown> {
  const client = new Redis({ port, host: '127.0.0.1', lazyConnect: true, ...ONCE });
  client.on('error', () => {});
  try {
    await client.connect();
    return await client.call(name, ...args);
  } finally {
    client.disconnect();
  }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (await holds()) return;
    await Bun.sleep(50);
  }
  throw new Error('Cannot go on: the servers do not agree');
}
