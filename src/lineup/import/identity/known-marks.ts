// This file keeps at hand what has to be known of each entry that is known, in columns.

import type { KnownRows } from '../packed-entries.ts';
import { fingerprint } from './fingerprint.ts';
import { addressKey } from './identity.ts';
import type { KnownEntry } from './known-entry.ts';

export type KnownMark = {
  readonly id: string;
  readonly number: KnownEntry['number'] | undefined;
  readonly numberedFrom: KnownEntry['numberedFrom'] | undefined;
  readonly born: number;
  readonly was: KnownEntry['was'] | undefined;
  readonly as: KnownEntry['as'] | undefined;
  readonly goneMs: KnownEntry['goneMs'] | undefined;
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
    for (const row of known) {
      const at = this.ids.length;
      this.ids.push(row.id);
      this.keys[at] = addressKey(row);
      this.#nameKeys[at] = fingerprint(row.name);
      for (const [column, name] of NUMBERS.entries()) {
        this.#numbers[at * NUMBERS.length + column] = row[name] ?? Number.NaN;
      }
      if (row.was !== undefined) this.#was.set(at, row.was);
      if (row.as !== undefined) this.#as.set(at, row.as);
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

  #number(index: number, column: number): number | undefined {
    const number = this.#numbers[index * NUMBERS.length + column] as number;
    return Number.isNaN(number) ? undefined : number;
  }
}
