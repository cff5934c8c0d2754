// This file tests archives by chance: whatever a shelf does and whenever weir is killed, nothing is promised that is not there.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  ArchiveWorld,
  gone,
  HOUR_MS,
  PLACE,
  past,
  restarted,
} from '../../support/archive-world.ts';
import { settle } from '../../support/fake-clock.ts';
import { idOf } from '../../support/scripted-shelf.ts';

type Step =
  | { readonly what: 'came' | 'gone' | 'skipped' | 'sweep' | 'kill' }
  | { readonly what: 'shelf'; readonly state: 'well' | 'refuses' | 'hangs' | 'silent' }
  | { readonly what: 'lose'; readonly index: number }
  | { readonly what: 'wait'; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Step>({ what: 'came' }) },
  fc.constant<Step>({ what: 'gone' }),
  fc.constant<Step>({ what: 'skipped' }),
  fc.constant<Step>({ what: 'sweep' }),
  fc.constant<Step>({ what: 'kill' }),
  fc
    .constantFrom('well', 'well', 'refuses', 'hangs', 'silent')
    .map((state): Step => ({ what: 'shelf', state: state as 'well' })),
  fc.nat(30).map((index): Step => ({ what: 'lose', index })),
  fc.constantFrom(0, 1000, 4000, 60_000).map((ms): Step => ({ what: 'wait', ms })),
);

/** What a source still lists when weir comes back. */
const WINDOW = 5;

class Run {
  world = new ArchiveWorld({ archives: { x: { keepMs: 10 * HOUR_MS } } });
  /** Of each number whether it came, in the order in which they were listed. */
  readonly listed = new Map<number, boolean>();
  /** Lost by the shelf, known to be so or not. */
  readonly lost = new Set<string>();
  #next = 1;
  #follows = false;

  async perform(step: Step): Promise<void> {
    if (step.what === 'came' || step.what === 'gone') this.#list(step.what === 'came');
    else if (step.what === 'skipped') {
      this.#next += 7;
      this.#follows = false;
    } else if (step.what === 'kill') this.#kill();
    else if (step.what === 'shelf') this.world.shelf.letGo(step.state);
    else if (step.what === 'lose') this.#lose(step.index);
    else if (step.what === 'wait') await this.world.clock.advance(step.ms);
    else await this.world.sweep();
    await settle();
  }

  #list(came: boolean): void {
    const number = this.#next++;
    this.listed.set(number, came);
    this.#tell(number, this.#follows);
    this.#follows = true;
  }

  #tell(number: number, follows: boolean): void {
    const make = this.listed.get(number) ? past : gone;
    this.world.archivist.take(PLACE, make(number, { follows }));
  }

  /** All that was in memory is gone; the source lists its window again. */
  #kill(): void {
    const { state } = this.world.shelf;
    this.world.rows.add = () => {
      throw new Error('this one was killed');
    };
    void this.world.archivist[Symbol.asyncDispose]();
    this.world = restarted(this.world, { archives: { x: { keepMs: 10 * HOUR_MS } } });
    this.world.shelf.letGo(state);
    const window = [...this.listed.keys()].slice(-WINDOW);
    for (const [index, number] of window.entries()) {
      this.#tell(number, index > 0 && window[index - 1] === number - 1);
    }
    this.#follows = window.length > 0 && this.#follows;
  }

  #lose(index: number): void {
    const held = [...this.world.shelf.bodies.keys()];
    const id = held[index];
    if (id === undefined) return;
    this.world.shelf.bodies.delete(id);
    this.lost.add(id);
    this.world.shelf.losing.any++;
  }

  /** What holds at every moment. */
  check(): void {
    const rows = this.world.segments();
    const { shelf } = this.world;
    let bytes = 0;
    for (const [index, row] of rows.entries()) {
      const id = idOf(PLACE, row.name);
      if (row.gap === '') {
        bytes += row.sizeBytes;
        expect({ id, held: shelf.bodies.has(id) || this.lost.has(id) }).toEqual({ id, held: true });
      }
      const before = rows[index - 1];
      if (before === undefined) continue;
      const grown = row.discontinuitySequence - before.discontinuitySequence;
      const isNext = sequenceOf(row.name) === sequenceOf(before.name) + 1;
      expect({
        numbered: row.number === before.number + 1,
        ascending: sequenceOf(row.name) > sequenceOf(before.name),
        timed: row.startMs >= before.endMs,
        counted: grown === (row.discontinuity ? 1 : 0),
        // A hole is said to be one; where there is none it may be said too, after a start
        parted: isNext || row.discontinuity,
      }).toEqual({ numbered: true, ascending: true, timed: true, counted: true, parted: true });
    }
    const sums = this.world.rows.rendition('x', 'main');
    expect(sums?.bytes ?? 0).toBe(bytes);
  }

  /** The shelf is well again: all that waits is written, all that was lost is known. */
  async end(): Promise<void> {
    this.world.shelf.letGo('well');
    await this.world.clock.advance(10_000);
    await this.world.sweep();
    this.check();
    for (const row of this.world.segments()) {
      const isHeld = this.world.shelf.bodies.has(idOf(PLACE, row.name));
      expect({ name: row.name, promised: row.gap === '' }).toEqual({
        name: row.name,
        promised: isHeld,
      });
    }
    expect(this.world.archivist.get('x')).toMatchObject({ queued: 0, queuedBytes: 0 });
  }
}

function sequenceOf(name: string): number {
  return Number(name.slice(0, name.indexOf('-')));
}

describe('Archivist', () => {
  test('promises nothing that is not there, in the order in which it was shown', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const run = new Run();
        for (const each of steps) {
          await run.perform(each);
          run.check();
        }
        await run.end();
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  test('killed at any moment, it lacks nothing that the source still lists', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(3), { minLength: 1, maxLength: 20 }), async (between) => {
        const run = new Run();
        for (const count of between) {
          for (let n = 0; n < count; n++) await run.perform({ what: 'came' });
          // In the middle of a put
          await run.perform({ what: 'shelf', state: 'hangs' });
          await run.perform({ what: 'came' });
          await run.perform({ what: 'kill' });
          await run.perform({ what: 'shelf', state: 'well' });
        }
        await run.end();
        const numbers = run.world.segments().map(({ name }) => sequenceOf(name));
        expect(numbers).toEqual([...run.listed.keys()]);
        const isParted = run.world.segments().some(({ discontinuity }) => discontinuity);
        expect(isParted).toBe(false);
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
