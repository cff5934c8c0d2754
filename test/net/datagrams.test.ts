// This file tests URLs of datagrams, and receiving over real sockets on this machine.
import { describe, expect, test } from 'bun:test';
import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import {
  type DatagramTarget,
  isMulticast,
  parseDatagramUrl,
} from '../../src/net/datagram-target.ts';
import { openDatagrams } from '../../src/net/datagrams.ts';

describe('parseDatagramUrl()', () => {
  test.each([
    ['udp://239.1.2.3:5000', { address: '239.1.2.3', port: 5000 }],
    ['udp://@239.1.2.3:5000', { address: '239.1.2.3', port: 5000 }],
    ['UDP://@239.1.2.3:5000/', { address: '239.1.2.3', port: 5000 }],
    ['udp://10.0.0.9@232.1.2.3:5000', { address: '232.1.2.3', port: 5000, from: '10.0.0.9' }],
    ['udp://@:5000', { address: '0.0.0.0', port: 5000 }],
    ['udp://:5000', { address: '0.0.0.0', port: 5000 }],
    ['udp://0.0.0.0:5000', { address: '0.0.0.0', port: 5000 }],
    ['udp://@[ff15::1]:5000', { address: 'ff15::1', port: 5000 }],
    ['udp://[fd00::9]@[ff35::1]:5000', { address: 'ff35::1', port: 5000, from: 'fd00::9' }],
  ])('%s', (text, target) => {
    expect(parseDatagramUrl(text)).toEqual({ scheme: 'udp', target });
    expect(parseDatagramUrl(text.replace(/^udp/i, 'rtp'))).toEqual({ scheme: 'rtp', target });
  });

  test.each([
    'udp://239.1.2.3',
    'udp://239.1.2.3:0',
    'udp://239.1.2.3:65536',
    'udp://group.example:5000',
    'udp://239.1.2.3:5000?pkt_size=1316',
    'udp://239.1.2.3:5000/path',
    'udp://10.0.0.9@10.0.0.8:5000',
    'udp://239.1.1.1@239.1.2.3:5000',
    'udp://fd00::1@239.1.2.3:5000',
    'udp://01.2.3.4:5000',
    'udp://ff15::1:5000',
    'srt://239.1.2.3:5000',
    'http://239.1.2.3:5000',
    '',
  ])('refuses %s', (text) => {
    expect(parseDatagramUrl(text)).toBeUndefined();
  });

  test('knows groups from hosts', () => {
    const groups = ['224.0.0.1', '239.255.255.255', 'ff02::1'];
    const hosts = ['223.255.255.255', '240.0.0.1', '0.0.0.0', 'fe80::1', 'no address'];
    expect([...groups, ...hosts].map(isMulticast)).toEqual([
      ...groups.map(() => true),
      ...hosts.map(() => false),
    ]);
  });
});

const PACKET = new Uint8Array(1316).fill(0x47);
/** The loopback interface, whatever this system calls it. */
const LOOPBACK = Object.entries(networkInterfaces()).find(([, all]) =>
  all?.some(({ address }) => address === '127.0.0.1'),
)?.[0];

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', () => resolve()));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}

/** Sends until something has come, or in vain for a second. */
async function sendTo(address: string, port: number, got: readonly unknown[]): Promise<void> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', () => resolve()));
  if (isMulticast(address)) socket.setMulticastInterface('127.0.0.1');
  for (let i = 0; i < 20 && got.length === 0; i++) {
    socket.send(PACKET, port, address);
    await Bun.sleep(50);
  }
  await new Promise<void>((resolve) => socket.close(() => resolve()));
}

async function receive(target: Omit<DatagramTarget, 'port'>, sentTo = target.address) {
  const port = await freePort();
  const got: { bytes: Uint8Array; sender: string }[] = [];
  await using _open = await openDatagrams({ ...target, port }, (bytes, sender) => {
    got.push({ bytes: Uint8Array.from(bytes), sender });
  });
  await sendTo(sentTo, port, got);
  return got;
}

describe('openDatagrams()', () => {
  test('receives what is sent to this machine', async () => {
    const [first] = await receive({ address: '127.0.0.1' });
    expect(first?.bytes).toEqual(PACKET);
    expect(first?.sender).toStartWith('127.0.0.1 ');
    expect((await receive({ address: '0.0.0.0' }, '127.0.0.1')).length).toBeGreaterThan(0);
  });

  test('receives a group at an interface, by address or name', async () => {
    const group = { address: '239.255.77.1' };
    expect((await receive({ ...group, interface: '127.0.0.1' })).length).toBeGreaterThan(0);
    expect((await receive({ ...group, interface: LOOPBACK ?? 'lo' })).length).toBeGreaterThan(0);
  });

  test('hears no other group of the same port', async () => {
    const got = await receive({ address: '239.255.77.2', interface: '127.0.0.1' }, '239.255.77.3');
    expect(got).toEqual([]);
  });

  test('hears one source only where one was named', async () => {
    const group = { address: '232.7.7.7', interface: '127.0.0.1' };
    expect((await receive({ ...group, from: '127.0.0.1' })).length).toBeGreaterThan(0);
    expect(await receive({ ...group, from: '127.0.0.9' })).toEqual([]);
  });

  test('two channels may listen to one group', async () => {
    const target = { address: '239.255.77.4', port: await freePort(), interface: '127.0.0.1' };
    const got: [number[], number[]] = [[], []];
    await using _one = await openDatagrams(target, (bytes) => got[0].push(bytes.length));
    await using _two = await openDatagrams(target, (bytes) => got[1].push(bytes.length));
    await sendTo(target.address, target.port, got[0]);
    expect([got[0].length > 0, got[1].length > 0]).toEqual([true, true]);
  });

  test('says why it cannot', async () => {
    const port = await freePort();
    const open = (target: Omit<DatagramTarget, 'port'>) =>
      openDatagrams({ ...target, port }, () => {}).then(
        (socket) => socket[Symbol.asyncDispose]().then(() => 'open'),
        (error) => `${error.code}: ${error.message}`,
      );
    expect(await open({ address: '239.1.1.1', interface: 'none0' })).toBe(
      `NET_RECEIVE: Cannot receive from 239.1.1.1 port ${port}: there is no network interface "none0"`,
    );
    expect(await open({ address: '239.1.1.1', interface: '203.0.113.1' })).toContain('NET_RECEIVE');
    expect(await open({ address: '203.0.113.1' })).toBe(
      `NET_RECEIVE: Cannot receive from 203.0.113.1 port ${port}: the address is none of this machine`,
    );
    const taken = createSocket('udp4');
    await new Promise<void>((resolve) => taken.bind(port, '127.0.0.1', () => resolve()));
    expect(await open({ address: '127.0.0.1' })).toContain('another program has the port');
    await new Promise<void>((resolve) => taken.close(() => resolve()));
  });

  test('a port is free again once it was closed', async () => {
    const target = { address: '127.0.0.1', port: await freePort() };
    for (let i = 0; i < 3; i++) {
      await using _open = await openDatagrams(target, () => {});
    }
  });
});
