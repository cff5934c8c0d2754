// This file checks that nothing behind the address guard is ever dialled, whatever names it.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { OutboundClient } from '../../src/net/outbound-client.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { codeOf, openClient, requestFor, textOf } from '../support/outbound-request.ts';
import { answerBytes, RawServer } from '../support/raw-server.ts';

/** Stands for a public address; everything else on loopback is what must not be reached. */
const PUBLIC = '127.0.0.2';

/** What names lead to in these tests. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  localhost: ['127.0.0.1', '::1'],
  'app.localhost': ['127.0.0.1'],
  '127.0.0.1.nip.test': ['127.0.0.1'],
  '169.254.169.254.nip.test': ['169.254.169.254'],
  'metadata.test': ['169.254.169.254'],
  'six.test': ['::1'],
  'mapped.test': ['::ffff:127.0.0.1'],
  'zone.test': ['fe80::1%lo'],
  'mixed.test': [PUBLIC, '127.0.0.1'],
  'mixed-last.test': [PUBLIC, PUBLIC, '::1'],
  'xn--bcher-kva.test': ['127.0.0.1'],
  'public.test': [PUBLIC],
};

/** `P` is the canary's port. */
const FORBIDDEN = [
  'http://127.0.0.1:P/',
  'http://127.1:P/',
  'http://127.0.1:P/',
  'http://0x7f000001:P/',
  'http://0x7f.1:P/',
  'http://2130706433:P/',
  'http://017700000001:P/',
  'http://0177.0.0.1:P/',
  'http://127.0.0.1.:P/',
  'http://127.8.8.8:P/',
  'http://0:P/',
  'http://0.0.0.0:P/',
  'http://０.0.0.0:P/',
  'http://１２７.0.0.1:P/',
  'http://127。0。0。1:P/',
  'http://①②⑦.0.0.1:P/',
  'http://[::]:P/',
  'http://[::1]:P/',
  'http://[0:0:0:0:0:0:0:1]:P/',
  'http://[::ffff:127.0.0.1]:P/',
  'http://[::ffff:7f00:1]:P/',
  'http://[::127.0.0.1]:P/',
  'http://[::ffff:0:127.0.0.1]:P/',
  'http://[64:ff9b::7f00:1]:P/',
  'http://[64:ff9b::127.0.0.1]:P/',
  'http://[64:ff9b:1::7f00:1]:P/',
  'http://[2002:7f00:1::]:P/',
  'http://[2001:0:7f00:1::80ff:fffe]:P/',
  'http://[fe80::1]:P/',
  'http://[fc00::1]:P/',
  'http://[fd00::1]:P/',
  'http://[fd00:ec2::254]:P/',
  'http://[ff02::1]:P/',
  'http://10.0.0.1:P/',
  'http://172.16.0.1:P/',
  'http://192.168.0.1:P/',
  'http://100.64.0.1:P/',
  'http://100.100.100.200:P/',
  'http://168.63.129.16:P/',
  'http://169.254.169.254:P/latest/meta-data/',
  'http://0xa9fea9fe:P/',
  'http://192.0.0.192:P/',
  'http://198.18.0.1:P/',
  'http://224.0.0.1:P/',
  'http://240.0.0.1:P/',
  'http://255.255.255.255:P/',
  'http://a@127.0.0.1:P/',
  'http://public.test@127.0.0.1:P/',
  'http://public.test:80@127.0.0.1:P/',
  'http://127.0.0.1:P#@public.test/',
  'http://127.0.0.1:P\\@public.test/',
  'http://127.0.0.1:P/?@public.test/',
  'http:127.0.0.1:P/',
  'http:\\\\127.0.0.1:P/',
  'http:///127.0.0.1:P/',
  'HTTP://LOCALHOST:P/',
  'http://localhost.:P/',
  'http://localhost:P/',
  'http://app.localhost:P/',
  'http://lo\tcal\nhost:P/',
  'http://ｌocalhost:P/',
  'http://127.0.0.1.nip.test:P/',
  'http://169.254.169.254.nip.test:P/',
  'http://metadata.test:P/',
  'http://six.test:P/',
  'http://mapped.test:P/',
  'http://zone.test:P/',
  'http://mixed.test:P/',
  'http://mixed-last.test:P/',
  'http://bücher.test:P/',
  'http://unknown.test:P/',
  'https://127.0.0.1:P/',
  'https://localhost:P/',
  'file:///etc/passwd',
  'ftp://127.0.0.1:P/',
  'gopher://127.0.0.1:P/_x',
  'dict://127.0.0.1:P/',
  'data:text/plain,x',
  'unix:/var/run/docker.sock',
];

/** As a reference from an http page, this one is a path of that page. */
const FORBIDDEN_HOPS = FORBIDDEN.filter((url) => url !== 'http:127.0.0.1:P/');

const REFUSALS = ['NET_ADDRESS_BLOCKED', 'NET_URL', 'NET_DNS'];

async function resolveByTable(name: string): Promise<readonly string[]> {
  return NAMES[name] ?? [];
}

let canary: RawServer;
let canary6: RawServer;
let front: RawServer;
let client: OutboundClient;

beforeAll(async () => {
  canary = await RawServer.answering(answerBytes('canary'));
  canary6 = await RawServer.answering(answerBytes('canary'), { host: '::1', port: canary.port });
  front = await RawServer.listen(
    (socket, head) => {
      const to = Buffer.from(head.split(' ')[1]!.slice(1), 'base64url').toString('utf8');
      const location = Buffer.from(`Location: ${to.replaceAll('\n', '')}`, 'utf8');
      socket.write('HTTP/1.1 302 Found\r\nContent-Length: 0\r\n');
      socket.write(Buffer.concat([location, Buffer.from('\r\n\r\n')]));
    },
    { host: PUBLIC },
  );
  client = openClient({ allowPrivate: [`${PUBLIC}/32`], resolve: resolveByTable });
});

afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await Promise.all([canary, canary6, front].map((server) => server[Symbol.asyncDispose]()));
});

function hits(): number {
  return canary.connections + canary6.connections;
}

/** Nothing may be dialled later either. */
async function expectNoHits(): Promise<void> {
  await Bun.sleep(20);
  expect(hits()).toBe(0);
}

function at(url: string): string {
  return url.replace(':P', `:${canary.port}`);
}

describe('the address guard', () => {
  test.each(FORBIDDEN)('refuses %j', async (url) => {
    expect(REFUSALS).toContain(await codeOf(client(requestFor(at(url)))));
    expect(hits()).toBe(0);
  });

  test.each(FORBIDDEN_HOPS)('refuses a redirect to %j', async (url) => {
    const path = Buffer.from(at(url), 'utf8').toString('base64url');
    const before = front.requests.length;
    expect(REFUSALS).toContain(
      await codeOf(client(requestFor(`http://public.test:${front.port}/${path}`))),
    );
    expect(front.requests.length).toBe(before + 1);
    expect(hits()).toBe(0);
  });

  test('refuses a name for good, whichever of its addresses would be dialled', async () => {
    for (let tries = 0; tries < 100; tries += 1) {
      const request = requestFor(`http://mixed.test:${canary.port}/`);
      expect(await codeOf(client(request))).toBe('NET_ADDRESS_BLOCKED');
    }
    await expectNoHits();
  });

  test('refuses addresses through a proxy that resolves names itself', async () => {
    await using proxy = await RawServer.answering(answerBytes('through'));
    for (const url of ['http://127.0.0.1:P/', 'http://[::1]:P/', 'http://localhost:P/']) {
      const policy = { proxy: proxy.url() };
      expect(await codeOf(client(requestFor(at(url), { policy })))).toBe('NET_ADDRESS_BLOCKED');
    }
    expect(proxy.connections).toBe(0);
    await expectNoHits();
  });

  test('leaves the environment out of it: HTTP_PROXY would dial for us', async () => {
    await using proxy = await RawServer.answering(answerBytes('through'));
    const before = { ...process.env };
    process.env['HTTP_PROXY'] = proxy.url();
    process.env['http_proxy'] = proxy.url();
    try {
      await using server = await RawServer.answering(answerBytes('direct'), { host: PUBLIC });
      expect(await textOf(client, server.url('/', 'public.test'))).toBe('direct');
    } finally {
      for (const name of ['HTTP_PROXY', 'http_proxy']) {
        if (before[name] === undefined) delete process.env[name];
        else process.env[name] = before[name];
      }
    }
    expect(proxy.connections).toBe(0);
  });
});

describe('DNS rebinding', () => {
  test('never reaches the canary in 1,000 tries, with a new name each', async () => {
    await using open = await RawServer.answering(answerBytes('public'), {
      host: PUBLIC,
      port: canary.port,
    });
    let lookups = 0;
    await using rebound = openClient({
      allowPrivate: [`${PUBLIC}/32`],
      resolve: async () => [lookups++ % 2 === 0 ? PUBLIC : '127.0.0.1'],
    });
    const seen: Record<string, number> = {};
    for (let tries = 0; tries < 1_000; tries += 1) {
      const outcome = await textOf(rebound, `http://n${tries}.test:${canary.port}/`).catch(
        (error) => error.code,
      );
      seen[outcome] = (seen[outcome] ?? 0) + 1;
    }
    expect(seen).toEqual({ public: 500, NET_ADDRESS_BLOCKED: 500 });
    expect(open.requests.length).toBe(500);
    await expectNoHits();
  });

  test('never reaches the canary while one name changes its mind 1,000 times', async () => {
    await using open = await RawServer.answering(answerBytes('public'), {
      host: PUBLIC,
      port: canary.port,
    });
    const clock = new FakeClock();
    let lookups = 0;
    await using rebound = openClient({
      clock,
      allowPrivate: [`${PUBLIC}/32`],
      resolve: async () => [lookups++ % 2 === 0 ? PUBLIC : '127.0.0.1'],
    });
    const seen: Record<string, number> = {};
    for (let tries = 0; tries < 1_000; tries += 1) {
      await clock.advance(31_000);
      const outcome = await textOf(rebound, `http://n.test:${canary.port}/`).catch(
        (error) => error.code,
      );
      seen[outcome] = (seen[outcome] ?? 0) + 1;
    }
    expect(Object.keys(seen).sort()).toEqual(['NET_ADDRESS_BLOCKED', 'public']);
    expect(lookups).toBeGreaterThan(900);
    expect(open.requests.length).toBe(seen['public']!);
    await expectNoHits();
  });
});

test('the canary sings where loopback is allowed: the tests above can fail', async () => {
  const before = hits();
  await using open = openClient({ resolve: resolveByTable });
  for (const url of ['http://127.1:P/', 'http://[::1]:P/', 'http://localhost:P/']) {
    expect(await textOf(open, at(url))).toBe('canary');
  }
  expect(hits()).toBe(before + 3);
});
