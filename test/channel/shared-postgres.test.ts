// This file tests what nodes agree by in a real Postgres, and what they do while it is away.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemRandom } from '../../src/base/random.ts';
import { openSharedForCommand, openSharedStore } from '../../src/channel/open-shared.ts';
import { MIGRATIONS, migratePostgres } from '../../src/channel/postgres-tables.ts';
import { PostgresSharedStore } from '../../src/channel/shared-postgres.ts';
import { PostgresClient } from '../../src/net/postgres-client.ts';
import { readSqlAddress, type SqlAddress } from '../../src/net/sql-address.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { startPgbouncer } from '../support/pgbouncer-server.ts';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';
import { hasProgram } from '../support/programs.ts';
import { createTempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { describeSharedStore } from './shared-contract.ts';

const deps = { clock: systemClock, random: systemRandom, log: silentLog };
const TEST_MS = 60_000;
const codeOf = async (work: Promise<unknown>) =>
  await work.then(
    () => 'fine',
    (error: { code?: string }) => error.code ?? String(error),
  );

describe.skipIf(!hasProgram('postgres'))('PostgresSharedStore', () => {
  let server: PostgresServer;
  let made = 0;
  /** A database of its own. */
  const create = async () => {
    const name = `store${++made}`;
    await server.run(`CREATE DATABASE ${name}`);
    return { name, url: server.url('root', 'root-pass', name) };
  };
  const open = async (url: string) => {
    const store = new PostgresSharedStore({ url, ...deps });
    await store.prepare(20_000);
    return store;
  };
  beforeAll(async () => {
    server = await startPostgres();
  }, TEST_MS);
  afterAll(async () => await server[Symbol.asyncDispose]());

  describeSharedStore('PostgresSharedStore', async () => {
    const { url } = await create();
    return { open: () => open(url), [Symbol.asyncDispose]: async () => {} };
  });

  describeSharedStore('SharedCopy over Postgres', async () => {
    const { url: storeUrl } = await create();
    const folder = await createTempFolder();
    return {
      open: async () => {
        const dataDir = join(folder.path, crypto.randomUUID());
        return await openSharedForCommand({ dataDir, storeUrl }, deps);
      },
      [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
    };
  });

  describe.skipIf(!hasProgram('pgbouncer'))('behind PgBouncer', () => {
    describeSharedStore('PostgresSharedStore behind PgBouncer', async () => {
      const { name } = await create();
      const pooler = await startPgbouncer(server);
      const url = `postgres://root:root-pass@127.0.0.1:${pooler.port}/${name}`;
      return {
        open: () => open(url),
        [Symbol.asyncDispose]: () => pooler[Symbol.asyncDispose](),
      };
    });
  });

  describe('its tables', () => {
    const clientOf = (url: string) =>
      new PostgresClient({
        address: readSqlAddress('postgres', url) as SqlAddress,
        clock: systemClock,
        connections: 1,
        connectTimeoutS: 3,
        statementTimeoutMs: 20_000,
        lockTimeoutMs: 10_000,
        manners: { takesSettings: true },
        refused: (message) => new Error(message),
      });
    const versionOf = async (name: string) =>
      (await server.run('SELECT version FROM weir_store_schema', name))[0]?.['version'];
    const later = [...MIGRATIONS, 'ALTER TABLE weir_documents ADD COLUMN node text;'];

    test(
      'come from every earlier version, and nothing is lost',
      async () => {
        for (let from = 0; from <= MIGRATIONS.length; from++) {
          const { name, url } = await create();
          const client = clientOf(url);
          await migratePostgres(client, 'x', MIGRATIONS.slice(0, from));
          if (from > 0) {
            await server.run(
              `INSERT INTO weir_documents (kind, id, body) VALUES ('user', 'a', '1')`,
              name,
            );
          }
          await migratePostgres(client, 'x', later);
          expect(await versionOf(name)).toBe(later.length);
          const rows = await server.run('SELECT id, node FROM weir_documents', name);
          expect(rows).toEqual(from > 0 ? [{ id: 'a', node: null }] : []);
          await client.destroy();
        }
      },
      TEST_MS,
    );

    test(
      'are made once where many start at once',
      async () => {
        const { name, url } = await create();
        const stores = await Promise.all(Array.from({ length: 6 }, () => open(url)));
        expect(await versionOf(name)).toBe(MIGRATIONS.length);
        for (const store of stores) await store[Symbol.asyncDispose]();
      },
      TEST_MS,
    );

    test(
      'are as they were where a step fails in its midst',
      async () => {
        const { name, url } = await create();
        const client = clientOf(url);
        const broken = [...MIGRATIONS, 'CREATE TABLE weir_half (); SELECT no_such_function();'];
        expect(await codeOf(migratePostgres(client, 'x', broken))).not.toBe('fine');
        expect(await versionOf(name)).toBe(MIGRATIONS.length);
        expect(await server.run(`SELECT to_regclass('weir_half') AS half`, name)).toEqual([
          { half: null },
        ]);
        await client.destroy();
      },
      TEST_MS,
    );

    test(
      'of a later version are not touched, and it says so',
      async () => {
        const { name, url } = await create();
        await (await open(url))[Symbol.asyncDispose]();
        await server.run('UPDATE weir_store_schema SET version = 99', name);
        const store = new PostgresSharedStore({ url, ...deps });
        expect(store.prepare(20_000)).rejects.toThrow(
          /its tables are of version 99, wanted at most/,
        );
        expect(await codeOf(store.prepare(20_000))).toBe('CHANNEL_STORE_REFUSED');
        expect(await versionOf(name)).toBe(99);
        await store[Symbol.asyncDispose]();
      },
      TEST_MS,
    );
  });

  test(
    'says what it is refused for: user, database, rights, TLS, writes',
    async () => {
      const { name, url } = await create();
      const outcome = async (given: string) => {
        const store = new PostgresSharedStore({ url: given, ...deps });
        const code = await codeOf(
          store.prepare(20_000).then(() => store.save('user', new Map([['a', 1]]))),
        );
        await store[Symbol.asyncDispose]();
        return code;
      };
      await server.run("CREATE ROLE store_least LOGIN PASSWORD 'p4ss'");
      expect(await outcome(server.url('root', 'c4n4ry', name))).toBe('CHANNEL_STORE_REFUSED');
      expect(await outcome(server.url('root', 'root-pass', 'not-there'))).toBe(
        'CHANNEL_STORE_REFUSED',
      );
      expect(await outcome(`${url}?sslmode=require`)).toBe('CHANNEL_STORE_REFUSED');
      const least = server.url('store_least', 'p4ss', name);
      expect(await outcome(least)).toBe('CHANNEL_STORE_REFUSED');
      expect(await outcome(url)).toBe('fine');
      expect(await outcome(least)).toBe('CHANNEL_STORE_REFUSED');
      await server.run(
        `GRANT SELECT ON weir_store_schema TO store_least;
       GRANT SELECT, INSERT, UPDATE, DELETE ON weir_documents, weir_secrets, weir_document_writes TO store_least`,
        name,
      );
      expect(await outcome(least)).toBe('fine');
      await server.run(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
      expect(await outcome(url)).toBe('CHANNEL_STORE_READ_ONLY');
      expect(() => new PostgresSharedStore({ url: 'postgres://a@b/c?x=1', ...deps })).toThrow(
        'Cannot use the URL of store: unknown parameter x',
      );
    },
    TEST_MS,
  );

  test(
    'far away it answers of one document before whole kinds are there, however many are loaded',
    async () => {
      const { name, url } = await create();
      await using beside = await open(url);
      const many = new Map(Array.from({ length: 2000 }, (_, at) => [`id-${at}`, at] as const));
      for (const kind of ['a', 'b', 'c']) await beside.save(kind, many);
      await using proxy = await FaultProxy.listen(server.port);
      await using store = await open(`postgres://root:root-pass@127.0.0.1:${proxy.port}/${name}`);
      await proxy.set({ kind: 'delay', delayMs: 20 });
      const order: string[] = [];
      const load = async (kind: string) => {
        expect((await store.load(kind)).size).toBe(many.size);
        order.push(kind);
      };
      const get = async () => {
        expect(await store.get('a', 'id-7')).toBe(7);
        order.push('one');
      };
      await Promise.all([load('a'), load('b'), load('c'), store.save('d', many), get()]);
      expect(order).toEqual(['one', 'a', 'b', 'c']);
    },
    TEST_MS,
  );

  test(
    'killed in the middle of writing, it holds the whole of the last round',
    async () => {
      const { url } = await create();
      await using folder = await createTempFolder();
      const writer = join(import.meta.dir, 'shared-writer.ts');
      const child = Bun.spawn([process.execPath, writer, folder.path, url], { stdout: 'pipe' });
      let said = '';
      const reading = (async () => {
        for await (const piece of child.stdout) said += new TextDecoder().decode(piece);
      })();
      expect(await until(() => said.includes('2\n'), 40_000)).toBe(true);
      await using beside = await open(url);
      expect(new Set((await beside.load('round')).values()).size).toBe(1);
      child.kill('SIGKILL');
      await child.exited;
      await reading;
      const rounds = await beside.load('round');
      expect(rounds.size).toBe(3000);
      expect(new Set(rounds.values()).size).toBe(1);
    },
    TEST_MS,
  );

  describe('while it is away', () => {
    test(
      'a node starts with what it knows, joins once it is there, and brings its own',
      async () => {
        const { name, url } = await create();
        await using folder = await createTempFolder();
        const dataDir = folder.path;
        let secret: Uint8Array;
        {
          // As it was before there was a store that nodes share
          await using alone = await openSharedForCommand({ dataDir }, deps);
          await alone.save('user', new Map([['anna', { n: 1 }]]));
          secret = await alone.secret('key', 16);
        }
        await using proxy = await FaultProxy.listen(server.port);
        await proxy.set({ kind: 'refuse' });
        const storeUrl = `postgres://root:root-pass@127.0.0.1:${proxy.port}/${name}`;
        await using one = await openSharedStore({ dataDir, storeUrl }, deps);
        expect(one.stats()).toMatchObject({ isUp: false, queued: 0 });
        expect(await one.get('user', 'anna')).toEqual({ n: 1 });
        expect(await one.secret('key', 16)).toEqual(secret);
        expect(await codeOf(one.save('user', new Map([['ben', 1]])))).toBe(
          'CHANNEL_STORE_UNREACHABLE',
        );
        expect(await codeOf(openSharedForCommand({ dataDir, storeUrl }, deps))).toBe(
          'CHANNEL_STORE_UNREACHABLE',
        );
        // What is claimed stands for now, and another node comes first with one of them
        expect([
          ...(await one.claim(
            'id',
            new Map([
              ['a', 'one'],
              ['b', 'one'],
            ]),
          )),
        ]).toHaveLength(2);
        expect([...(await one.claim('id', new Map([['a', 'again']])))]).toEqual([['a', 'one']]);
        expect(one.stats().queued).toBe(2);
        let told = 0;
        using _watching = one.watch('id', () => told++);
        await using other = await open(url);
        await other.claim('id', new Map([['b', 'two']]));
        await other.save('id', new Map([['c', 'two']]));
        told = 0;
        await proxy.set({ kind: 'pass' });
        expect(await until(() => one.stats().isUp, 10_000)).toBe(true);
        expect(await until(() => told > 0, 10_000)).toBe(true);
        expect([...(await one.load('id'))].sort()).toEqual([
          ['a', 'one'],
          ['b', 'two'],
          ['c', 'two'],
        ]);
        expect(await until(() => one.stats().queued === 0, 5000)).toBe(true);
        await one.save('user', new Map([['ben', 1]]));
        expect(await other.get('user', 'ben')).toBe(1);
      },
      TEST_MS,
    );

    test(
      'who comes first to one that nobody has used brings what it had, who comes second does not',
      async () => {
        const { url: storeUrl } = await create();
        await using folder = await createTempFolder();
        const node = async (name: string) => {
          const dataDir = join(folder.path, name);
          await using alone = await openSharedForCommand({ dataDir }, deps);
          await alone.save('user', new Map([[name, 1]]));
          await alone.secret('key', 16);
          return dataDir;
        };
        await using first = await openSharedForCommand(
          { dataDir: await node('first'), storeUrl },
          deps,
        );
        const secret = await first.secret('key', 16);
        await using second = await openSharedForCommand(
          { dataDir: await node('second'), storeUrl },
          deps,
        );
        expect([...(await second.load('user')).keys()]).toEqual(['first']);
        expect(await second.secret('key', 16)).toEqual(secret);
        await using alone = await openSharedForCommand(
          { dataDir: join(folder.path, 'second') },
          deps,
        );
        expect([...(await alone.load('user')).keys()]).toEqual(['second']);
      },
      TEST_MS,
    );

    test(
      'what it brings comes whole, also where the first try failed in its midst',
      async () => {
        const { name, url: storeUrl } = await create();
        await (await open(storeUrl))[Symbol.asyncDispose]();
        await server.run(
          `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END';
           CREATE TRIGGER refuse BEFORE INSERT ON weir_documents FOR EACH ROW
           WHEN (NEW.kind = 'user') EXECUTE FUNCTION refuse()`,
          name,
        );
        await using folder = await createTempFolder();
        const dataDir = folder.path;
        {
          await using alone = await openSharedForCommand({ dataDir }, deps);
          for (const kind of ['number', 'user', 'word'])
            await alone.save(kind, new Map([['a', 1]]));
        }
        await using store = await openSharedStore({ dataDir, storeUrl }, deps);
        expect(store.stats()).toMatchObject({ isUp: false });
        await server.run('DROP TRIGGER refuse ON weir_documents', name);
        expect(await until(() => store.stats().isUp, 10_000)).toBe(true);
        await using other = await open(storeUrl);
        for (const kind of ['number', 'user', 'word']) expect(await other.get(kind, 'a')).toBe(1);
      },
      TEST_MS,
    );

    test(
      'with another password it is as good as away, until that is right again',
      async () => {
        const { name } = await create();
        await server.run("CREATE ROLE store_owner LOGIN PASSWORD 'p4ss'");
        await server.run(`ALTER DATABASE ${name} OWNER TO store_owner`);
        await using folder = await createTempFolder();
        const storeUrl = server.url('store_owner', 'p4ss', name);
        await using store = await openSharedStore({ dataDir: folder.path, storeUrl }, deps);
        await store.save('user', new Map([['anna', 1]]));
        await server.run("ALTER ROLE store_owner PASSWORD 'other'");
        await server.run(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'store_owner'",
        );
        expect(await store.get('user', 'anna')).toBe(1);
        expect(await codeOf(store.save('user', new Map([['ben', 1]])))).toBe(
          'CHANNEL_STORE_REFUSED',
        );
        expect(store.stats().isUp).toBe(false);
        await server.run("ALTER ROLE store_owner PASSWORD 'p4ss'");
        expect(await until(() => store.stats().isUp, 10_000)).toBe(true);
        await store.save('user', new Map([['ben', 1]]));
      },
      TEST_MS,
    );

    test(
      'in mid-run reads go on with the copy, nothing waits long, and it is joined again',
      async () => {
        const { name } = await create();
        await using folder = await createTempFolder();
        await using proxy = await FaultProxy.listen(server.port);
        const storeUrl = `postgres://root:root-pass@127.0.0.1:${proxy.port}/${name}`;
        await using store = await openSharedStore({ dataDir: folder.path, storeUrl }, deps);
        await store.save(
          'user',
          new Map([
            ['anna', 1],
            ['ben', 2],
          ]),
        );
        await store.load('user');
        await store.save('user', new Map([['ben', null]]));
        await proxy.set({ kind: 'reset' });
        await proxy.set({ kind: 'refuse' });
        expect([...(await store.load('user'))]).toEqual([['anna', 1]]);
        expect(await store.get('user', 'anna')).toBe(1);
        expect(store.stats()).toMatchObject({ isUp: false });
        expect(store.stats().errors).toBeGreaterThan(0);
        await proxy.set({ kind: 'pass' });
        expect(await until(() => store.stats().isUp, 10_000)).toBe(true);
        await store.save('user', new Map([['cleo', 3]]));
        expect((await store.load('user')).size).toBe(2);
        // It takes everything and says nothing
        await proxy.set({ kind: 'stall' });
        expect(await store.get('user', 'cleo')).toBe(3);
        expect(store.stats()).toMatchObject({ isUp: false });
        await proxy.set({ kind: 'pass' });
        expect(await until(() => store.stats().isUp, 15_000)).toBe(true);
      },
      TEST_MS,
    );
  });
});
