// This file holds tens of thousands of rows of plain data as compressed text, and reads them piece by piece.
import { othersTurn } from '../../base/turn.ts';

/** Some rows: JSON, compressed. */
export type PackedPiece = { readonly rows: number; readonly zstd: string };

/** Half a millisecond of work, on the thread that packs them and on the one that serves. */
const PIECE_ROWS = 250;
/** One key in so many ends a piece: what is put in between others changes its own piece alone. */
const CUT_SHARE = 200;
/** Lists repeat themselves: the quickest makes a twentieth of them. */
const LEVEL = 1;

/** Objects of 50,000 entries take some 60 MB, and this a few. */
export class PackedRows<T extends object, P extends { readonly rows: number } = PackedPiece>
  implements Iterable<T>
{
  readonly pieces: readonly P[];
  readonly length: number;
  readonly #read: (piece: P) => readonly T[];

  constructor(pieces: readonly P[], read: (piece: P) => readonly T[]) {
    this.pieces = pieces;
    this.length = pieces.reduce((sum, { rows }) => sum + rows, 0);
    this.#read = read;
  }

  *[Symbol.iterator](): Generator<T, void> {
    for (const piece of this.pieces) yield* this.#rowsIn(piece);
  }

  /** Those with these indexes, in their order. */
  *at(indexes: ReadonlySet<number>): Generator<[index: number, row: T], void> {
    if (indexes.size === 0) return;
    let start = 0;
    for (const piece of this.pieces) {
      const wanted = range(start, piece.rows).filter((index) => indexes.has(index));
      const rows = wanted.length === 0 ? [] : this.#rowsIn(piece);
      for (const index of wanted) yield [index, rows[index - start] as T];
      start += piece.rows;
    }
  }

  /** The same, where all of them may be held. */
  pick(indexes: ReadonlySet<number>): ReadonlyMap<number, T> {
    return new Map(this.at(indexes));
  }

  #rowsIn(piece: P): readonly T[] {
    tidyAfter(piece.rows);
    return this.#read(piece);
  }
}

/** Of films and series, as they reach the serving thread. */
export function packRows(rows: Iterable<object>): readonly PackedPiece[] {
  const pieces: PackedPiece[] = [];
  for (const some of inPieces(rows)) pieces.push({ rows: some.length, zstd: pack(some) });
  return pieces;
}

export function* inPieces<T>(rows: Iterable<T>): Generator<readonly T[], void> {
  let open: T[] = [];
  for (const row of rows) {
    open.push(row);
    if (open.length < PIECE_ROWS) continue;
    yield open;
    open = [];
  }
  if (open.length > 0) yield open;
}

/** `key` is the fingerprint of the last of so many rows: the same rows end the same pieces. */
export function endsPiece(rows: number, key: number): boolean {
  return rows === PIECE_ROWS || key % CUT_SHARE === 0;
}

/** Of some hundred at most. */
export function pack(rows: readonly unknown[]): string {
  const text = Buffer.from(JSON.stringify(rows));
  return Bun.zstdCompressSync(text, { level: LEVEL }).toString('base64');
}

export function unpack<T>(zstd: string): readonly T[] {
  return JSON.parse(Bun.zstdDecompressSync(Buffer.from(zstd, 'base64')).toString('utf8')) as T[];
}

/** On the serving thread, each piece in a turn of its own. */
export async function eachRow<T>(
  pieces: readonly PackedPiece[],
  take: (row: T) => void,
): Promise<void> {
  for (const { zstd } of pieces) {
    for (const row of unpack<T>(zstd)) take(row);
    await othersTurn();
  }
}

/** What rows leave behind is swept late, and would come to a hundred megabytes. */
const COLLECT_BYTES = 4 * 1024 * 1024;
/** Looked at after so many: it costs as much as to read some of them. */
const LOOK_ROWS = 10 * PIECE_ROWS;

/** A thread has one heap, and shares the memory of the process with others. */
let unseenRows = 0;
/** Since it was collected last. */
let leastBytes = Number.POSITIVE_INFINITY;

/** So many rows were packed or unpacked on the thread of the line-ups. */
export function tidyAfter(rows: number): void {
  unseenRows += rows;
  if (unseenRows < LOOK_ROWS) return;
  unseenRows = 0;
  const bytes = process.memoryUsage.rss();
  leastBytes = Math.min(leastBytes, bytes);
  if (bytes < leastBytes + COLLECT_BYTES) return;
  Bun.gc(true);
  leastBytes = process.memoryUsage.rss();
}

function range(start: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => start + at);
}
