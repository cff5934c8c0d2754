// This file holds what weir asks of Postgres, in SQL.

/*
 * Each is one statement, and so one transaction: nobody who is slow to ask for the next holds locks.
 */

export const READ_VERSION = 'SELECT version FROM weir_schema';

/** Sent as one simple query, which is one transaction; the lock lets one weir at a time do it. */
export const CREATE_TABLES = `
SELECT pg_advisory_xact_lock(1466262866);
CREATE TABLE IF NOT EXISTS weir_segments (
  id text NOT NULL,
  piece integer NOT NULL,
  pieces integer,
  size_bytes bigint,
  content_type text,
  stored_us bigint,
  expires_ms bigint,
  body bytea NOT NULL,
  PRIMARY KEY (id, piece)
);
ALTER TABLE weir_segments ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE INDEX IF NOT EXISTS weir_segments_by_end ON weir_segments (expires_ms) WHERE piece = 0;
CREATE INDEX IF NOT EXISTS weir_segments_by_age ON weir_segments (stored_us, id, size_bytes) WHERE piece = 0;
CREATE TABLE IF NOT EXISTS weir_schema (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), version integer NOT NULL);
INSERT INTO weir_schema (version) VALUES (1) ON CONFLICT DO NOTHING`;

export const GET = `
SELECT piece, pieces, size_bytes, content_type, body FROM weir_segments
WHERE id = $1 AND EXISTS (
  SELECT FROM weir_segments WHERE id = $1 AND piece = 0 AND expires_ms > $2
)
ORDER BY piece`;

export const HELD = `
SELECT id FROM weir_segments
WHERE piece = 0 AND expires_ms > $2 AND id = ANY(string_to_array($1, ','))`;

export const EXTEND = `
UPDATE weir_segments SET expires_ms = greatest(expires_ms, $2::bigint)
WHERE id = $1 AND piece = 0 RETURNING piece`;

/** The head stands first: of two who put the same, the second waits there for the first. */
export function putStatement(pieces: number): string {
  const rows = [
    '($1, 0, $2::integer, $3::bigint, $4, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, $5::bigint, $6::bytea)',
  ];
  for (let piece = 1; piece < pieces; piece++) {
    rows.push(`($1, ${piece}, NULL, NULL, NULL, NULL, NULL, $${piece + 6}::bytea)`);
  }
  return `
INSERT INTO weir_segments (id, piece, pieces, size_bytes, content_type, stored_us, expires_ms, body)
VALUES ${rows.join(', ')}
ON CONFLICT (id, piece) DO UPDATE
SET expires_ms = greatest(weir_segments.expires_ms, excluded.expires_ms)
WHERE weir_segments.piece = 0`;
}

/** Heads first and in order, as everybody locks them. */
export const DELETE = `
WITH heads AS MATERIALIZED (
  SELECT id FROM weir_segments WHERE piece = 0 AND id = ANY(string_to_array($1, ',')) ORDER BY id FOR UPDATE
)
DELETE FROM weir_segments USING heads WHERE weir_segments.id = heads.id`;

export const EXPIRE = `
WITH due AS MATERIALIZED (
  SELECT id FROM weir_segments WHERE piece = 0 AND expires_ms <= $1
  ORDER BY expires_ms LIMIT $2 FOR UPDATE SKIP LOCKED
), gone AS (
  DELETE FROM weir_segments USING due WHERE weir_segments.id = due.id RETURNING piece
)
SELECT count(*) AS gone FROM gone WHERE piece = 0`;

/**
 * Which must go follows from one look at the table: two weirs that look at once choose the same, and
 * what one has taken the other does not replace by more.
 */
export const EVICT = `
WITH aged AS (
  SELECT id, stored_us,
    sum(size_bytes) OVER (ORDER BY stored_us DESC, id DESC) AS kept_bytes
  FROM weir_segments WHERE piece = 0
), over AS MATERIALIZED (
  SELECT id FROM aged WHERE kept_bytes > $1::bigint ORDER BY stored_us, id LIMIT $2
), heads AS MATERIALIZED (
  SELECT weir_segments.id FROM weir_segments JOIN over USING (id) WHERE piece = 0
  ORDER BY weir_segments.id FOR UPDATE OF weir_segments SKIP LOCKED
), gone AS (
  DELETE FROM weir_segments USING heads WHERE weir_segments.id = heads.id RETURNING piece
)
SELECT count(*) AS gone FROM gone WHERE piece = 0`;

export const USE = `
SELECT count(*) AS segments, coalesce(sum(size_bytes), 0) AS bytes
FROM weir_segments WHERE piece = 0`;
