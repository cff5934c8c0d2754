// This file watches the endless stream of a channel as players and media servers do.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { connect, type Socket } from 'node:net';
import { checkTransport } from '../support/check-transport.ts';
import { Weir } from '../support/weir.ts';

const PACKET_BYTES = 188;
/** So much of the demo is more than its first picture and sound. */
const SOME_BYTES = 100 * PACKET_BYTES;

describe('/live/{channel}.ts', () => {
  let weir: Weir;
  beforeAll(async () => {
    weir = await Weir.start({
      yaml: `
allow_private: [127.0.0.0/8]
prefetch: { idle_stop: 5s }
providers: { small: { max_connections: 1 } }
channels:
  - { id: demo, sources: [{ loop: demo }] }
  - { id: other, sources: [{ loop: demo }] }
  - { id: gone, sources: ['http://127.0.0.1:9/none.m3u8'] }
`,
    });
  });
  afterAll(() => weir?.[Symbol.asyncDispose]());

  async function begin(path: string, headers: Record<string, string> = {}) {
    const leave = new AbortController();
    const response = await fetch(weir.url(path), { headers, signal: leave.signal });
    const reader = response.body!.getReader();
    const chunks: Uint8Array[] = [];
    const read = async (sizeBytes: number) => {
      let size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      while (size < sizeBytes) {
        const { value, done } = await reader.read();
        if (done) break;
        chunks.push(value);
        size += value.length;
      }
      const bytes = Buffer.concat(chunks);
      return new Uint8Array(bytes.subarray(0, bytes.length - (bytes.length % PACKET_BYTES)));
    };
    return { response, read, leave: () => leave.abort() };
  }

  async function metric(name: string): Promise<number> {
    const text = await (await fetch(weir.url('/metrics'))).text();
    const line = new RegExp(`^${name}\\{[^}]*\\} ([\\d.]+)$`, 'm').exec(text);
    return Number(line?.[1] ?? 0);
  }

  async function until(isTrue: () => Promise<boolean>): Promise<boolean> {
    for (let tries = 0; tries < 100; tries++) {
      if (await isTrue()) return true;
      await Bun.sleep(50);
    }
    return false;
  }

  test('begins with tables and a key frame, is clean, and says what players look for', async () => {
    const { response, read, leave } = await begin('/live/demo.ts');
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'video/mp2t',
      'cache-control': 'no-store',
      'accept-ranges': 'none',
      'x-accel-buffering': 'no',
      'access-control-allow-origin': '*',
    });
    expect(response.headers.get('content-length')).toBeNull();
    expect(checkTransport(await read(SOME_BYTES))).toEqual([]);
    leave();
  });

  test('is 200 from now on, whatever range is asked for', async () => {
    const { response, read, leave } = await begin('/live/demo.ts', { range: 'bytes=1000-' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-range')).toBeNull();
    expect(checkTransport(await read(SOME_BYTES))).toEqual([]);
    leave();
  });

  test('who comes later gets the same stream, from a key frame on', async () => {
    const first = await begin('/live/demo.ts');
    await first.read(SOME_BYTES);
    const second = await begin('/live/demo.ts');
    expect(checkTransport(await second.read(SOME_BYTES))).toEqual([]);
    expect(await metric('weir_ts_viewers')).toBe(2);
    first.leave();
    second.leave();
  });

  test('ends with its last viewer, and the channel after it', async () => {
    const { read, leave } = await begin('/live/other.ts');
    await read(PACKET_BYTES);
    leave();
    const isEnded = async () => (await metric('weir_ts_viewers')) === 0;
    expect(await until(isEnded)).toBe(true);
    const isIdle = async () => {
      const channel = await (await fetch(weir.url('/api/channels/other'))).json();
      return channel.renditions.every(({ state }: { state: string }) => state === 'cold');
    };
    for (let tries = 0; tries < 3 && !(await until(isIdle)); tries++);
    expect(await isIdle()).toBe(true);
  }, 20_000);

  test('one that does not read holds up nobody', async () => {
    const stalled: Socket[] = [];
    const { port } = new URL(weir.url('/'));
    for (let count = 0; count < 20; count++) {
      const socket = connect(Number(port), '127.0.0.1');
      socket.write('GET /live/demo.ts HTTP/1.1\r\nHost: weir\r\n\r\n');
      socket.pause();
      stalled.push(socket);
    }
    const { read, leave } = await begin('/live/demo.ts');
    expect(checkTransport(await read(2 * SOME_BYTES))).toEqual([]);
    leave();
    for (const socket of stalled) socket.destroy();
    expect(await until(async () => (await metric('weir_ts_viewers')) === 0)).toBe(true);
  }, 20_000);

  test('HEAD is answered without waking the channel', async () => {
    const response = await fetch(weir.url('/live/gone.ts'), { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('video/mp2t');
    expect(response.headers.get('content-length')).toBeNull();
    const { fetches } = await (await fetch(weir.url('/api/channels/gone'))).json();
    expect(fetches).toEqual({});
  });

  test.each([
    ['a channel that is not there', '/live/nobody.ts', 404],
    ['a channel whose source is not to be had', '/live/gone.ts', 503],
    ['a quality that is none', '/live/demo.ts?quality=high', 400],
    ['a form that is none', '/live/demo.avi', 404],
  ])('%s is refused', async (_, path, status) => {
    const response = await fetch(weir.url(path));
    expect(response.status).toBe(status);
    expect(response.headers.has('retry-after')).toBe(status === 503);
    await response.text();
  });
});
