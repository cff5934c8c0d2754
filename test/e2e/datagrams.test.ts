// This file relays endless MPEG-TS that ffmpeg sends in datagrams, bare and as RTP, to a group or a port.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createSocket, type Socket } from 'node:dgram';
import type { Subprocess } from 'bun';
import { decodeWithFfmpeg, endProgram, hasProgram } from '../support/programs.ts';
import { played } from '../support/stream-origin.ts';
import { Weir } from '../support/weir.ts';

const GROUP = '239.255.88.1';

async function bound(port = 0): Promise<Socket> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(port, '127.0.0.1', () => resolve()));
  return socket;
}

async function freePort(): Promise<number> {
  const socket = await bound();
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}

/** A network that mixes packets up delivers them soon all the same, whether or not more follow. */
const LATE_MS = 50;

/** Passes on what it gets: each seventh packet after the next two, each eleventh twice. */
async function openMixer(toPort: number): Promise<Socket> {
  const socket = await bound();
  const late = new Map<number, Uint8Array>();
  let count = 0;
  const release = (at: number) => {
    const bytes = late.get(at);
    late.delete(at);
    if (bytes !== undefined) socket.send(bytes, toPort, '127.0.0.1');
  };
  // While weir does not listen, the kernel says so
  socket.on('error', () => {});
  socket.on('message', (bytes) => {
    count++;
    const copy = Uint8Array.from(bytes);
    if (count % 7 !== 0) socket.send(copy, toPort, '127.0.0.1');
    else {
      const at = count;
      late.set(at, copy);
      // A sender may pause for longer than who receives it waits
      setTimeout(() => release(at), LATE_MS);
    }
    if (count % 11 === 0) socket.send(copy, toPort, '127.0.0.1');
    release(count - 2);
  });
  return socket;
}

async function send(format: string, url: string): Promise<Subprocess> {
  return Bun.spawn({
    cmd: ['ffmpeg', '-v', 'error', ...(await played()), '-f', format, url],
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'ignore',
  });
}

describe.skipIf(!hasProgram('ffmpeg'))('an endless stream in datagrams', () => {
  const senders: Subprocess[] = [];
  let mixer: Socket;
  let groupPort: number;
  let weir: Weir;

  beforeAll(async () => {
    groupPort = await freePort();
    const rtpPort = await freePort();
    mixer = await openMixer(rtpPort);
    senders.push(
      await send('mpegts', `udp://${GROUP}:${groupPort}?localaddr=127.0.0.1&pkt_size=1316`),
    );
    senders.push(await send('rtp_mpegts', `rtp://127.0.0.1:${mixer.address().port}`));
    weir = await Weir.start({
      yaml: `
prefetch: { idle_stop: 3s }
channels:
  - id: group
    sources: [{ url: 'udp://@${GROUP}:${groupPort}', interface: 127.0.0.1, segment: 2s }]
  - id: rtp
    sources: [{ url: 'rtp://127.0.0.1:${rtpPort}', segment: 2s }]
  - id: silent
    sources:
      - { url: 'udp://127.0.0.1:${await freePort()}', timeouts: { first_byte: 1s } }
`,
    });
  }, 30_000);
  afterAll(async () => {
    await weir?.[Symbol.asyncDispose]();
    await Promise.all(senders.map(endProgram));
    mixer?.close();
  });

  test.each(['group', 'rtp'])(
    '%s: ffmpeg decodes it without an error',
    async (id) => {
      const decoded = await decodeWithFfmpeg(weir.url(`/live/${id}/index.m3u8`), 12);
      expect(decoded.errors).toEqual([]);
      expect(decoded.durationS).toBeGreaterThan(8);
      expect(decoded.jumps).toEqual([]);
      const metrics = await (await fetch(weir.url('/metrics'))).text();
      expect(metrics).toContain(`weir_stream_connects_total{channel="${id}"} 1\n`);
      expect(metrics).toContain(`weir_stream_continuity_errors_total{channel="${id}"} 0\n`);
      expect(metrics).toContain(`weir_stream_rtp_lost_total{channel="${id}"} 0\n`);
      const [, reordered = '0'] = /rtp_reordered_total\{channel="rtp"\} (\d+)/.exec(metrics) ?? [];
      if (id === 'rtp') expect(Number(reordered)).toBeGreaterThan(10);
    },
    60_000,
  );

  test('the socket is closed after idle_stop', async () => {
    const port = groupPort;
    const isListening = async () => {
      const table = await Bun.file('/proc/net/udp').text();
      return table.includes(`:${port.toString(16).toUpperCase().padStart(4, '0')} `);
    };
    if (process.platform !== 'linux') return;
    await fetch(weir.url('/live/group/index.m3u8'));
    expect(await isListening()).toBe(true);
    const endMs = performance.now() + 8000;
    while ((await isListening()) && performance.now() < endMs) await Bun.sleep(50);
    expect(await isListening()).toBe(false);
  }, 30_000);

  test('silence is said', async () => {
    const answer = await fetch(weir.url('/live/silent/index.m3u8'));
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain('SOURCE_SILENT');
  }, 30_000);

  test('what upstream redirects to is never received', async () => {
    const server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: () =>
        new Response(null, { status: 302, headers: { location: `udp://${GROUP}:${groupPort}` } }),
    });
    const yaml = `
allow_private: [127.0.0.0/8]
channels: [{ id: led, sources: ['${server.url}'] }]
`;
    await using other = await Weir.start({ yaml });
    const answer = await fetch(other.url('/live/led/index.m3u8'));
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain('NET_URL');
    await server.stop(true);
  }, 30_000);
});
