// This file tests what is said of HDHomeRun devices before anybody uses them.
import { expect, test } from 'bun:test';
import { deviceRows } from '../../src/command/device-rows.ts';
import type { Config } from '../../src/config/config.ts';
import { loopChannel } from '../support/in-process-app.ts';

test('deviceRows() says how many channels a device has: those without a number are not there', () => {
  const channels = [
    { ...loopChannel('a'), number: 1, group: 'News' },
    { ...loopChannel('b'), number: 1 },
    loopChannel('c'),
  ];
  const devices = [
    { id: 'tv', name: 'Our TV', tuners: 2, groups: [], discovery: true },
    { id: 'kids', name: 'weir kids', tuners: 1, groups: ['News', 'Kids'], discovery: false },
  ];
  expect(deviceRows({ channels, devices } as Partial<Config> as Config)).toEqual([
    'Our TV at /hdhr/tv: 2 tuners, all channels, those with a number: 1 of 3 in the file, found on the local network',
    'weir kids at /hdhr/kids: 1 tuner, channels of News, Kids, those with a number: 1 of 1 in the file, its address is typed in',
  ]);
});
