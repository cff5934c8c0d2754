// This file counts what is wrong with a list and remembers the first of it.

export type Problem<Reason extends string> = {
  /** From 1, in the text that was read. */
  readonly line: number;
  readonly reason: Reason;
  /** A sentence for the operator; never holds a URL, which may carry a token. */
  readonly message: string;
};

export type Problems<Reason extends string> = {
  readonly first: readonly Problem<Reason>[];
  readonly counts: ReadonlyMap<Reason, number>;
};

/** Enough to see what kind of list it is; a list of a million broken rows must not fill memory. */
const MAX_REMEMBERED = 100;

export function createProblemLog<Reason extends string>(): {
  readonly add: (line: number, reason: Reason, message: string) => void;
  readonly all: () => Problems<Reason>;
} {
  const first: Problem<Reason>[] = [];
  const counts = new Map<Reason, number>();
  return {
    add(line, reason, message) {
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
      if (first.length < MAX_REMEMBERED) first.push({ line, reason, message });
    },
    all: () => ({ first, counts }),
  };
}
