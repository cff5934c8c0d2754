// This file checks that names are resolved once, in time, and from memory while the DNS is away.
import { describe, expect, test } from 'bun:test';
import { type Resolver, ResolverCache } from '../../src/net/resolver.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { codeOf } from '../support/outbound-request.ts';

type Answer = readonly string[] | Error | 'silence';

/** A DNS whose answer a test sets, and that counts how often it was asked. */
function createDns(clock: FakeClock, first: Answer) {
  const dns = { answer: first, delayMs: 0, asked: 0, cache: undefined as never as ResolverCache };
  const resolve: Resolver = (_name) => {
    dns.asked += 1;
    const { answer } = dns;
    return new Promise((settle, reject) => {
      if (answer === 'silence') return;
      clock.after(dns.delayMs, () =>
        answer instanceof Error ? reject(answer) : settle(answer as readonly string[]),
      );
    });
  };
  dns.cache = new ResolverCache(clock, resolve);
  return dns;
}

async function ask(clock: FakeClock, cache: ResolverCache): Promise<readonly string[] | string> {
  const answer = cache.addressesOf('a.test').catch((error) => error.code as string);
  await clock.advance(0);
  return answer;
}

const GONE = Object.assign(new Error('gone'), { code: 'ENOTFOUND' });

describe('ResolverCache', () => {
  test('asks once for many, and not again while the answer is fresh', async () => {
    const clock = new FakeClock();
    const dns = createDns(clock, ['1.1.1.1', '1.1.1.1', '::1']);
    const many = Promise.all(Array.from({ length: 50 }, () => dns.cache.addressesOf('a.test')));
    await clock.advance(0);
    expect((await many)[49]).toEqual(['1.1.1.1', '::1']);
    await clock.advance(29_999);
    expect(await ask(clock, dns.cache)).toEqual(['1.1.1.1', '::1']);
    expect(dns.asked).toBe(1);
  });

  test('renews a name in use beside its requests, and learns of a change', async () => {
    const clock = new FakeClock();
    const dns = createDns(clock, ['1.1.1.1']);
    await ask(clock, dns.cache);
    dns.answer = ['2.2.2.2'];
    await clock.advance(30_000);
    expect(await ask(clock, dns.cache)).toEqual(['1.1.1.1']);
    expect(await ask(clock, dns.cache)).toEqual(['2.2.2.2']);
    expect(dns.asked).toBe(2);
  });

  test('waits for a new answer where the old one has not been used for long', async () => {
    const clock = new FakeClock();
    const dns = createDns(clock, ['1.1.1.1']);
    await ask(clock, dns.cache);
    dns.answer = ['2.2.2.2'];
    await clock.advance(120_000);
    expect(await ask(clock, dns.cache)).toEqual(['2.2.2.2']);
  });

  test('waits for a new answer where none of the addresses could be reached', async () => {
    const clock = new FakeClock();
    const dns = createDns(clock, ['1.1.1.1']);
    await ask(clock, dns.cache);
    dns.answer = ['2.2.2.2'];
    dns.cache.expire('a.test');
    expect(await ask(clock, dns.cache)).toEqual(['2.2.2.2']);
  });

  test.each<[string, Answer, string]>([
    ['NXDOMAIN', GONE, 'ENOTFOUND'],
    ['an empty answer', [], 'no address'],
    ['an error without a code', new Error('SECRET'), 'lookup failed'],
  ])('says why there is no address: %s', async (_name, answer, reason) => {
    const clock = new FakeClock();
    const dns = createDns(clock, answer);
    const failure = dns.cache.addressesOf('a.test').catch((error) => error);
    await clock.advance(0);
    const message = `Cannot resolve a.test: ${reason}, wanted an address`;
    expect(await failure).toMatchObject({ code: 'NET_DNS', message, detail: { host: 'a.test' } });
  });

  test('waits two seconds and no longer', async () => {
    const clock = new FakeClock();
    const dns = createDns(clock, 'silence');
    let code = '';
    void codeOf(dns.cache.addressesOf('a.test')).then((seen) => {
      code = seen;
    });
    await clock.advance(1_999);
    expect(code).toBe('');
    await clock.advance(1);
    expect(code).toBe('NET_DNS');
  });

  test('keeps an answer that came too late for the next request', async () => {
    const clock = new FakeClock();
    const dns = createDns(clock, ['1.1.1.1']);
    dns.delayMs = 10_000;
    const first = codeOf(dns.cache.addressesOf('a.test'));
    await clock.advance(10_000);
    expect(await first).toBe('NET_DNS');
    expect(await ask(clock, dns.cache)).toEqual(['1.1.1.1']);
    expect(dns.asked).toBe(1);
  });

  test('starts no second lookup while the first has not come back', async () => {
    const clock = new FakeClock();
    const dns = createDns(clock, 'silence');
    for (let round = 0; round < 5; round += 1) {
      const failure = codeOf(dns.cache.addressesOf('a.test'));
      await clock.advance(7_000);
      expect(await failure).toBe('NET_DNS');
    }
    expect(dns.asked).toBe(1);
  });

  test('does not ask for a failed name at every retry', async () => {
    const clock = new FakeClock();
    const dns = createDns(clock, GONE);
    for (let tries = 0; tries < 10; tries += 1) expect(await ask(clock, dns.cache)).toBe('NET_DNS');
    expect(dns.asked).toBe(1);
    await clock.advance(5_000);
    dns.answer = ['1.1.1.1'];
    expect(await ask(clock, dns.cache)).toEqual(['1.1.1.1']);
  });

  // RFC 8767 §5
  test('serves the last answer for an hour while the DNS fails, without waiting', async () => {
    const clock = new FakeClock();
    const dns = createDns(clock, ['1.1.1.1']);
    await ask(clock, dns.cache);
    dns.answer = GONE;
    for (let minute = 1; minute < 60; minute += 1) {
      await clock.advance(60_000);
      expect(await ask(clock, dns.cache)).toEqual(['1.1.1.1']);
    }
    expect(dns.cache.staleAnswers).toBeGreaterThan(50);
    await clock.advance(60_001);
    expect(await ask(clock, dns.cache)).toBe('NET_DNS');
    dns.answer = ['2.2.2.2'];
    await clock.advance(5_000);
    expect(await ask(clock, dns.cache)).toEqual(['2.2.2.2']);
  });

  test('names nobody uses are not kept for ever', async () => {
    const clock = new FakeClock();
    let asked = 0;
    const cache = new ResolverCache(clock, async () => {
      asked += 1;
      return ['1.1.1.1'];
    });
    for (let nth = 0; nth < 5_000; nth += 1) await cache.addressesOf(`h${nth}.test`);
    await cache.addressesOf('h4999.test');
    expect(asked).toBe(5_000);
    await cache.addressesOf('h0.test');
    expect(asked).toBe(5_001);
  });

  test('knownAddressesOf() waits once for a dead DNS, then never', async () => {
    const clock = new FakeClock();
    const dns = createDns(clock, 'silence');
    const first = dns.cache.knownAddressesOf('a.test');
    await clock.advance(2_000);
    expect(await first).toBeUndefined();
    await clock.advance(60_000);
    expect(await dns.cache.knownAddressesOf('a.test')).toBeUndefined();
  });

  test('knownAddressesOf() tells what is known', async () => {
    const clock = new FakeClock();
    const dns = createDns(clock, ['1.1.1.1']);
    await ask(clock, dns.cache);
    await clock.advance(3_000_000);
    expect(await dns.cache.knownAddressesOf('a.test')).toEqual(['1.1.1.1']);
  });
});
