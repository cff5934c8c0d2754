// This file checks how the client gets along with names some of whose addresses are dead.
import { describe, expect, test } from 'bun:test';
import { createServer } from 'node:net';
import type { OutboundClient } from '../../src/net/outbound-client.ts';
import { type Probe, socketProbe } from '../../src/net/probe.ts';
import { openBlackHole } from '../support/black-hole.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { codeOf, openClient, requestFor, textOf, until } from '../support/outbound-request.ts';
import { answerBytes, RawServer } from '../support/raw-server.ts';

const LIVE = '127.0.0.2';
const HOLE = '127.0.0.3';

/** Nobody listens at 127.0.0.4 and up. */
async function openNamed(addresses: readonly string[]): Promise<OutboundClient> {
  return openClient({ resolve: async () => addresses });
}

describe('a name with several addresses', () => {
  test('is reached past one that hangs up, which is then tried last for a while', async () => {
    await using rude = await RawServer.listen((socket) => socket.destroy(), { host: '127.0.0.4' });
    const at = { host: LIVE, port: rude.port };
    await using live = await RawServer.answering(answerBytes('ok'), at);
    const clock = new FakeClock();
    await using client = openClient({ clock, resolve: async () => ['127.0.0.4', LIVE] });
    const url = live.url('/', 'a.test');
    expect(await textOf(client, url)).toBe('ok');
    await clock.advance(540_000);
    expect(await textOf(client, url)).toBe('ok');
    expect(rude.connections).toBe(1);
    await clock.advance(120_000);
    expect(await textOf(client, url)).toBe('ok');
    expect(rude.connections).toBe(2);
    expect(client.stats().requests).toEqual({ OK: 3 });
  });

  test('is reached past addresses where nobody listens', async () => {
    await using server = await RawServer.answering(answerBytes('ok'), { host: LIVE });
    await using client = await openNamed(['127.0.0.4', '::1', LIVE]);
    expect(await textOf(client, server.url('/', 'a.test'))).toBe('ok');
  });

  test('is not reached where all refuse, and the DNS is asked again', async () => {
    let lookups = 0;
    await using client = openClient({
      resolve: async () => {
        lookups += 1;
        return ['127.0.0.4', '127.0.0.5'];
      },
    });
    const port = await freePort();
    for (let tries = 0; tries < 3; tries += 1) {
      expect(await codeOf(client(requestFor(`http://a.test:${port}/`)))).toBe('NET_CONNECT');
    }
    expect(lookups).toBe(3);
  });

  test('is not left by one that answers badly', async () => {
    const odd = 'SSH-2.0-OpenSSH_9.2p1\r\n\r\n';
    await using bad = await RawServer.answering(odd, { host: '127.0.0.4' });
    await using live = await RawServer.answering(answerBytes('ok'), { host: LIVE, port: bad.port });
    await using client = await openNamed(['127.0.0.4', LIVE]);
    expect(await codeOf(client(requestFor(live.url('/', 'a.test'))))).toBe('NET_PROTOCOL');
    expect(live.connections).toBe(0);
  });

  test('is reached past a black hole, which is found out once', async () => {
    await using server = await RawServer.answering(answerBytes('ok'), { host: LIVE });
    await using _hole = await openBlackHole(HOLE, server.port);
    const probed: string[] = [];
    const probe: Probe = (target, events) => {
      probed.push(target.address);
      return socketProbe(target, events);
    };
    await using client = openClient({ probe, resolve: async () => [HOLE, LIVE] });
    for (let nth = 0; nth < 20; nth += 1) {
      expect(await textOf(client, server.url('/', 'a.test'))).toBe('ok');
    }
    expect(probed).toEqual([HOLE]);
    expect(server.requests.length).toBe(20);
  }, 20_000);
});

describe('a black hole alone', () => {
  test.each(['http', 'https'])(
    'ends %s with the connect deadline',
    async (scheme) => {
      await using hole = await openBlackHole(HOLE, 0);
      await using client = await openNamed([HOLE]);
      const limits = { connectMs: 800, firstByteMs: 5_000 };
      const request = requestFor(`${scheme}://a.test:${hole.port}/`, { limits });
      expect(await codeOf(client(request))).toBe('NET_TIMEOUT_CONNECT');
    },
    20_000,
  );
});

describe('a probe', () => {
  type Outcome = boolean | 'answer' | 'silence';

  /** Counts, and says what the test says; `answer` is one that never gets through TLS. */
  function createProbe(outcome: Outcome) {
    const seen = { targets: [] as unknown[], open: 0 };
    const probe: Probe = (target, { answered, settled }) => {
      seen.targets.push(target);
      seen.open += 1;
      if (outcome === 'answer') queueMicrotask(answered);
      else if (outcome !== 'silence') queueMicrotask(() => settled(outcome));
      return {
        [Symbol.dispose]: () => {
          seen.open -= 1;
        },
      };
    };
    return { seen, probe };
  }

  test('is not made for an upstream that answers within 300 ms', async () => {
    const { seen, probe } = createProbe(true);
    const clock = new FakeClock();
    let answer = () => {};
    await using server = await RawServer.listen((socket) => {
      answer = () => socket.write(answerBytes('ok'));
    });
    await using client = openClient({ probe, clock });
    const text = textOf(client, server.url());
    expect(await until(() => server.requests.length === 1)).toBe(true);
    await clock.advance(299);
    answer();
    expect(await text).toBe('ok');
    await clock.advance(10_000);
    expect(seen.targets).toEqual([]);
  });

  test('is made once for one that is slow, and taken down with the request', async () => {
    const { seen, probe } = createProbe('silence');
    const clock = new FakeClock();
    const answers: (() => void)[] = [];
    await using server = await RawServer.listen((socket) => {
      answers.push(() => socket.write(answerBytes('ok')));
    });
    await using client = openClient({ probe, clock });
    for (let nth = 0; nth < 3; nth += 1) {
      const text = textOf(client, server.url());
      expect(await until(() => answers.length === nth + 1)).toBe(true);
      await clock.advance(1_000);
      answers[nth]!();
      expect(await text).toBe('ok');
    }
    expect(seen).toEqual({ targets: [{ address: '127.0.0.1', port: server.port }], open: 0 });
  });

  const OUTCOMES: readonly (readonly [outcome: Outcome, atMs: number, code: string])[] = [
    ['silence', 2_000, 'NET_TIMEOUT_CONNECT'],
    [false, 2_000, 'NET_TIMEOUT_CONNECT'],
    ['answer', 2_000, 'NET_TIMEOUT_CONNECT'],
    [true, 5_300, 'NET_TIMEOUT_FIRST_BYTE'],
  ];
  test.each<[Outcome, number]>([
    ['silence', 2],
    ['answer', 1],
  ])('that says %p lets %p addresses be tried within a second', async (outcome, tried) => {
    const { seen, probe } = createProbe(outcome);
    const clock = new FakeClock();
    await using slow = await RawServer.listen(() => {}, { host: '127.0.0.4' });
    await using next = await RawServer.listen(() => {}, { host: LIVE, port: slow.port });
    await using client = openClient({ probe, clock, resolve: async () => ['127.0.0.4', LIVE] });
    const failure = codeOf(client(requestFor(next.url('/', 'a.test'))));
    expect(await until(() => slow.requests.length === 1)).toBe(true);
    await clock.advance(999);
    expect(seen.targets.length).toBe(1);
    // The next address gets its own 300 ms before it is probed.
    await clock.advance(301);
    expect(seen.targets.length).toBe(tried);
    await clock.advance(10_000);
    expect(await failure).toBe('NET_TIMEOUT_CONNECT');
  });

  test.each([...OUTCOMES])(
    'that says %p ends the wait after %p ms',
    async (outcome, atMs, code) => {
      const { seen, probe } = createProbe(outcome);
      const clock = new FakeClock();
      await using server = await RawServer.listen(() => {});
      await using client = openClient({ probe, clock });
      const limits = { connectMs: 2_000, firstByteMs: 5_000, totalMs: 60_000 };
      let seenCode = '';
      void codeOf(client(requestFor(server.url(), { limits }))).then((value) => {
        seenCode = value;
      });
      expect(await until(() => server.requests.length === 1)).toBe(true);
      await clock.advance(atMs - 1);
      expect(seenCode).toBe('');
      await clock.advance(1);
      expect(seenCode).toBe(code);
      expect(seen.open).toBe(0);
      expect(clock.pendingCount).toBe(0);
    },
  );
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((listening) => server.on('listening', listening));
  const { port } = server.address() as { port: number };
  await new Promise((closed) => server.close(closed));
  return port;
}
