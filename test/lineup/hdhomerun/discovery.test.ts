// This file tests that devices have ids clients believe, and answer who looks for them.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { discoveryAnswers } from '../../../src/lineup/hdhomerun/announce.ts';
import { deviceIdOf, formatDeviceId, isDeviceId } from '../../../src/lineup/hdhomerun/device-id.ts';
import { createDevices } from '../../../src/lineup/hdhomerun/devices.ts';
import {
  parseDiscoveryRequest,
  writeDiscoveryReply,
} from '../../../src/lineup/hdhomerun/discovery-packet.ts';

function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replace(/\s/g, ''), 'hex'));
}

/** As libhdhomerun broadcasts it: any tuner, any id. */
const ASK_ALL = bytesOf('0002 000c 0104ffffffff 0204ffffffff 73cc7d8f');

describe('device ids', () => {
  test('are believed where their sum is right', () => {
    for (const id of [0x10439efd, 0x10a1b2c7]) expect(isDeviceId(id)).toBe(true);
    for (const id of [0, 0x10439efe, 0x12345678]) expect(isDeviceId(id)).toBe(false);
  });

  test('whatever they are made of are right, and the same again', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 32 }), (seed) => {
        const id = deviceIdOf(seed);
        expect(isDeviceId(id)).toBe(true);
        expect(formatDeviceId(id)).toMatch(/^1[0-9A-F]{7}$/);
        expect(deviceIdOf(seed)).toBe(id);
      }),
    );
  });
});

describe('parseDiscoveryRequest()', () => {
  const crc = (bytes: Uint8Array) => {
    const whole = new Uint8Array(bytes.length + 4);
    whole.set(bytes);
    new DataView(whole.buffer).setUint32(bytes.length, Bun.hash.crc32(bytes), true);
    return whole;
  };
  const rows: readonly (readonly [string, Uint8Array, object | undefined])[] = [
    ['any device', ASK_ALL, {}],
    ['one device', crc(bytesOf('0002 000c 010400000001 020410439efd')), { deviceId: 0x10439efd }],
    ['nothing said', crc(bytesOf('0002 0000')), {}],
    ['a storage device', crc(bytesOf('0002 0006 010400000005')), undefined],
    ['tags we do not know', crc(bytesOf('0002 0003 550107')), {}],
    ['an answer', crc(bytesOf('0003 0006 010400000001')), undefined],
    ['a wrong sum', bytesOf('0002 000c 0104ffffffff 0204ffffffff 73cc7d8e'), undefined],
    ['a wrong length', crc(bytesOf('0002 000d 0104ffffffff 0204ffffffff')), undefined],
    ['a tag that ends outside', crc(bytesOf('0002 0006 01ff00000001')), undefined],
    ['a tag without length', crc(bytesOf('0002 0001 01')), undefined],
    ['nothing', new Uint8Array(0), undefined],
    ['text', new TextEncoder().encode('M-SEARCH * HTTP/1.1\r\n\r\n'), undefined],
  ];
  test.each(rows)('%s', (_, bytes, wanted) => {
    expect(parseDiscoveryRequest(bytes)).toEqual(wanted as never);
  });

  test('never throws', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 80 }),
        (bytes) => void parseDiscoveryRequest(crc(bytes)),
      ),
    );
  });
});

test('writeDiscoveryReply() writes what the library reads', () => {
  const reply = writeDiscoveryReply({
    deviceId: 0x10439efd,
    tunerCount: 4,
    baseUrl: 'http://h',
    lineUpUrl: `http://h/${'x'.repeat(200)}`,
    deviceAuth: 'a'.repeat(24),
  });
  const hex = Buffer.from(reply).toString('hex');
  expect(hex).toStartWith('0003');
  expect(reply.length).toBe(8 + new DataView(reply.buffer).getUint16(2));
  expect(hex).toContain(`010400000001020410439efd2b18${'61'.repeat(24)}100104`);
  expect(hex).toContain(`2a08${Buffer.from('http://h').toString('hex')}`);
  // 209 bytes: the lower seven bits with the highest set, then the rest
  expect(hex).toContain(`27d101${Buffer.from('http://h/xx').toString('hex')}`);
  const sum = new DataView(reply.buffer).getUint32(reply.length - 4, true);
  expect(sum).toBe(Bun.hash.crc32(reply.subarray(0, -4)));
});

test('discoveryAnswers() answers for the devices that are to be found', () => {
  const device = (id: string, discovery: boolean) => ({
    id,
    name: id,
    tuners: 2,
    groups: [],
    discovery,
  });
  const secret = new Uint8Array(32);
  const devices = createDevices([device('a', true), device('b', false), device('c', true)], secret);
  const answers = discoveryAnswers(devices, ASK_ALL, 'http://10.0.0.1:8080');
  const texts = answers.map((answer) => Buffer.from(answer).toString('latin1'));
  expect(texts).toHaveLength(2);
  expect(texts[0]).toContain('http://10.0.0.1:8080/lineup.json');
  expect(texts[1]).toContain('http://10.0.0.1:8080/hdhr/c/lineup.json');
  expect(discoveryAnswers(devices, new Uint8Array(3), 'http://h')).toEqual([]);
});
