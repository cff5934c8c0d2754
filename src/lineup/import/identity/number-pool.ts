// This file gives the entries of a line-up the numbers they keep.

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
  readonly #context: NumberContext;
  readonly #known: () => Iterable<number>;
  readonly #highestNew: number;
  #room: { readonly taken: Set<number>; next: number } | undefined;
  #isUsedUp = false;

  /** `known`: numbers that the line-up has; `highestNew`: that its list gives to what is new in it. */
  constructor(known: () => Iterable<number>, highestNew: number, context: NumberContext) {
    this.#context = context;
    this.#known = known;
    this.#highestNew = highestNew;
  }

  /** For a live channel; `listed` is what its list says, 0 where that is nothing. */
  of(listed: number, before: Before | undefined, id: string): Numbered {
    const { renumberFrom: from, numbers } = this.#context;
    if (before?.number !== undefined && before.numberedFrom === from) {
      return pick(before.number, from);
    }
    if (from !== undefined) return pick(this.#free(from), from);
    // It had ours, which no rule asks for any more: what its list says of it comes before
    const number = listed > 0 ? listed : numbers.get(id);
    const { taken } = this.#opened();
    if (number !== undefined && !taken.has(number)) {
      taken.add(number);
      return { number };
    }
    return pick(before?.number ?? this.#free(1), undefined);
  }

  #free(lowest: number): number | undefined {
    if (this.#isUsedUp) return undefined;
    const room = this.#opened();
    const count = MAX_NUMBER - lowest + 1;
    for (let step = 0; step < count; step++) {
      const number = room.next > MAX_NUMBER || room.next < lowest ? lowest : room.next;
      room.next = number + 1;
      if (room.taken.has(number)) continue;
      room.taken.add(number);
      return number;
    }
    this.#isUsedUp = true;
    return undefined;
  }

  /** Only where one is wanted: most lists bring nothing new. */
  #opened() {
    if (this.#room !== undefined) return this.#room;
    const { takenNumbers, renumberFrom } = this.#context;
    const taken = new Set(takenNumbers);
    for (const number of this.#known()) taken.add(number);
    const next = renumberFrom ?? Math.max(highestOf(taken), this.#highestNew) + 1;
    this.#room = { taken, next };
    return this.#room;
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
