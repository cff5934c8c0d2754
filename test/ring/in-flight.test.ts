// This file tests a body that is read while it arrives.
import { describe, expect, test } from 'bun:test';
import { BodyBrokenError, InFlight } from '../../src/ring/in-flight.ts';
import { settle } from '../support/fake-clock.ts';

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

async function readText(reader: Reader): Promise<string> {
  const { value, done } = await reader.read();
  return done ? '<end>' : new TextDecoder().decode(value);
}

async function restText(stream: ReadableStream<Uint8Array>): Promise<string> {
  return new Response(stream).text();
}

/** Whether a promise has settled by now. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let pending = true;
  const settled = () => {
    pending = false;
  };
  promise.then(settled, settled);
  await settle();
  return pending;
}

function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('InFlight', () => {
  test('gives each of two readers every byte at its own speed', async () => {
    const body = new InFlight();
    const fast = body.stream().getReader();
    const slow = body.stream().getReader();
    body.append(bytes('one '));
    expect(await readText(fast)).toBe('one ');
    body.append(bytes('two '));
    expect(await readText(fast)).toBe('two ');
    expect(await readText(slow)).toBe('one ');
    body.append(bytes('three'));
    body.complete(new Blob(['one two three']));
    expect(await readText(fast)).toBe('three');
    expect(await readText(fast)).toBe('<end>');
    expect(await readText(slow)).toBe('two three');
    expect(await readText(slow)).toBe('<end>');
  });

  test('gives a late reader the body from its first byte', async () => {
    const body = new InFlight();
    body.append(bytes('one '));
    body.append(bytes('two '));
    const late = body.stream();
    body.append(bytes('three'));
    const rest = restText(late);
    await settle();
    body.complete(new Blob(['one two three']));
    expect(await rest).toBe('one two three');
    expect(await restText(body.stream())).toBe('one two three');
  });

  test('keeps a reader waiting until there are bytes', async () => {
    const body = new InFlight();
    const read = readText(body.stream().getReader());
    expect(await isPending(read)).toBe(true);
    body.append(bytes('x'));
    expect(await read).toBe('x');
  });

  test('breaks its readers in mid-body, never ends them', async () => {
    const body = new InFlight();
    const reader = body.stream().getReader();
    body.append(bytes('half'));
    expect(await readText(reader)).toBe('half');
    const next = errorOf(reader.read());
    const failure = new Error('upstream died');
    body.fail(failure);
    expect(await next).toBe(failure);
    expect(await errorOf(body.stream().getReader().read())).toBe(failure);
    expect(await errorOf(body.whole())).toBe(failure);
    expect(await errorOf(body.begun())).toBe(failure);
  });

  test('breaks who has read of an attempt that cannot be continued, and begins anew', async () => {
    const body = new InFlight();
    const before = body.stream().getReader();
    body.append(bytes('old'));
    expect(await readText(before)).toBe('old');
    body.restart();
    expect(body.sizeBytes).toBe(0);
    body.append(bytes('new body'));
    expect(await errorOf(before.read())).toBeInstanceOf(BodyBrokenError);
    const after = restText(body.stream());
    await settle();
    body.complete(new Blob(['new body']));
    expect(await after).toBe('new body');
  });

  test('breaks a reader of the old attempt also once the new one is whole', async () => {
    const body = new InFlight();
    const before = body.stream().getReader();
    body.append(bytes('old'));
    expect(await readText(before)).toBe('old');
    body.restart();
    body.append(bytes('new body'));
    body.complete(new Blob(['new body']));
    expect(await errorOf(before.read())).toBeInstanceOf(BodyBrokenError);
  });

  test('a restart before the first byte breaks nobody', async () => {
    const body = new InFlight();
    const rest = restText(body.stream());
    await settle();
    body.restart();
    body.append(bytes('all'));
    body.complete(new Blob(['all']));
    expect(await rest).toBe('all');
  });

  test('shows nothing of a body whose beginning it has missed, until that is whole', async () => {
    const body = new InFlight();
    const rest = restText(body.stream());
    body.append(bytes('end'), 6);
    await settle();
    expect(body.sizeBytes).toBe(0);
    body.complete(new Blob(['begin end']));
    expect(await rest).toBe('begin end');
  });

  test('reads nothing ahead of a reader that does not read', async () => {
    const body = new InFlight();
    const reader = body.stream().getReader();
    for (const text of ['a', 'b', 'c']) body.append(bytes(text));
    await settle();
    // What nobody pulled is not queued: once whole, it comes in one step out of the Blob
    body.complete(new Blob(['abc']));
    expect(await readText(reader)).toBe('abc');
  });

  test('hands out a large whole body in steps, whole and in order', async () => {
    const large = new Uint8Array(1_000_003).map((_, index) => index % 251);
    const body = new InFlight();
    body.append(large.subarray(0, 10));
    const reader = body.stream().getReader();
    const chunks = [(await reader.read()).value as Uint8Array];
    body.complete(new Blob([large]));
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      expect(value.byteLength).toBeLessThanOrEqual(512 * 1024);
      chunks.push(value);
    }
    expect(chunks.length).toBeGreaterThan(2);
    expect(Buffer.concat(chunks).equals(large)).toBe(true);
  });

  test('an empty body is an empty answer', async () => {
    const body = new InFlight();
    body.complete(new Blob([]));
    expect(await restText(body.stream())).toBe('');
    expect(await body.begun()).toBeInstanceOf(Blob);
  });

  test('begun() tells of the first byte, or of the whole', async () => {
    const body = new InFlight();
    const begun = body.begun();
    expect(await isPending(begun)).toBe(true);
    const whole = body.whole();
    body.append(bytes('x'));
    expect(await begun).toBe('streaming');
    expect(await isPending(whole)).toBe(true);
    const blob = new Blob(['xy']);
    body.complete(blob);
    expect(await whole).toBe(blob);
    expect(await body.begun()).toBe(blob);
  });

  test('counts its readers, each once, however it ends', async () => {
    const body = new InFlight();
    let ends = 0;
    const onEnd = () => {
      ends++;
    };
    const [left, broken, whole] = [body.stream(onEnd), body.stream(onEnd), body.stream(onEnd)];
    expect(body.readers).toBe(3);
    await left.cancel();
    expect([body.readers, ends]).toEqual([2, 1]);
    const brokenReader = broken.getReader();
    const wholeText = restText(whole);
    body.append(bytes('x'));
    await brokenReader.read();
    await settle();
    body.complete(new Blob(['x']));
    expect(await wholeText).toBe('x');
    expect([body.readers, ends]).toEqual([1, 2]);
    expect(await readText(brokenReader)).toBe('<end>');
    await brokenReader.cancel();
    expect([body.readers, ends]).toEqual([0, 3]);
  });

  test('a reader that leaves while it waits disturbs nobody', async () => {
    const body = new InFlight();
    const leaver = body.stream().getReader();
    const stayer = restText(body.stream());
    const waiting = leaver.read();
    await leaver.cancel();
    expect((await waiting).done).toBe(true);
    body.append(bytes('x'));
    await settle();
    body.complete(new Blob(['x']));
    expect(await stayer).toBe('x');
    expect(body.readers).toBe(0);
  });
});
