// This file tests what is learnt of segments of every form when they are archived.
import { beforeAll, describe, expect, test } from 'bun:test';
import { createCipheriv } from 'node:crypto';
import { transportMarks } from '../../../src/media/mpegts/transport-marks.ts';
import { TransportPiece } from '../../../src/media/remux/transport-piece.ts';
import { parseNeeds } from '../../../src/recording/archive/archive-about.ts';
import { segmentMarks } from '../../../src/recording/archive/segment-marks.ts';
import type { ListedSegment } from '../../../src/ring/listing.ts';
import { adtsSound } from '../../support/adts-sound.ts';
import { ArchiveWorld, PLACE, past, restarted } from '../../support/archive-world.ts';
import { listedSegment } from '../../support/listed.ts';
import { type Form, type MadeList, madeForms } from '../../support/made-archive.ts';
import { hasProgram } from '../../support/programs.ts';

const AS = { kind: 'video', earlierTicks: 0 } as const;
const INIT = 'init-1.mp4';
const KEY = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
const IV = '0f0e0d0c0b0a09080706050403020100';

function encrypted(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const cipher = createCipheriv('aes-128-cbc', KEY, Buffer.from(IV, 'hex'));
  return new Uint8Array(Buffer.concat([cipher.update(bytes), cipher.final()]));
}

describe.skipIf(!hasProgram('ffmpeg'))('segmentMarks()', () => {
  let made: Readonly<Record<Form, MadeList>>;
  beforeAll(async () => {
    made = await madeForms();
  }, 120_000);

  function first(form: Form) {
    const { init, segments } = made[form];
    const bytes = segments[0]?.bytes as Uint8Array<ArrayBuffer>;
    const asset = { name: INIT, contentType: 'video/mp4', body: init as Uint8Array<ArrayBuffer> };
    const needs =
      init === undefined
        ? { keys: [], assets: [] }
        : { keys: [], map: { asset: INIT, keys: [] }, assets: [asset] };
    return { bytes, body: new Blob([bytes]), needs };
  }

  test('are those of what is stored, or of what is made of it', async () => {
    for (const form of ['fmp4', 'fmp4-hevc', 'fmp4-sound', 'aac-sound'] as const) {
      const { bytes, body, needs } = first(form);
      const init = made[form].init;
      const piece = new TransportPiece({ bytes, ...(init && { init }) });
      const marks = transportMarks(Buffer.concat([...piece.parts()])) as never;
      expect(await segmentMarks(body, needs, AS)).toEqual({ marks, made: { earlierTicks: 0 } });
    }
    const { bytes, body, needs } = first('ts-pictures');
    const marks = transportMarks(bytes) as never;
    expect(await segmentMarks(body, needs, AS)).toEqual({ marks });
  });

  test('are the same of what is encrypted, its init segment too', async () => {
    const { bytes, body, needs } = first('fmp4');
    const key = { key: { method: 'AES-128', iv: IV, attributes: new Map() }, asset: 'key-1.bin' };
    const keys = [key];
    const [init] = needs.assets;
    const assets = [
      { name: INIT, contentType: '', body: encrypted(init?.body as Uint8Array) },
      { name: 'key-1.bin', contentType: '', body: new Uint8Array(KEY) },
    ];
    const closed = { keys, map: { asset: INIT, keys }, assets };
    const seen = await segmentMarks(new Blob([encrypted(bytes)]), closed, AS);
    expect(seen).toEqual(await segmentMarks(body, needs, AS));
    expect(await segmentMarks(new Blob([encrypted(bytes)]), { ...closed, assets: [] }, AS)).toEqual(
      {},
    );
    const sample = [{ key: { method: 'SAMPLE-AES', attributes: new Map() } }];
    expect(await segmentMarks(body, { ...needs, keys: sample }, AS)).toEqual({});
  });

  test('of sound apart are its packets from time to time', async () => {
    for (const form of ['fmp4-sound', 'aac-sound', 'ts-sound'] as const) {
      const { body, needs } = first(form);
      const { sound, ...others } = await segmentMarks(body, needs, { ...AS, kind: 'audio' });
      expect(others).toEqual({});
      const units = sound?.runs.reduce((sum, [, , packets]) => sum + packets.length, 0);
      // 1.92 s of three frames each, or as many as its PES packets leave
      expect(units).toBeGreaterThanOrEqual(30);
      expect(units).toBeLessThan(40);
    }
  });

  test('are none of sound that is larger or longer than any: it would hold up everybody', async () => {
    const { bytes, needs } = first('aac-sound');
    const learnt = async (seconds: number) =>
      await segmentMarks(new Blob([bytes, adtsSound(seconds)]), needs, { ...AS, kind: 'audio' });
    expect(Object.keys(await learnt(100))).toEqual(['sound']);
    // Small, and longer than any
    expect(await learnt(1000)).toEqual({});
    expect(await learnt(4000)).toEqual({});
  });

  test('are none of what cannot be read', async () => {
    const { body, needs } = first('fmp4');
    const broken = [
      [new Blob(['no media at all']), needs],
      [new Blob([]), needs],
      [body.slice(0, 3000), needs],
      [body, { keys: [], assets: [] }],
      [body, { ...needs, assets: [{ name: INIT, contentType: '', body: new Uint8Array(99) }] }],
    ] as const;
    for (const [of, with_] of broken) {
      expect(await segmentMarks(of, with_, AS)).toEqual({});
      expect(await segmentMarks(of, with_, { ...AS, kind: 'audio' })).toEqual({});
    }
  });

  test('go on after a restart with the decode times that were needed before', async () => {
    const take = async (world: ArchiveWorld, form: Form, sequence: number) => {
      const { init, segments } = made[form];
      const name = `init-${sequence}.mp4`;
      const { ref } = listedSegment(sequence);
      const map = { asset: { name, ref }, keys: [] };
      const listed: ListedSegment = { ...listedSegment(sequence), map };
      const body = new Blob([segments[0]?.bytes as Uint8Array<ArrayBuffer>]);
      const asset = { body: new Blob([init as Uint8Array<ArrayBuffer>]), contentType: 'video/mp4' };
      const assets = new Map([[name, asset]]);
      world.archivist.take(PLACE, past(sequence, { body, listed, assets }));
      await world.clock.advance(4000);
      await world.archivist.get('x')?.drained();
    };
    const before = new ArchiveWorld();
    await take(before, 'fmp4', 1);
    await take(before, 'fmp4-negative', 2);
    const after = restarted(before);
    await take(after, 'fmp4', 3);
    const earlier = after.segments().map(({ needs }) => parseNeeds(needs).made?.earlierTicks);
    expect(earlier).toEqual([0, 3600, 3600]);
  });
});
