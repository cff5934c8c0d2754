// This file gives the entries of a line-up the numbers they keep.
import type { ListEntry } from './list-entry.ts';

export type NumberContext = {
  /** Of other line-ups and of the file. */
  readonly takenNumbers: ReadonlySet<number>;
  /** Numbers that channels had before anything was kept here, by id. */
  readonly numbers: ReadonlyMap<string, number>;
  readonly renumberFrom?: number;
};

/** As for numbers that people give; within what every player takes. */
const MAX_NUMBER = 99_999;

type Numbered = { readonly number?: number; readonly numberedFrom?: number };

type Before = {
  readonly number: number | undefined;
  readonly numberedFrom: number | undefined;
};

/** Numbers are given in the order of the list, each once over all line-ups. */
export class NumberPool {
  readonly #taken: Set<number>;
  readonly #former: ReadonlyMap<string, number>;
  readonly #renumberFrom: number | undefined;
  #next: number;
  #isUsedUp = false;

  constructor(
    /** That the line-up has. */
    known: Iterable<number>,
    /** That its list gives to what is new in it. */
    highestNew: number,
    { takenNumbers, numbers, renumberFrom }: NumberContext,
  ) {
    this.#renumberFrom = renumberFrom;
    this.#former = numbers;
    this.#taken = new Set(takenNumbers);
    for (const number of known) this.#taken.add(number);
    const highest = () => Math.max(highestOf(this.#taken), highestNew);
    this.#next = renumberFrom ?? highest() + 1;
  }

  of(entry: Pick<ListEntry, 'kind' | 'number'>, before: Before | undefined, id: string): Numbered {
    if (entry.kind !== undefined) return {};
    const from = this.#renumberFrom;
    if (before?.number !== undefined && before.numberedFrom === from) {
      return pick(before.number, from);
    }
    if (from !== undefined) return pick(this.#free(from), from);
    // It had ours, which no rule asks for any more
    const number = entry.number ?? this.#former.get(id);
    if (number !== undefined && !this.#taken.has(number)) {
      this.#taken.add(number);
      return { number };
    }
    return pick(this.#free(1), undefined);
  }

  #free(lowest: number): number | undefined {
    if (this.#isUsedUp) return undefined;
    const count = MAX_NUMBER - lowest + 1;
    for (let step = 0; step < count; step++) {
      const number = this.#next > MAX_NUMBER || this.#next < lowest ? lowest : this.#next;
      this.#next = number + 1;
      if (this.#taken.has(number)) continue;
      this.#taken.add(number);
      return number;
    }
    this.#isUsedUp = true;
    return undefined;
  }
}

function pick(number: number | undefined, numberedFrom: number | undefined): Numbered {
  return {
    ...(number === undefined ? {} : { number }),
    ...(numberedFrom === undefined ? {} : { numberedFrom }),
  };
}

function highestOf(numbers: Iterable<number>): number {
  let highest = 0;
  for (const number of numbers) highest = Math.max(highest, Math.floor(number));
  return highest;
}
