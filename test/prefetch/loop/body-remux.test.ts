// This file tests what becomes of bodies in a rendition that another source fed before.
import { beforeAll, describe, expect, test } from 'bun:test';
import { createCipheriv } from 'node:crypto';
import { sniffContainer } from '../../../src/media/container.ts';
import { implicitIv } from '../../../src/media/m3u8/key.ts';
import { type Form, findProgram, formOfInit } from '../../../src/media/remux/form.ts';
import { BodyRemux } from '../../../src/prefetch/loop/body-remux.ts';
import { listedKey, listedSegment } from '../../support/listed.ts';
import { readTsVector } from '../../support/ts-vectors.ts';

const FMP4: Form = {
  container: 'fmp4',
  tracks: [
    { kind: 'video', trackId: 1, timescale: 12_800 },
    { kind: 'audio', trackId: 2, timescale: 48_000 },
  ],
};
const KEY = Uint8Array.from({ length: 16 }, (_, index) => index);

function sealed(bytes: Uint8Array, sequence: number): Uint8Array {
  const cipher = createCipheriv('aes-128-cbc', KEY, Buffer.from(implicitIv(sequence), 'hex'));
  return Buffer.concat([cipher.update(bytes), cipher.final()]);
}

/** Bodies come in pieces. */
const pieces = (bytes: Uint8Array) => [bytes.subarray(0, 1000), bytes.subarray(1000)];

describe('BodyRemux', () => {
  let ts: Uint8Array<ArrayBuffer>;
  let mpeg2: Uint8Array<ArrayBuffer>;

  beforeAll(async () => {
    ts = await readTsVector('ffmpeg-h264-bframes-aac');
    mpeg2 = await readTsVector('ffmpeg-mpeg2');
  });

  test('of the first source it learns what the rendition is, once', () => {
    const remux = new BodyRemux(undefined);
    expect(remux.isActive).toBe(false);
    expect(remux.take(listedSegment(1), pieces(ts))).toMatchObject({
      form: { container: 'mpegts' },
    });
    expect(remux.take(listedSegment(2), pieces(ts))).toEqual({});
  });

  test('it learns it of what is encrypted too', () => {
    const remux = new BodyRemux(undefined);
    remux.keep('key-x.bin', [KEY]);
    const segment = listedSegment(5, { keys: [listedKey('key-x.bin')] });
    const { form, chunks } = remux.take(segment, pieces(sealed(ts, 5)));
    expect([form?.container, chunks]).toEqual(['mpegts', undefined]);
  });

  test('MPEG-TS of another source becomes fMP4 with an init segment of its own', async () => {
    const remux = new BodyRemux(FMP4);
    expect(remux.isActive).toBe(true);
    const taken = remux.take(listedSegment(1), pieces(ts));
    expect(taken).toMatchObject({
      contentType: 'video/mp4',
      remuxed: { extension: 'm4s', isUntouched: false },
    });
    expect(sniffContainer(taken.chunks![0]!)).toBe('fmp4');
    const { name, body } = taken.remuxed!.init!;
    expect(name).toMatch(/^init-\w+\.mp4$/);
    expect(formOfInit(await body.bytes())).toEqual(FMP4);
    expect(remux.take(listedSegment(2), pieces(ts)).remuxed?.init?.name).toBe(name);
  });

  test('what is encrypted as a whole is opened, and goes out in the clear', () => {
    const remux = new BodyRemux(FMP4);
    remux.keep('key-x.bin', [KEY]);
    const segment = listedSegment(9, { keys: [listedKey('key-x.bin')] });
    const taken = remux.take(segment, pieces(sealed(ts, 9)));
    expect(sniffContainer(taken.chunks![0]!)).toBe('fmp4');
    expect(taken.remuxed?.isUntouched).toBe(false);
  });

  test('a codec that cannot be carried goes out as it is, behind tables for an init segment', async () => {
    const { chunks, remuxed, unmade } = new BodyRemux(FMP4).take(listedSegment(1), pieces(mpeg2));
    expect([chunks, unmade]).toEqual([undefined, expect.stringContaining('of type 0x02')]);
    expect(remuxed).toMatchObject({ extension: 'ts', isUntouched: true });
    expect(remuxed?.init?.name).toMatch(/^init-\w+\.ts$/);
    // RFC 8216 §3.2
    const tables = await remuxed!.init!.body.bytes();
    expect(findProgram(tables)?.map).toEqual(findProgram(mpeg2)!.map);
  });

  test.each([
    ['SAMPLE-AES', listedKey('key-x.bin', { method: 'SAMPLE-AES' }), 'its keys are SAMPLE-AES'],
    ['a key that has not come', listedKey('key-y.bin'), 'its key is not here'],
  ])('%s goes out as it is', (_, key, says) => {
    const remux = new BodyRemux(FMP4);
    const taken = remux.take(listedSegment(1, { keys: [key] }), pieces(ts));
    expect(taken.chunks).toBeUndefined();
    expect(taken.unmade).toContain(says);
  });

  test('segments come one after the other, however long each waits for what it needs', async () => {
    const remux = new BodyRemux(FMP4);
    const order: number[] = [];
    const assets = Promise.withResolvers<boolean>();
    const run = (number: number) => async (ready: Promise<boolean>) => {
      const isReady = await ready;
      order.push(number);
      return isReady;
    };
    const first = remux.inTurn(assets.promise, run(1));
    const second = remux.inTurn(Promise.resolve(true), run(2));
    await Bun.sleep(0);
    expect(order).toEqual([]);
    assets.resolve(false);
    expect(await Promise.all([first, second])).toEqual([false, true]);
    expect(order).toEqual([1, 2]);
  });
});
