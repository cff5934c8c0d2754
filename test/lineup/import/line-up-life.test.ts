// This file tests whole lives of line-ups: whatever a provider does, a channel stays what it is.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { LineUpSetting } from '../../../src/config/resolve-lineups.ts';
import { type ChannelRow, RowReader } from '../../../src/lineup/import/channel-row.ts';
import { lineUpOf } from '../../../src/lineup/line-up.ts';
import { formatM3u } from '../../../src/media/m3u/format.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { channelsOf, createDesk, inputOf, lineUpSetting } from '../../support/line-up-world.ts';
import { MemorySharedStore } from '../../support/memory-shared-store.ts';
import type { Script } from '../../support/outbound-script.ts';
import {
  type Event,
  isAtMirror,
  type Programme,
  Provider,
  type Told,
  tells,
} from '../../support/provider-life.ts';

/** Both lists are read: one that never was takes the place of one that is named no more. */
const BEGINNING: Step = { events: [], turned: [] };
const MAX_STEPS = 12;
/** What is gone for 90 days is forgotten: a life here is shorter. */
const STEP_MS = (40 / MAX_STEPS) * 86_400_000;
const OWN = [{ id: 'own', name: 'Own', number: 5 }];
const MIRROR = 'm.example';

/** What an operator turns on, or off again. */
const TURNED = [
  ...(['rename', 'exclude', 'renumber', 'merge', 'order', 'name', 'restart'] as const),
  ...(['without the list', 'without the mirror'] as const),
];
type Turned = (typeof TURNED)[number];
type Step = { readonly events: readonly Event[]; readonly turned: readonly Turned[] };
type Shown = {
  readonly id: string;
  readonly number: number | undefined;
  readonly isRenumbered: boolean;
  readonly isMerged: boolean;
};

const at = fc.nat({ max: 30 });
const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ what: fc.constantFrom('rename', 'regroup', 'drop', 'return', 'mirror'), at }),
  fc.record({ what: fc.constant('guide'), at, to: fc.constantFrom('new', 'shared', 'none') }),
  fc.record({ what: fc.constant('swap addresses'), at, with: at }),
  fc.record({
    what: fc.constant('add'),
    like: fc.constantFrom('nothing', 'name', 'guide', 'address'),
  }),
  fc.record({ what: fc.constant('shuffle'), seed: fc.nat() }),
  fc.record({ what: fc.constantFrom('tokens', 'host') }),
);
const turned = fc.constantFrom(...TURNED);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    events: fc.array(event, { maxLength: 6 }),
    turned: fc.array(turned, { maxLength: 2 }),
  }),
  { minLength: 1, maxLength: MAX_STEPS },
);

/** A provider, another that mirrors some of it, and the operator who has both. */
class Life {
  readonly #provider: Provider;
  readonly #store = new MemorySharedStore();
  readonly #clock = new FakeClock();
  readonly #script: Record<string, Script[string]> = {};
  readonly #is = new Set<Turned>();
  #desk = this.#open();
  /** By the list and the stamp of a programme: what was read of it last, and what came of that. */
  readonly #told = new Map<string, Told>();
  readonly #shown = new Map<string, Shown>();
  /** Whose an id is, for ever. */
  readonly #owners = new Map<string, number>();
  text = '';

  constructor(size: number) {
    this.#provider = new Provider(size);
  }

  async step({ events, turned: all }: Step): Promise<void> {
    for (const what of all) {
      if (what === 'restart') this.#desk = this.#open();
      else if (!this.#is.delete(what)) this.#is.add(what);
    }
    this.#provider.change(events);
    const rows = await this.#read();
    this.#checkWhole(rows);
    this.#checkSame(rows);
    await this.#clock.advance(STEP_MS);
  }

  /** The channels once all lists were read. */
  async #read(): Promise<readonly ChannelRow[]> {
    const settings = this.#settings();
    const input = inputOf(settings, { own: OWN });
    this.#script['http://a.example/'] = { body: this.#provider.list() };
    this.#script['http://b.example/'] = { body: this.#provider.mirror(MIRROR) };
    for (const { key } of settings) {
      await this.#desk.call({ what: 'import', key, input, mayShrink: true });
    }
    const rows = (await channelsOf(this.#desk, input)) as unknown as ChannelRow[];
    const reader = new RowReader();
    const channels = rows.map((row) => reader.channel(row));
    const options = { ownBase: 'http://weir.example', hasGuide: true };
    this.text = formatM3u(lineUpOf(channels, { kind: 'line-up', groups: [] }, options));
    return rows;
  }

  #open() {
    const { desk } = createDesk({ script: this.#script, store: this.#store, clock: this.#clock });
    return desk;
  }

  /** One of them is named at any time. */
  #has(which: 'list' | 'mirror'): boolean {
    const other = which === 'list' ? 'without the mirror' : 'without the list';
    return !this.#is.has(`without the ${which}`) || this.#is.has(other);
  }

  /** The mirror is joined with what stands before it. */
  get #isMerged(): boolean {
    return this.#is.has('merge') && !this.#is.has('order');
  }

  #settings(): readonly LineUpSetting[] {
    const rename = this.#is.has('rename')
      ? [{ from: { kind: 'pattern', source: '^Name', flags: '' } as const, to: 'Channel' }]
      : [];
    const group = [{ kind: 'text', text: 'Genre 1' } as const];
    const plain = lineUpSetting('http://a.example/');
    const rules = {
      ...plain.rules,
      rename,
      ...(this.#is.has('exclude') ? { exclude: { group, name: [], guide: [] } } : {}),
    };
    const numbered = this.#is.has('renumber') ? { ...rules, renumberFrom: 500 } : rules;
    const key = this.#is.has('name') ? 'named' : plain.key;
    const first = { ...plain, key, rules: numbered };
    const second = lineUpSetting('http://b.example/', { rules, merge: this.#is.has('merge') });
    const all = this.#is.has('order') ? [second, first] : [first, second];
    return all.filter(({ place }) => this.#has(place === first.place ? 'list' : 'mirror'));
  }

  /** Each entry is in one channel, and no two have one id or number. */
  #checkWhole(rows: readonly ChannelRow[]): void {
    const ids = [...OWN, ...rows].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const numbers = [...OWN, ...rows].flatMap(({ number }) => number ?? []);
    expect(new Set(numbers).size).toBe(numbers.length);
    const urls = rows.flatMap(({ sources }) => sources.map(({ url }) => url));
    const wanted = this.#entries().map(({ now }) => now.url);
    expect(urls.toSorted()).toEqual(wanted.toSorted());
  }

  /** What the lists have by now, and the rules leave. */
  #entries() {
    const provider = this.#provider;
    const entryOf = (list: string, host: string) => (one: Programme) => {
      const { stamp, name, group, guide, isPlain, stream } = one;
      const now = { name, group, guide, isPlain, stream, host, url: provider.urlOf(one, host) };
      const key = `${list} ${stamp}`;
      const before = this.#told.get(key);
      const isTold = before !== undefined && tells(before, now);
      return { key, stamp, now, isTold, wasHere: before?.wasHere === true };
    };
    const taken = provider.programmes.filter(
      ({ group }) => !(this.#is.has('exclude') && group === 'Genre 1'),
    );
    const listed = this.#has('list') ? taken.filter(({ isHere }) => isHere) : [];
    const mirrored = this.#has('mirror') ? taken.filter(isAtMirror) : [];
    return [...listed.map(entryOf('a', provider.host)), ...mirrored.map(entryOf('b', MIRROR))];
  }

  #checkSame(rows: readonly ChannelRow[]): void {
    const byUrl = new Map(rows.flatMap((row) => row.sources.map(({ url }) => [url, row] as const)));
    const [isRenumbered, isMerged] = [this.#is.has('renumber'), this.#isMerged];
    const entries = this.#entries();
    for (const { key, stamp, now, isTold, wasHere } of entries) {
      const { id, number } = byUrl.get(now.url) as ChannelRow;
      const owner = this.#owners.get(id) ?? stamp;
      expect(`${id} is that of ${owner}`).toBe(`${id} is that of ${stamp}`);
      this.#owners.set(id, stamp);
      const before = this.#shown.get(key);
      this.#shown.set(key, { id, number, isRenumbered, isMerged });
      if (before === undefined || before.isMerged !== isMerged || !isTold) continue;
      // What comes back to a channel that stayed without it is called as that is
      if (isMerged && !wasHere) continue;
      expect(`${key}: ${id}`).toBe(`${key}: ${before.id}`);
      // Of a joined channel the number is that of whoever has been there longest, renumbered or not
      if (before.isRenumbered !== isRenumbered || (isMerged && isRenumbered)) continue;
      expect(`${key}: ${number}`).toBe(`${key}: ${before.number}`);
    }
    for (const [key, before] of this.#told) this.#told.set(key, { ...before, wasHere: false });
    for (const { key, now } of entries) this.#told.set(key, { ...now, wasHere: true });
  }
}

const tried = Number(process.env['RUNS'] ?? 0);
/** The same every time; RUNS=1000 tries as many others. */
const RUNS = tried === 0 ? { numRuns: 25, seed: 1 } : { numRuns: tried };
/** A second of work each, where the machine has nothing else to do. */
const WAIT_MS = tried === 0 ? 60_000 : 3_600_000;

describe('the life of a line-up', () => {
  test(
    'a channel that its list still tells keeps id and number, and no other ever has them',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat({ max: 12 }), steps, async (size, all) => {
          const life = new Life(size);
          await life.step(BEGINNING);
          for (const step of all) await life.step(step);
        }),
        RUNS,
      );
    },
    WAIT_MS,
  );

  test(
    'new tokens and another start change not one byte of the playlist',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat({ max: 12 }), steps, async (size, all) => {
          const life = new Life(size);
          await life.step(BEGINNING);
          for (const step of all) {
            await life.step(step);
            const { text } = life;
            await life.step({ events: [{ what: 'tokens' }], turned: ['restart'] });
            expect(life.text).toBe(text);
          }
        }),
        RUNS,
      );
    },
    WAIT_MS,
  );
});
