// This file tests that a line-up is the one it was, whatever the configuration calls it.
import { describe, expect, test } from 'bun:test';
import type { LineUpSetting } from '../../../src/config/resolve-lineups.ts';
import { LineUpWorld, lineUpSetting, m3uOf } from '../../support/line-up-world.ts';
import { MemorySharedStore } from '../../support/memory-shared-store.ts';
import type { Script } from '../../support/outbound-script.ts';

const UK = 'http://a.example/get.php?list=uk';
const DE = 'http://d.example/get.php?list=de';
const MOVED = 'http://b.example/get.php?list=uk';
const OTHER = 'http://b.example/other';
const script: Script = {
  [UK]: { body: m3uOf('one', 'two', 'three') },
  [DE]: { body: m3uOf('one', 'zwei', 'drei', 'vier') },
  [MOVED]: { body: m3uOf('three', 'four', 'two') },
  [OTHER]: { body: m3uOf('one', 'news', 'sport', 'films') },
};
/** As the configuration has it where no name is given. */
const KEY = 'http://a.example/get.php';
const uk = lineUpSetting(UK, { key: KEY });
const de = lineUpSetting(DE, { key: `${KEY} 2` });

/** What there is by the name of a channel and its source: its id and its number. */
function shown(world: LineUpWorld): Record<string, string> {
  return Object.fromEntries(
    world.lineUps.channels.map(({ id, name, number, sources: [source] }) => {
      const host = source?.kind === 'url' ? new URL(source.url).host : '';
      return [`${name} ${host}`, `${id} ${number}`];
    }),
  );
}

/** What there is by one configuration, then by another, each in a process of its own. */
async function twice(before: readonly LineUpSetting[], after: readonly LineUpSetting[]) {
  const store = new MemorySharedStore();
  await using first = new LineUpWorld({ script, store });
  // One after another, so that which of them has an id first is no matter of chance
  for (const [index] of before.entries()) {
    await first.lineUps.apply(before.slice(0, index + 1), []);
    await first.settle();
  }
  await using second = new LineUpWorld({ script, store: store.beside() });
  await second.start(after);
  await second.lineUps.refresh();
  await second.settle();
  return [shown(first), shown(second)] as const;
}

describe('a line-up', () => {
  test.each<[string, LineUpSetting[], LineUpSetting[]]>([
    ['is given a name', [uk, de], [{ ...uk, key: 'provider' }, de]],
    [
      'stands behind another at its address',
      [uk, de],
      [
        { ...de, key: KEY },
        { ...uk, key: `${KEY} 2` },
      ],
    ],
    [
      'has the name of another',
      [
        { ...uk, key: 'a' },
        { ...de, key: 'b' },
      ],
      [
        { ...uk, key: 'b' },
        { ...de, key: 'a' },
      ],
    ],
  ])('%s: its channels are what they were', async (_, before, after) => {
    const [was, is] = await twice(before, after);
    expect(Object.keys(is).length).toBe(7);
    expect(is).toEqual(was);
  });

  test('is the first of its address since that has gone: its channels are what they were', async () => {
    const [was, is] = await twice([uk, de], [{ ...de, key: KEY }]);
    expect(Object.keys(is).length).toBe(4);
    expect(was).toMatchObject(is);
  });

  test('that has moved, unread under its new name, has what it had', async () => {
    const moved = lineUpSetting(MOVED, { key: 'http://b.example/get.php' });
    const [was, is] = await twice([uk, de], [moved, de]);
    for (const name of ['two', 'three']) {
      expect(is[`${name} b.example`]).toBe(was[`${name} a.example`] as string);
    }
    expect(is['four b.example']).toBe('four 8');
  });

  test('that is another has nothing of one that went, and nothing of that is given away', async () => {
    const [was, is] = await twice([uk], [lineUpSetting(OTHER)]);
    expect(is['one b.example']).toMatch(/^one-[0-9a-f]{8} 4$/);
    expect(Object.values(was)).not.toContain(is['one b.example'] as string);
  });

  test('that comes back has its channels, whoever had its key meanwhile', async () => {
    const store = new MemorySharedStore();
    const worlds: Record<string, string>[] = [];
    for (const settings of [[uk, de], [{ ...de, key: KEY }], [uk, de]]) {
      await using world = new LineUpWorld({ script, store: store.beside() });
      await world.start(settings);
      await world.lineUps.refresh();
      await world.settle();
      worlds.push(shown(world));
    }
    expect(worlds[2]).toEqual(worlds[0] as Record<string, string>);
  });
});
