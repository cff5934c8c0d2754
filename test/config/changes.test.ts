// This file tests what is found to differ between two configurations.
import { describe, expect, test } from 'bun:test';
import { diffChannels, diffConfig } from '../../src/config/changes.ts';
import type { ChannelConfig } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createTempFolder } from '../support/temp-folder.ts';

const channel = (id: string, url = 'http://h/'): ChannelConfig => ({
  id,
  name: id,
  mode: 'buffered',
  keepWarm: false,
  sources: [
    { kind: 'url', url, headers: {}, verifyTls: true, allowDowngrade: false, timeouts: {} },
  ],
});

describe('diffChannels()', () => {
  const [a, b, c] = [channel('a'), channel('b'), channel('c')];
  const changedB = channel('b', 'http://other/');
  const rows: readonly [
    string,
    ChannelConfig[],
    ChannelConfig[],
    string[],
    string[],
    string[],
    boolean,
  ][] = [
    ['nothing at all', [], [], [], [], [], false],
    ['the same', [a, b], [channel('a'), channel('b')], [], [], [], false],
    ['one more', [a], [a, b], ['b'], [], [], false],
    ['one more in front', [b], [a, b], ['a'], [], [], false],
    ['one less', [a, b, c], [a, c], [], ['b'], [], false],
    ['one changed', [a, b], [a, changedB], [], [], ['b'], false],
    ['another order', [a, b, c], [c, a, b], [], [], [], true],
    ['all of it', [a, b], [changedB, c], ['c'], ['a'], ['b'], false],
  ];
  test.each(rows)('%s', (_, before, after, added, removed, changed, isReordered) => {
    const changes = diffChannels(before, after);
    expect({
      added: changes.added.map(({ id }) => id),
      removed: changes.removed.map(({ id }) => id),
      changed: changes.changed.map((each) => each.after.id),
      isReordered: changes.isReordered,
    }).toEqual({ added, removed, changed, isReordered });
  });

  test('a change carries both sides', () => {
    const { changed } = diffChannels([b], [changedB]);
    expect(changed).toEqual([{ before: b, after: changedB }]);
  });
});

describe('diffConfig()', () => {
  async function loaded(text: string) {
    await using folder = await createTempFolder();
    await folder.write('weir.yaml', text);
    const input = { workingDir: folder.path, environment: {}, flags: new Map(), m3u: [] };
    return await loadConfig(input);
  }

  test.each([
    ['another place', 'redis://a', 'redis://b', ['overflow']],
    ['one more', 'redis://a', '[redis://a, redis://b]', ['overflow']],
    ['another order', '[redis://a, redis://b]', '[redis://b, redis://a]', ['overflow']],
    ['another age', 'redis://a', '{ url: redis://a, age: 2h }', ['overflow']],
    ['the same in other words', 'redis://a', '[{ url: redis://a, age: 60m }]', []],
  ])('%s beyond memory is taken up at the next start', async (_, before, after, nextStart) => {
    const [one, other] = await Promise.all(
      [before, after].map((text) => loaded(`channels: []\noverflow: ${text}`)),
    );
    const changes = diffConfig(one!, other!);
    expect(changes.nextStart).toEqual(nextStart);
    expect([changes.settings, changes.isEmpty]).toEqual([[], nextStart.length === 0]);
  });
});
