// This file holds tens of thousands of rows of plain data as compressed text, and reads them piece by piece.
import { othersTurn } from '../../base/turn.ts';

/** As it is kept in the shared store: JSON of some rows, compressed. */
export type PackedPiece = { readonly rows: number; readonly zstd: string };

/** Half a millisecond of work, on the thread that packs them and on the one that serves. */
export const PIECE_ROWS = 250;
/** Lists repeat themselves: the quickest makes a twentieth of them. */
const LEVEL = 1;

/** Objects of 50,000 entries take some 60 MB, and this a few. */
export class PackedRows<T extends object> implements Iterable<T> {
  readonly pieces: readonly PackedPiece[];
  readonly length: number;

  constructor(pieces: readonly PackedPiece[]) {
    this.pieces = pieces;
    this.length = pieces.reduce((sum, { rows }) => sum + rows, 0);
  }

  static of<T extends object>(rows: Iterable<T>): PackedRows<T> {
    const packer = new RowPacker<T>();
    for (const row of rows) packer.add(row);
    return packer.end();
  }

  *[Symbol.iterator](): Generator<T, void> {
    for (const piece of this.pieces) yield* rowsIn<T>(piece);
  }

  /** Those with these indexes, in their order. */
  *at(indexes: ReadonlySet<number>): Generator<[index: number, row: T], void> {
    if (indexes.size === 0) return;
    let start = 0;
    for (const piece of this.pieces) {
      const wanted = range(start, piece.rows).filter((index) => indexes.has(index));
      const rows = wanted.length === 0 ? [] : rowsIn<T>(piece);
      for (const index of wanted) yield [index, rows[index - start] as T];
      start += piece.rows;
    }
  }

  /** The same, where all of them may be held. */
  pick(indexes: ReadonlySet<number>): ReadonlyMap<number, T> {
    return new Map(this.at(indexes));
  }
}

/** What rows leave behind is swept late, and would come to a hundred megabytes. */
const COLLECT_BYTES = 8 * 1024 * 1024;
/** Looked at after so many: it costs as much as to read some of them. */
const LOOK_ROWS = 20 * PIECE_ROWS;

/** A thread has one heap, and shares the memory of the process with others. */
let unseenRows = 0;
/** Since it was collected last. */
let leastBytes = 0;
function passed(rows: number): void {
  unseenRows += rows;
  if (unseenRows < LOOK_ROWS) return;
  unseenRows = 0;
  const bytes = process.memoryUsage.rss();
  leastBytes = Math.min(leastBytes, bytes);
  if (bytes < leastBytes + COLLECT_BYTES) return;
  Bun.gc(true);
  leastBytes = process.memoryUsage.rss();
}

export class RowPacker<T extends object> {
  readonly #pieces: PackedPiece[] = [];
  #open: T[] = [];

  add(row: T): void {
    this.#open.push(row);
    if (this.#open.length === PIECE_ROWS) this.cut();
  }

  /** What comes now is of another piece. */
  cut(): void {
    if (this.#open.length > 0) this.#pack();
  }

  end(): PackedRows<T> {
    this.cut();
    return new PackedRows(this.#pieces);
  }

  #pack(): void {
    const text = Buffer.from(JSON.stringify(this.#open));
    const zstd = Bun.zstdCompressSync(text, { level: LEVEL }).toString('base64');
    this.#pieces.push({ rows: this.#open.length, zstd });
    passed(this.#open.length);
    this.#open = [];
  }
}

/** JSON of an array. */
export function textOf({ zstd }: PackedPiece): string {
  return Bun.zstdDecompressSync(Buffer.from(zstd, 'base64')).toString('utf8');
}

/** Without the thread's collector, each piece in a turn of its own. */
export async function eachRow<T>(
  pieces: readonly PackedPiece[],
  take: (row: T) => void,
): Promise<void> {
  for (const piece of pieces) {
    for (const row of JSON.parse(textOf(piece)) as T[]) take(row);
    await othersTurn();
  }
}

function rowsIn<T>(piece: PackedPiece): readonly T[] {
  passed(piece.rows);
  return JSON.parse(textOf(piece)) as T[];
}

function range(start: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => start + at);
}
