// This file holds the numbering of a channel as it is kept over a restart.

/**
 * How the source's numbers become ours from some point on. An epoch begins where the source's own
 * numbering broke; all renditions of a channel share the epochs, so that their numbers agree
 * (RFC 8216 §6.2.4).
 */
export type Epoch = {
  /** Our media sequence = the source's + this. */
  readonly mediaOffset: number;
  readonly discontinuityOffset: number;
};

/** How far one rendition has come. */
export type Mark = {
  /** Index of the epoch the rendition is in. */
  readonly epoch: number;
  /** The source's number of the last segment placed. */
  readonly sourceSequence: number;
  /** The discontinuity sequence of the last segment placed. */
  readonly discontinuitySequence: number;
  /** The highest media sequence ever placed: a cold start may place lower ones again. */
  readonly mediaSequence: number;
  /** No list may begin before this media sequence any more: RFC 8216 §6.2.2. */
  readonly floor: number;
  /** [media sequence, discontinuity sequence] where the latter changed, ascending. */
  readonly history: readonly (readonly [number, number])[];
  /** [source sequence, identity] of the last segments placed, ascending. */
  readonly tail: readonly (readonly [number, string])[];
  /** Which turn it was placed in; absent where it was saved before turns were counted. */
  readonly turn?: number;
};

/** Which of the channel's sources plays: numbers and names of one mean nothing of another. */
export type Turn = {
  /** Tells one source from another, over restarts and changes of the configuration. */
  readonly source: string;
  /** Grows each time another source plays. */
  readonly number: number;
};

export type SavedTimeline = {
  readonly turn?: Turn;
  readonly epochs: readonly Epoch[];
  readonly marks: Readonly<Record<string, Mark>>;
};

/** Undefined for anything else: the file may have been written by another version. */
export function parseSavedTimeline(value: unknown): SavedTimeline | undefined {
  if (!isRecord(value) || !Array.isArray(value['epochs']) || !isRecord(value['marks'])) {
    return undefined;
  }
  const { epochs, marks, turn } = value;
  if (turn !== undefined && !isTurn(turn)) return undefined;
  if (!epochs.every(isEpoch)) return undefined;
  const isMarkOf = (mark: unknown) => isMark(mark) && mark.epoch < epochs.length;
  return Object.values(marks).every(isMarkOf)
    ? { epochs, marks: marks as SavedTimeline['marks'], ...(turn === undefined ? {} : { turn }) }
    : undefined;
}

function isEpoch(value: unknown): value is Epoch {
  return (
    isRecord(value) &&
    Number.isSafeInteger(value['mediaOffset']) &&
    Number.isSafeInteger(value['discontinuityOffset'])
  );
}

function isTurn(value: unknown): value is Turn {
  return isRecord(value) && typeof value['source'] === 'string' && isCount(value['number']);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

const COUNTS = ['epoch', 'sourceSequence', 'discontinuitySequence', 'mediaSequence', 'floor'];

function isMark(value: unknown): value is Mark {
  return (
    isRecord(value) &&
    COUNTS.every((name) => isCount(value[name])) &&
    (value['turn'] === undefined || isCount(value['turn'])) &&
    isPairs(value['history'], 'number') &&
    isPairs(value['tail'], 'string')
  );
}

function isPairs(value: unknown, second: 'number' | 'string'): boolean {
  return (
    Array.isArray(value) &&
    value.every(
      (pair) =>
        Array.isArray(pair) &&
        pair.length === 2 &&
        Number.isSafeInteger(pair[0]) &&
        typeof pair[1] === second,
    )
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
