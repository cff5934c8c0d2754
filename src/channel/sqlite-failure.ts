// This file says what the errors of SQLite and of its file mean.
import { type SharedStoreCode, SharedStoreError } from './errors.ts';

type Row = readonly [code: RegExp, meaning: SharedStoreCode, state: string];

// SQLite, "Result and Error Codes"; and those of the system where the folder cannot be made
const SAID: readonly Row[] = [
  [/^SQLITE_(?:BUSY|LOCKED)/, 'CHANNEL_STORE_UNREACHABLE', 'another process holds it for too long'],
  [/^SQLITE_FULL|^ENOSPC$|^EDQUOT$/, 'CHANNEL_STORE_FULL', 'there is no room for more'],
  [/^SQLITE_READONLY|^E(?:ACCES|PERM|ROFS)$/, 'CHANNEL_STORE_READ_ONLY', 'it cannot be written'],
  [/^SQLITE_(?:NOTADB|CORRUPT)/, 'CHANNEL_STORE_BROKEN', 'it is damaged, or no database'],
  [/^SQLITE_CANTOPEN|^E[A-Z]+$/, 'CHANNEL_STORE_REFUSED', 'it cannot be opened'],
  [/^SQLITE_/, 'CHANNEL_STORE_BROKEN', 'it failed'],
];

/** Undefined where it is none of SQLite's nor of its file's. */
export function sqliteFailure(error: unknown, path: string): SharedStoreError | undefined {
  if (error instanceof SharedStoreError) return error;
  const trouble = sqliteTrouble(error);
  if (trouble === undefined) return undefined;
  const { meaning, words, code } = trouble;
  return new SharedStoreError(meaning, `Cannot use ${path}: ${words}`, { path, code }, error);
}

export type SqliteTrouble = {
  readonly meaning: SharedStoreCode;
  readonly words: string;
  readonly code: string;
};

export function sqliteTrouble(error: unknown): SqliteTrouble | undefined {
  const code = String((error as { code?: unknown } | null)?.code ?? '');
  const known = SAID.find(([pattern]) => pattern.test(code));
  if (known === undefined) return undefined;
  const [, meaning, state] = known;
  return { meaning, words: `${state} (${code})`, code };
}

export function isBusy(error: unknown): boolean {
  return /^SQLITE_BUSY/.test(String((error as { code?: unknown } | null)?.code ?? ''));
}
