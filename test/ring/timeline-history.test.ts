// This file runs the numbering of a channel through random histories of its source.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { parseSavedTimeline } from '../../src/ring/saved-timeline.ts';
import { type Link, type Place, type Placeable, Timeline } from '../../src/ring/timeline.ts';

type Event =
  | { readonly kind: 'next'; readonly count: number; readonly tag: boolean }
  | { readonly kind: 'jump'; readonly by: number }
  | { readonly kind: 'reset'; readonly to: number }
  | { readonly kind: 'cold'; readonly back: number }
  | { readonly kind: 'restart'; readonly back: number };

const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({
    kind: fc.constant('next' as const),
    count: fc.integer({ min: 1, max: 5 }),
    tag: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('jump' as const), by: fc.integer({ min: 9, max: 600 }) }),
  fc.record({ kind: fc.constant('reset' as const), to: fc.nat(1000) }),
  fc.record({ kind: fc.constant('cold' as const), back: fc.nat(8) }),
  fc.record({ kind: fc.constant('restart' as const), back: fc.nat(8) }),
);

/** A source: runs of segments, each counted from somewhere, some behind a tag. */
class Origin {
  run = 0;
  first: number;
  sequence: number;
  readonly #tags = new Map<string, number>();

  constructor(first: number) {
    this.first = first;
    this.sequence = first;
  }

  tag(): void {
    const key = `${this.run}/${this.sequence}`;
    this.#tags.set(key, this.#count(this.sequence) + 1);
  }

  begin(first: number): void {
    this.run++;
    this.first = first;
    this.sequence = first;
  }

  at(sequence: number): Placeable {
    const identity = `${this.run}/${sequence}`;
    return {
      sequence,
      identity,
      discontinuity: this.#tags.has(identity),
      discontinuitySequence: this.#count(sequence),
    };
  }

  #count(sequence: number): number {
    let count = 0;
    for (const [key, tagged] of this.#tags) {
      const [run, at] = key.split('/').map(Number) as [number, number];
      if (run === this.run && at <= sequence) count = Math.max(count, tagged);
    }
    return count;
  }
}

/** One rendition as its viewers see it; checks each number it is given. */
class Witness {
  readonly #id: string;
  readonly #named = new Map<number, { readonly identity: string; readonly place: Place }>();
  #list: Place[] = [];
  #head: Place | undefined;

  constructor(id: string) {
    this.#id = id;
  }

  /** The last number shown, for a comparison between renditions. */
  get last(): Place | undefined {
    return this.#list.at(-1);
  }

  startAgain(): void {
    this.#list = [];
  }

  take(timeline: Timeline, segment: Placeable, wanted: Link): void {
    const before = this.#list.at(-1);
    const link = before === undefined && wanted !== 'reset' ? 'cold' : wanted;
    const place = timeline.place(this.#id, segment, link, before ? 'list' : 'nothing');
    if (place === undefined) {
      expect(segment.sequence).toBeGreaterThanOrEqual(0);
      return;
    }
    if (before !== undefined) this.#follows(before, place);
    const known = this.#named.get(place.mediaSequence);
    if (known !== undefined) {
      // A number that was given out never means anything else, nor is it counted anew
      expect(segment.identity).toBe(known.identity);
      expect(place.discontinuitySequence).toBe(known.place.discontinuitySequence);
    }
    this.#named.set(place.mediaSequence, { identity: segment.identity, place });
    this.#list.push(place);
    this.#slide(timeline);
  }

  #follows(before: Place, place: Place): void {
    expect(place.mediaSequence).toBeGreaterThan(before.mediaSequence);
    // RFC 8216 §6.2.2: the tag and the count agree
    const step = place.discontinuity ? 1 : 0;
    expect(place.discontinuitySequence).toBe(before.discontinuitySequence + step);
  }

  #slide(timeline: Timeline): void {
    if (this.#list.length > 6) this.#list.shift();
    const head = this.#list[0] as Place;
    timeline.listedFrom(this.#id, head.mediaSequence);
    if (this.#head !== undefined) {
      expect(head.mediaSequence).toBeGreaterThanOrEqual(this.#head.mediaSequence);
      expect(head.discontinuitySequence).toBeGreaterThanOrEqual(this.#head.discontinuitySequence);
    }
    this.#head = head;
  }
}

class Play {
  timeline = new Timeline();
  readonly witnesses: readonly Witness[];
  readonly #origin: Origin;

  constructor(first: number, witnesses: number) {
    this.#origin = new Origin(first);
    this.witnesses = Array.from({ length: witnesses }, (_, index) => new Witness(`r${index}`));
    this.#all(this.#origin.at(first), 'cold');
  }

  apply(event: Event): void {
    const origin = this.#origin;
    switch (event.kind) {
      case 'next':
        for (let i = 0; i < event.count; i++) {
          origin.sequence++;
          if (event.tag && i === 0) origin.tag();
          this.#all(origin.at(origin.sequence), 'next');
        }
        break;
      case 'jump':
        origin.sequence += event.by;
        this.#all(origin.at(origin.sequence), 'jump');
        break;
      case 'reset':
        origin.begin(event.to);
        this.#all(origin.at(event.to), 'reset');
        break;
      case 'restart':
        this.#restart();
        this.#cold(event.back);
        break;
      case 'cold':
        this.#cold(event.back);
    }
  }

  #restart(): void {
    const saved = this.timeline.takeUnsaved();
    if (saved === undefined) return;
    const read = parseSavedTimeline(JSON.parse(JSON.stringify(saved)));
    expect(read).toBeDefined();
    this.timeline = new Timeline(read);
  }

  #cold(back: number): void {
    for (const witness of this.witnesses) witness.startAgain();
    const { first, sequence } = this.#origin;
    for (let at = Math.max(first, sequence - back); at <= sequence; at++) {
      this.#all(this.#origin.at(at), 'next');
    }
  }

  #all(segment: Placeable, link: Link): void {
    for (const witness of this.witnesses) witness.take(this.timeline, segment, link);
  }
}

const history = fc.array(event, { maxLength: 60 });

describe('Timeline over random histories', () => {
  test('numbers never go down, never mean two things, and count by the tags', () => {
    fc.assert(
      fc.property(fc.nat(1000), history, (first, events) => {
        const play = new Play(first, 1);
        for (const next of events) play.apply(next);
      }),
      { numRuns: 300 },
    );
  });

  test('renditions that see the same agree on every number', () => {
    fc.assert(
      fc.property(fc.nat(1000), history, (first, events) => {
        const play = new Play(first, 3);
        for (const next of events) {
          play.apply(next);
          for (const witness of play.witnesses)
            expect(witness.last).toEqual(play.witnesses[0]?.last);
        }
      }),
      { numRuns: 100 },
    );
  });
});
