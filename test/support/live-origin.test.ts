// This file tests that the synthetic live channel is a channel, and its bodies can be told again.
import { describe, expect, test } from 'bun:test';
import { createDecipheriv } from 'node:crypto';
import { FakeClock } from './fake-clock.ts';
import { FaultyOrigin } from './faulty-origin.ts';
import { sha256 } from './live/payload.ts';
import { LiveChannel, type LiveOptions } from './live-origin.ts';

async function text(url: string): Promise<string> {
  const response = await fetch(url);
  return response.text();
}

function tags(playlist: string, name: string): string[] {
  return playlist.split('\n').filter((line) => line.startsWith(name));
}

function uris(playlist: string): string[] {
  return playlist.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

function start(options: LiveOptions = {}) {
  const clock = new FakeClock();
  const origin = new FaultyOrigin({ clock });
  const live = new LiveChannel(origin, { clock, ...options });
  return { clock, live, [Symbol.dispose]: () => origin[Symbol.dispose]() };
}

describe('LiveChannel', () => {
  test('lists a window that slides by one each target duration', async () => {
    using world = start();
    const { clock, live } = world;
    expect(uris(await text(live.mediaUrl()))).toEqual([100, 101, 102, 103, 104, 105].map(file));
    await clock.advance(2000);
    const later = await text(live.mediaUrl());
    expect(uris(later)).toEqual([102, 103, 104, 105, 106, 107].map(file));
    expect(later).toContain('#EXT-X-MEDIA-SEQUENCE:102\n');
    expect(live.listedForMs('/live/720/107.ts')).toBe(0);
    expect(live.listedForMs('/live/720/106.ts')).toBe(1000);
    expect(live.listedForMs('/live/720/108.ts')).toBeUndefined();
  });

  test('offers its renditions, with absolute URIs and tokens where asked', async () => {
    const low = { name: 'low', width: 640, height: 360, bandwidth: 500_000 };
    const high = { name: 'high', width: 1920, height: 1080, bandwidth: 5_000_000 };
    using plain = start({ renditions: [low, high] });
    expect(uris(await text(plain.live.multivariantUrl))).toEqual([
      'low/index.m3u8',
      'high/index.m3u8',
    ]);
    using full = start({ renditions: [low], uris: 'absolute', query: 't=1' });
    const [variant] = uris(await text(full.live.multivariantUrl));
    expect(variant).toBe(`${full.live.mediaUrl('low')}?t=1`);
    const [first] = uris(await text(variant!));
    expect((await fetch(first!)).status).toBe(200);
  });

  test('bodies are whole packets, differ, and are known by their hash', async () => {
    using world = start();
    const bodies = [];
    for (const uri of uris(await text(world.live.mediaUrl()))) {
      bodies.push(await (await fetch(new URL(uri, world.live.mediaUrl()))).bytes());
    }
    expect(bodies.every((body) => body.length === 56_400 && body[188] === 0x47)).toBe(true);
    expect(bodies.map((body) => world.live.identify(sha256(body))?.index)).toEqual([
      1, 2, 3, 4, 5, 6,
    ]);
    expect(world.live.identify(sha256(new Uint8Array(1)))).toBeUndefined();
  });

  test('what is not yet or no longer there gets 404', async () => {
    using world = start({ window: 3 });
    await world.clock.advance(20_000);
    const status = async (name: string) =>
      (await fetch(new URL(name, world.live.mediaUrl()))).status;
    expect(await Promise.all(['123.ts', '122.ts', '114.ts', '113.ts'].map(status))).toEqual([
      404, 200, 200, 404,
    ]);
  });

  test('a restart counts anew, with old names or fresh ones, and never repeats a body', async () => {
    using world = start({ window: 3 });
    const before = await (await fetch(new URL('102.ts', world.live.mediaUrl()))).bytes();
    world.live.restart({ firstSequence: 102, listedAtStart: 1 });
    expect(uris(await text(world.live.mediaUrl()))).toEqual(['102.ts']);
    const after = await (await fetch(new URL('102.ts', world.live.mediaUrl()))).bytes();
    expect(sha256(after)).not.toBe(sha256(before));
    expect(world.live.identify(sha256(after))?.index).toBe(4);
    world.live.restart({ freshNames: true });
    expect(uris(await text(world.live.mediaUrl()))).toEqual(['r2-0.ts', 'r2-1.ts', 'r2-2.ts']);
    expect((await fetch(new URL('102.ts', world.live.mediaUrl()))).status).toBe(404);
  });

  test('a discontinuity stands in the list, then in the discontinuity sequence', async () => {
    using world = start({ window: 3 });
    world.live.cut();
    await world.clock.advance(1000);
    const fresh = await text(world.live.mediaUrl());
    expect(fresh).toMatch(/#EXT-X-DISCONTINUITY\n#EXTINF:1.000,\n103.ts\n$/);
    await world.clock.advance(2000);
    expect(tags(await text(world.live.mediaUrl()), '#EXT-X-DISC')).toEqual([
      '#EXT-X-DISCONTINUITY',
    ]);
    await world.clock.advance(1000);
    expect(tags(await text(world.live.mediaUrl()), '#EXT-X-DISC')).toEqual([
      '#EXT-X-DISCONTINUITY-SEQUENCE:1',
    ]);
  });

  test('a frozen channel stays as it is, an ended one says so', async () => {
    using world = start();
    world.live.freeze();
    const before = await text(world.live.mediaUrl());
    await world.clock.advance(9000);
    expect(await text(world.live.mediaUrl())).toBe(before);
    world.live.end();
    expect(await text(world.live.mediaUrl())).toBe(`${before}#EXT-X-ENDLIST\n`);
  });

  test('keys change, and open what they closed', async () => {
    using world = start({ window: 4, keyEvery: 2 });
    const playlist = await text(world.live.mediaUrl());
    expect(tags(playlist, '#EXT-X-KEY')).toEqual([
      '#EXT-X-KEY:METHOD=AES-128,URI="key0.bin"',
      '#EXT-X-KEY:METHOD=AES-128,URI="key1.bin"',
      '#EXT-X-KEY:METHOD=AES-128,URI="key2.bin"',
    ]);
    const sealed = await (await fetch(new URL('103.ts', world.live.mediaUrl()))).bytes();
    const key = await (await fetch(new URL('key2.bin', world.live.mediaUrl()))).bytes();
    const iv = Buffer.alloc(16);
    iv[15] = 103;
    const decipher = createDecipheriv('aes-128-cbc', key, iv);
    const clear = Buffer.concat([decipher.update(sealed), decipher.final()]);
    expect(world.live.identify(sha256(sealed))).toMatchObject({ index: 4, isClear: false });
    expect(world.live.identify(sha256(clear))).toMatchObject({ index: 4, isClear: true });
  });

  test('fMP4 has maps that change at discontinuities, and dates where asked', async () => {
    using world = start({ form: 'fmp4', window: 4, mapEvery: 3, programDateTime: true });
    const playlist = await text(world.live.mediaUrl());
    expect(playlist).toContain('#EXT-X-VERSION:7\n');
    expect(playlist).toMatch(/#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="map1.mp4"\n.*\n.*\n102.m4s\n/);
    expect(tags(playlist, '#EXT-X-PROGRAM').at(-1)).toEndWith('2025-12-31T23:59:59.000Z');
    for (const name of ['map0.mp4', '100.m4s']) {
      const body = await (await fetch(new URL(name, world.live.mediaUrl()))).bytes();
      expect(world.live.identify(sha256(body))).toBeDefined();
    }
  });
});

function file(sequence: number): string {
  return `${sequence}.ts`;
}
