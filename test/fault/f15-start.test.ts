// This file is failures F15 and F21 at the start: weir comes up while no place beyond memory does.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdir, rm } from 'node:fs/promises';
import { mountDisk } from '../ring/tiers/mounted-disk.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { startMariadb } from '../support/mariadb-server.ts';
import { startPostgres } from '../support/postgres-server.ts';
import { hasProgram, runProgram } from '../support/programs.ts';
import { startRedis } from '../support/redis-server.ts';
import { Swarm } from '../support/swarm.ts';
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts';
import { tierStates } from '../support/tier-figures.ts';
import { until } from '../support/until.ts';
import { type Weir, weirCommand, weirEnv } from '../support/weir.ts';
import { World } from './world.ts';

const VIEWERS = 3;
/** Joining takes at most 10 s; a machine that is busy with other tests is given more. */
const JOIN_MS = 30_000;
const START_MS = 60_000;
const DOCTOR_MS = 60_000;
const TEST_MS = 240_000;

type Place = {
  readonly kind: 'disk' | 'redis' | 'postgres' | 'mysql';
  /** As it stands in `overflow`. */
  readonly setting: string;
  /** The same with a password that is none. */
  readonly refused: string | undefined;
  comeBack(): Promise<void>;
};

const parts = new AsyncDisposableStack();
const places: Place[] = [];

const read = async (weir: Weir, path: string) => (await fetch(weir.url(path))).text();

/** What doctor says of each place, by its kind. */
async function doctor(weir: Weir): Promise<Map<string, { state: string; found: string }>> {
  const cmd = [...weirCommand(), 'doctor', '--json', '--config', weir.configFile];
  const { stdout } = await runProgram(['env', '-i', ...envOf(weirEnv()), ...cmd], DOCTOR_MS);
  const { findings } = JSON.parse(stdout) as {
    findings: { what: string; state: string; found: string }[];
  };
  return new Map(findings.map((finding) => [finding.what, finding]));
}

const envOf = (env: Record<string, string>) =>
  Object.entries(env).map(([name, value]) => `${name}=${value}`);

/** A server that stands behind a door which is closed at first. */
async function behindDoor(
  kind: Place['kind'],
  port: number,
  url: (port: number, password: string) => string,
): Promise<void> {
  const proxy = parts.use(await FaultProxy.listen(port));
  await proxy.set({ kind: 'refuse' });
  places.push({
    kind,
    setting: url(proxy.port, 'right-pass'),
    refused: url(port, 'c4n4ry'),
    comeBack: () => proxy.set({ kind: 'pass' }),
  });
}

beforeAll(async () => {
  if (hasProgram('redis-server')) {
    const { port } = parts.use(await startRedis(['--requirepass', 'right-pass']));
    await behindDoor('redis', port, (at, pass) => `redis://:${pass}@127.0.0.1:${at}/0`);
  }
  if (hasProgram('postgres')) {
    const server = parts.use(await startPostgres());
    await server.run("CREATE ROLE weir LOGIN PASSWORD 'right-pass'");
    await server.run('CREATE DATABASE weir OWNER weir');
    const url = (at: number, pass: string) => `postgres://weir:${pass}@127.0.0.1:${at}/weir`;
    await behindDoor('postgres', server.port, url);
  }
  if (hasProgram('mariadbd')) {
    const server = parts.use(await startMariadb());
    await server.run('CREATE DATABASE weir');
    await server.run("CREATE USER weir@localhost IDENTIFIED BY 'right-pass'");
    await server.run('GRANT ALL ON weir.* TO weir@localhost');
    const url = (at: number, pass: string) => `mysql://weir:${pass}@127.0.0.1:${at}/weir`;
    await behindDoor('mysql', server.port, url);
  }
  const folder: TempFolder = parts.use(await createTempFolder());
  const inTheWay = await folder.write('later', 'no folder');
  places.push({
    kind: 'disk',
    setting: `{ disk: { path: ${inTheWay}/held, size: 64MiB } }`,
    refused: undefined,
    comeBack: async () => {
      await rm(inTheWay);
      await mkdir(inTheWay);
    },
  });
}, TEST_MS);

afterAll(() => parts[Symbol.asyncDispose](), TEST_MS);

async function startWorld(id: string, settings: readonly string[]): Promise<World> {
  const overflow = `overflow: [${settings.join(', ')}]`;
  const world = new World({ [id]: {} }, ['prefetch: { idle_stop: 5s }', overflow]);
  await world.start({ readyWithinMs: START_MS });
  return world;
}

describe('F15: weir starts', () => {
  test(
    'with every place down, plays, says so, and joins each when it comes',
    async () => {
      await using world = await startWorld(
        'start',
        places.map(({ setting }) => setting),
      );
      const { weir } = world;
      await using swarm = new Swarm({ url: world.url('start'), count: VIEWERS });
      const missing = new Set(places.map(({ kind }) => kind));
      const said = async () => (await read(weir, '/readyz')).trim().split('\n');
      const allSaid = async () => (await said()).every((line) => line.includes(' is down: '));
      expect(await until(allSaid, JOIN_MS)).toBe(true);
      expect((await fetch(weir.url('/readyz'))).status).toBe(200);
      expect(await said()).toHaveLength(places.length);
      // In the same words; a try of either that was cut short may say something else for once
      const agrees = async () => {
        const found = await doctor(weir);
        const lines = await said();
        return [...missing].every((kind) => {
          const { state, found: words = 'nothing' } = found.get(kind) ?? {};
          return state === 'warn' && lines.filter((line) => line.endsWith(words)).length === 1;
        });
      };
      expect(await until(agrees, JOIN_MS)).toBe(true);

      for (const { kind, comeBack } of places) {
        await comeBack();
        missing.delete(kind);
        const isUp = async () => (await tierStates(weir)).get(kind) === 'up';
        expect([kind, await until(isUp, JOIN_MS)]).toEqual([kind, true]);
        const left = (await said()).filter((line) => line.startsWith('degraded: '));
        expect(left).toHaveLength(missing.size);
      }
      expect(await said()).toEqual(['ready']);
      const better = await doctor(weir);
      for (const { kind } of places) expect([kind, better.get(kind)?.state]).toEqual([kind, 'ok']);
      const seen = world.judge('start', await swarm.stop());
      expect(seen.blamed).toEqual([]);
      expect(seen.counts.gaps).toBe(0);
    },
    TEST_MS,
  );

  test(
    'with passwords that are wrong, names them, and tells nobody the password',
    async () => {
      const refused = places.flatMap(({ refused }) => refused ?? []);
      if (refused.length === 0) return;
      await using world = await startWorld('refused', refused);
      const { weir } = world;
      const hasSaid = async () =>
        (await read(weir, '/readyz')).split('user and password (TIER_REFUSED)').length - 1 ===
        refused.length;
      expect(await until(hasSaid, JOIN_MS)).toBe(true);
      const told = weir.logs().filter(({ message }) => String(message).startsWith('tier is down'));
      expect(told).toHaveLength(refused.length);
      const all = `${weir.output}${await read(weir, '/api/status')}${await read(weir, '/metrics')}`;
      expect(all).not.toContain('c4n4ry');
      const list = await fetch(world.url('refused'));
      expect(list.status).toBe(200);
    },
    TEST_MS,
  );
});

describe('F21: a disk', () => {
  test(
    'that is read-only at the start is named, and is used once it can be written',
    async () => {
      await using disk = await mountDisk(32 * 2 ** 20);
      if (disk === undefined) return;
      await disk.setReadOnly(true);
      const path = `${disk.path}/held`;
      const world = await startWorld('still', [`{ disk: { path: ${path}, size: 64MiB } }`]);
      const { weir } = world;
      await using swarm = new Swarm({ url: world.url('still'), count: VIEWERS });
      const hasSaid = async () =>
        /the file system is read-only.*\(TIER_READ_ONLY\)/.test(await read(weir, '/readyz'));
      expect(await until(hasSaid, JOIN_MS)).toBe(true);
      await disk.setReadOnly(false);
      const isReady = async () => (await read(weir, '/readyz')) === 'ready\n';
      expect(await until(isReady, JOIN_MS)).toBe(true);
      const seen = world.judge('still', await swarm.stop());
      expect(seen.blamed).toEqual([]);
      expect(seen.counts.gaps).toBe(0);
      await world[Symbol.asyncDispose]();
    },
    TEST_MS,
  );
});
