// This file tests places beyond memory that are reached over TLS, with real servers.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createCertificates } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { startMariadb } from '../support/mariadb-server.ts';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';
import { hasProgram, runProgram } from '../support/programs.ts';
import { startRedis } from '../support/redis-server.ts';
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts';
import { tierStates } from '../support/tier-figures.ts';
import { until } from '../support/until.ts';
import { weirCommand, weirEnv } from '../support/weir.ts';
import { World } from './world.ts';

const JOIN_MS = 30_000;
const START_MS = 60_000;
const DOCTOR_MS = 60_000;
const TEST_MS = 240_000;

const parts = new AsyncDisposableStack();
let folder: TempFolder;
/** A file with the authority that signed what the servers show; the machine does not know it. */
let authority = '';

/** With a certificate for 127.0.0.1, and one that knows no TLS. */
type Pair = { readonly secure: string; readonly plain: string };

async function servers() {
  const { ca, address } = await createCertificates();
  folder = parts.use(await createTempFolder());
  authority = await folder.write('ca.pem', ca);
  const cert = await folder.write('cert.pem', address.cert);
  const key = await folder.write('key.pem', address.key);
  return { address, cert, key };
}

const postgresOf = ({ port }: { port: number }) =>
  `postgres://root:root-pass@HOST:${port}/postgres`;

async function startMysql(extra: readonly string[], rule: string): Promise<string> {
  const server = parts.use(await startMariadb(extra));
  await server.run('CREATE DATABASE weir');
  await server.run(`CREATE USER weir@localhost IDENTIFIED BY 'pass' ${rule}`);
  await server.run('GRANT ALL ON weir.* TO weir@localhost');
  return `mysql://weir:pass@HOST:${server.port}/weir`;
}

const hasAll = ['openssl', 'redis-server', 'postgres', 'mariadbd'].map(hasProgram).every(Boolean);

describe.skipIf(!hasAll)('a place beyond memory over TLS', () => {
  let postgres: PostgresServer;
  let [inPostgres, inMysql, inRedis]: Pair[] = [];
  beforeAll(async () => {
    const { address, cert, key } = await servers();
    postgres = parts.use(await startPostgres(address));
    inPostgres = {
      secure: postgresOf(postgres),
      plain: postgresOf(parts.use(await startPostgres())),
    };
    inMysql = {
      secure: await startMysql([`--ssl-cert=${cert}`, `--ssl-key=${key}`], 'REQUIRE SSL'),
      plain: await startMysql(['--skip-ssl'], ''),
    };
    const tlsPort = freePort();
    const tls = ['--tls-port', String(tlsPort), '--tls-auth-clients', 'no'];
    const files = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert];
    const redis = parts.use(await startRedis([...tls, ...files]));
    inRedis = { secure: `rediss://HOST:${tlsPort}/0`, plain: `rediss://HOST:${redis.port}/0` };
  }, TEST_MS);
  afterAll(() => parts[Symbol.asyncDispose](), TEST_MS);

  const at = (url = '', host = '127.0.0.1', mode?: string) =>
    url.replace('HOST', host) + (mode === undefined ? '' : `?sslmode=${mode}`);

  /** What doctor finds of each, in their order. */
  async function findings(urls: readonly string[], env: Record<string, string>) {
    const file = await folder.write(
      'doctor.yaml',
      `overflow: [${urls.map((url) => `"${url}"`)}]\n`,
    );
    const set = Object.entries(weirEnv(env)).map(([name, value]) => `${name}=${value}`);
    const cmd = ['env', '-i', ...set, ...weirCommand(), 'doctor', '--json', '--config', file];
    const { stdout } = await runProgram(cmd, DOCTOR_MS);
    const said = JSON.parse(stdout) as { findings: { what: string; found: string }[] };
    const kinds = ['redis', 'postgres', 'mysql'];
    return said.findings.filter(({ what }) => kinds.includes(what)).map(({ found }) => found);
  }

  async function check(rows: readonly [url: string, says: string][], env: Record<string, string>) {
    const found = await findings(
      rows.map(([url]) => url),
      env,
    );
    expect(found).toHaveLength(rows.length);
    for (const [index, [url, says]] of rows.entries()) {
      expect(`${url}: ${found[index]}`).toContain(says);
    }
  }

  const FINE = 'and gave it back';

  test(
    'is used where its certificate is that of its name, by an authority we know',
    async () => {
      const other = 'its certificate is for another name (TIER_REFUSED)';
      await check(
        [
          [at(inRedis?.secure), FINE],
          [at(inPostgres?.secure, '127.0.0.1', 'verify-full'), FINE],
          [at(inMysql?.secure, '127.0.0.1', 'verify-full'), FINE],
          [at(inRedis?.secure, 'localhost'), other],
          [at(inPostgres?.secure, 'localhost', 'verify-full'), other],
          [at(inMysql?.secure, 'localhost', 'verify-full'), other],
        ],
        { NODE_EXTRA_CA_CERTS: authority },
      );
    },
    TEST_MS,
  );

  test(
    'is refused where nobody whom we know has signed it, unless that is what is asked for',
    async () => {
      const unknown = 'its certificate is signed by nobody whom this machine trusts (TIER_REFUSED)';
      await check(
        [
          [at(inRedis?.secure), unknown],
          [at(inPostgres?.secure, '127.0.0.1', 'verify-full'), unknown],
          [at(inMysql?.secure, '127.0.0.1', 'verify-full'), unknown],
          [at(inPostgres?.secure, '127.0.0.1', 'require'), FINE],
          [at(inMysql?.secure, '127.0.0.1', 'require'), FINE],
        ],
        {},
      );
    },
    TEST_MS,
  );

  test(
    'is never talked to in clear where TLS is asked for',
    async () => {
      await check(
        [
          [at(inPostgres?.plain, '127.0.0.1', 'require'), 'it offers no TLS, wanted it'],
          [at(inPostgres?.plain, '127.0.0.1', 'verify-full'), 'it offers no TLS, wanted it'],
          [at(inMysql?.plain, '127.0.0.1', 'require'), 'it offers no TLS where sslmode wants it'],
          [
            at(inMysql?.plain, '127.0.0.1', 'verify-full'),
            'it offers no TLS where sslmode wants it',
          ],
          [at(inRedis?.plain), '(TIER_UNREACHABLE)'],
          [at(inPostgres?.plain, '127.0.0.1', 'disable'), FINE],
        ],
        { NODE_EXTRA_CA_CERTS: authority },
      );
    },
    TEST_MS,
  );

  test(
    'takes the segments of a weir that plays, and they are encrypted on their way',
    async () => {
      const urls = [
        at(inRedis?.secure),
        at(inPostgres?.secure, '127.0.0.1', 'verify-full'),
        at(inMysql?.secure, '127.0.0.1', 'verify-full'),
      ];
      const overflow = `overflow: [${urls.map((url) => `"${url}"`)}]`;
      await using world = new World({ tls: { channelLines: ['keep_warm: true'] } }, [overflow]);
      const weir = await world.start({
        env: { NODE_EXTRA_CA_CERTS: authority },
        readyWithinMs: START_MS,
      });
      const isUp = async () => [...(await tierStates(weir)).values()].join() === 'up,up,up';
      expect(await until(isUp, JOIN_MS)).toBe(true);
      const hasPut = async () => {
        const lines = (await (await fetch(weir.url('/metrics'))).text()).split('\n');
        const puts = lines.filter((line) => line.startsWith('weir_tier_puts_total{'));
        return puts.length === 3 && puts.every((line) => !line.endsWith(' 0'));
      };
      expect(await until(hasPut, JOIN_MS)).toBe(true);
      const ours = "JOIN pg_stat_activity USING (pid) WHERE application_name = 'weir'";
      const sessions = await postgres.run(`SELECT ssl FROM pg_stat_ssl ${ours}`);
      expect(sessions.length).toBeGreaterThan(0);
      expect(sessions.every(({ ssl }) => ssl === true)).toBe(true);
    },
    TEST_MS,
  );
});
