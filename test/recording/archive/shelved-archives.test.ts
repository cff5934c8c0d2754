// This file tests what is asked of a shelf for those who watch the past.
import { expect, test } from 'bun:test';
import type { ArchivedSegment } from '../../../src/recording/archive/archived.ts';
import type { ShelfPlace } from '../../../src/recording/archive/shelf.ts';
import type { Stored } from '../../../src/ring/tiers/tier.ts';
import { ArchiveWorld, record } from '../../support/archive-world.ts';
import { settle } from '../../support/fake-clock.ts';
import { ScriptedShelf } from '../../support/scripted-shelf.ts';

/** Answers when it is told to. */
class SlowShelf extends ScriptedShelf {
  readonly asked: string[] = [];
  held = Promise.withResolvers<void>();

  override async get(place: ShelfPlace, segment: ArchivedSegment): Promise<Stored | undefined> {
    this.asked.push(segment.name);
    await this.held.promise;
    return await super.get(place, segment);
  }
}

test('however many ask for a body at once, its shelf is asked once', async () => {
  const shelf = new SlowShelf();
  const world = new ArchiveWorld({ shelf });
  await record(world, 1, 2);
  const [first, second] = world.segments().map(({ name }) => name) as [string, string];
  const ask = (name: string) => world.archives.channel('x')!.renditions[0]!.body(name);
  const waiting = [ask(first), ask(first), ask(second), ask(first)];
  await settle();
  expect(shelf.asked).toEqual([first, second]);
  shelf.held.resolve();
  const kinds = (await Promise.all(waiting)).map(({ kind }) => kind);
  expect(kinds).toEqual(['whole', 'whole', 'whole', 'whole']);
  // What was asked for is not remembered
  await ask(first);
  expect(shelf.asked).toEqual([first, second, first]);
});
