// This file keeps at hand what has to be known of each entry that is known, in columns.

import type { ListEntry } from '../list-entry.ts';
import { givenOf, type KnownRows, listEntriesIn } from '../packed-entries.ts';
import { fingerprint } from './fingerprint.ts';
import { addressKey } from './identity.ts';
import type { Given } from './known-entry.ts';

export type KnownMark = {
  readonly id: string;
  readonly number: Given['number'] | undefined;
  readonly numberedFrom: Given['numberedFrom'] | undefined;
  readonly born: number;
  readonly was: Given['was'] | undefined;
  readonly as: Given['as'] | undefined;
  readonly goneMs: Given['goneMs'] | undefined;
  readonly nameKey: number;
};

const NUMBERS = ['number', 'numberedFrom', 'born', 'goneMs'] as const;

/** Of 50,000 some 5 MB: as an object each would take three times as much, and all they are ten times. */
export class KnownMarks {
  readonly ids: string[] = [];
  /** See addressKey(). */
  readonly keys: Float64Array;
  readonly #nameKeys: Float64Array;
  /** In the order of NUMBERS; NaN where there is none. */
  readonly #numbers: Float64Array;
  /** Of few. */
  readonly #was = new Map<number, KnownMark['was']>();
  readonly #as = new Map<number, KnownMark['as']>();

  constructor(known: KnownRows) {
    this.keys = new Float64Array(known.length);
    this.#nameKeys = new Float64Array(known.length);
    this.#numbers = new Float64Array(known.length * NUMBERS.length);
    for (const piece of known.pieces) {
      const given = givenOf(piece);
      for (const [index, entry] of listEntriesIn(piece).entries()) {
        this.#add(entry, given[index] as Given);
      }
    }
  }

  get length(): number {
    return this.ids.length;
  }

  /** Undefined where there is none. */
  at(index: number): KnownMark | undefined {
    const id = this.ids[index];
    if (id === undefined) return undefined;
    return {
      id,
      number: this.#number(index, 0),
      numberedFrom: this.#number(index, 1),
      born: this.#number(index, 2) ?? 0,
      goneMs: this.#number(index, 3),
      was: this.#was.get(index),
      as: this.#as.get(index),
      nameKey: this.#nameKeys[index] as number,
    };
  }

  /** That channels have. */
  *numbers(): Generator<number, void> {
    for (let index = 0; index < this.length; index++) {
      const number = this.#number(index, 0);
      if (number !== undefined) yield number;
    }
  }

  #add(entry: ListEntry, given: Given): void {
    const at = this.ids.length;
    this.ids.push(given.id);
    this.keys[at] = addressKey(entry);
    this.#nameKeys[at] = fingerprint(entry.name);
    for (const [column, name] of NUMBERS.entries()) {
      this.#numbers[at * NUMBERS.length + column] = given[name] ?? Number.NaN;
    }
    if (given.was !== undefined) this.#was.set(at, given.was);
    if (given.as !== undefined) this.#as.set(at, given.as);
  }

  #number(index: number, column: number): number | undefined {
    const number = this.#numbers[index * NUMBERS.length + column] as number;
    return Number.isNaN(number) ? undefined : number;
  }
}
