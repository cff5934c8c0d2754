// This file is what the tier in SQL wants of each database.
import type { TierCode } from './errors.ts';
import type { Stored, TierUse } from './tier.ts';

/*
 * weir_segments, one row for each piece of a body:
 *
 *   id  piece  body │ pieces  size_bytes  content_type  stored_us  expires_ms
 *   D   0      …    │ 3       2300000     video/mp2t    …          …          the head
 *   D   1      …    │ null                                                     what follows it
 *   D   2      …    │ null
 *
 * The head says all about the segment. Whoever changes or takes away a segment locks its head first,
 * and all its rows go in one step, so that a reader sees the whole or nothing.
 */

export type SqlFailure = {
  readonly code: TierCode;
  /** Completes "Cannot use …: ". */
  readonly state: string;
  /** It may well go the next time: a connection that was lost, a deadlock, two who put the same. */
  readonly isPassing: boolean;
};

/** Connections to one database; every method is one transaction. */
export type SqlConnections = {
  /** Makes or migrates the tables, and learns what the server takes. */
  prepare(): Promise<void>;
  /** Only where it ends after `nowMs`. */
  get(id: string, nowMs: number): Promise<Stored | undefined>;
  /** Those of them that end after `nowMs`. */
  held(ids: readonly string[], nowMs: number): Promise<readonly string[]>;
  /** True where it is held; its time is extended then. */
  extend(id: string, expiresAtMs: number): Promise<boolean>;
  /** Throws where `check` throws, which is between two pieces. */
  put(segment: SqlSegment, check: () => void): Promise<void>;
  delete(ids: readonly string[]): Promise<void>;
  /** Takes away at most `limit` that end at `nowMs` or before, and that nobody has locked. */
  expire(nowMs: number, limit: number): Promise<number>;
  /** Takes away at most `limit` of the oldest that are over the size. */
  evict(sizeBytes: number, limit: number): Promise<number>;
  use(): Promise<TierUse>;
  /** Breaks off whatever is under way; never throws. */
  destroy(): Promise<void>;
};

export type SqlSegment = {
  readonly id: string;
  readonly body: Uint8Array;
  readonly contentType: string;
  readonly expiresAtMs: number;
};

export type SqlEngine = {
  readonly kind: 'postgres' | 'mysql';
  readonly place: string;
  /** Without waiting for anything. */
  connect(): SqlConnections;
  failureOf(error: unknown): SqlFailure;
};

/** Of the tables, as it stands in weir_schema. */
export const SCHEMA_VERSION = 1;

/** Those who read never wait for those who write. */
export const READERS = 2;
export const WRITERS = 2;

export const CONNECT_TIMEOUT_S = 3;

/** What a row holds of a segment, by the names of its columns. */
type Row = Readonly<Record<string, unknown>>;

/** Of the rows of one segment, the head first. */
export function storedOf(
  rows: readonly Row[],
  join: (pieces: (Uint8Array | undefined)[], sizeBytes: number) => Blob | undefined,
): Stored | undefined {
  const [head] = rows;
  if (head === undefined || Number(head['pieces']) !== rows.length) return undefined;
  const pieces = rows.map((row, index) =>
    Number(row['piece']) === index ? (row['body'] as Uint8Array) : undefined,
  );
  const body = join(pieces, Number(head['size_bytes']));
  return body && { body, contentType: String(head['content_type']) };
}

/** Whole numbers of 64 bits come as text from both databases. */
export function useOf(row: Row | undefined): TierUse {
  return { segments: Number(row?.['segments'] ?? 0), bytes: Number(row?.['bytes'] ?? 0) };
}

/** `undefined` where the table holds no number. */
export function versionOf(row: Row | undefined): number {
  return row === undefined ? 0 : Number(row['version']);
}
