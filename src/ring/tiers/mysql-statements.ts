// This file holds what weir asks of MySQL and MariaDB, in SQL.

export const READ_VERSION = 'SELECT version FROM weir_schema';

/** Other statements of a server's session; what it does not know it answers with an error. */
export const READ_PACKET = 'SELECT @@max_allowed_packet AS bytes';

/** One after the other: here a change of tables is in no transaction, so each may be done again. */
export const CREATE_TABLES = [
  `CREATE TABLE IF NOT EXISTS weir_segments (
  id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  piece INT NOT NULL,
  pieces INT,
  size_bytes BIGINT,
  content_type TEXT CHARACTER SET utf8mb4,
  stored_us BIGINT,
  expires_ms BIGINT,
  body LONGBLOB NOT NULL,
  PRIMARY KEY (id, piece),
  KEY weir_segments_by_end (piece, expires_ms),
  KEY weir_segments_by_age (piece, stored_us, size_bytes)
) ENGINE=InnoDB`,
  `CREATE TABLE IF NOT EXISTS weir_schema (
  only_row TINYINT NOT NULL PRIMARY KEY,
  version INT NOT NULL
) ENGINE=InnoDB`,
  'INSERT IGNORE INTO weir_schema (only_row, version) VALUES (1, 1)',
] as const;

/** Waits for others as long as we would, and locks rows only, not the gaps between them. */
export const BEGIN = [
  'SET SESSION innodb_lock_wait_timeout = 4',
  'SET TRANSACTION ISOLATION LEVEL READ COMMITTED',
  'START TRANSACTION',
] as const;

export const GET = `
SELECT piece, pieces, size_bytes, content_type, body FROM weir_segments
WHERE id = ? AND EXISTS (
  SELECT 1 FROM weir_segments AS head WHERE head.id = ? AND head.piece = 0 AND head.expires_ms > ?
)
ORDER BY piece`;

export function heldOf(count: number): string {
  return `SELECT id FROM weir_segments
WHERE piece = 0 AND expires_ms > ? AND id IN (${places(count)})`;
}

export const LOCK_HEAD = 'SELECT piece FROM weir_segments WHERE id = ? AND piece = 0 FOR UPDATE';

export const EXTEND = `
UPDATE weir_segments SET expires_ms = GREATEST(expires_ms, ?) WHERE id = ? AND piece = 0`;

export const PUT_HEAD = `
INSERT INTO weir_segments (id, piece, pieces, size_bytes, content_type, stored_us, expires_ms, body)
VALUES (?, 0, ?, ?, ?, FLOOR(UNIX_TIMESTAMP(NOW(6)) * 1000000), ?, ?)`;

export const PUT_PIECE = 'INSERT INTO weir_segments (id, piece, body) VALUES (?, ?, ?)';

export const LOCK_EXPIRED = `
SELECT id FROM weir_segments WHERE piece = 0 AND expires_ms <= ?
ORDER BY expires_ms LIMIT ? FOR UPDATE SKIP LOCKED`;

/** From one look at the table: two weirs that look at once choose the same. */
export const FIND_OVER = `
SELECT id FROM (
  SELECT id, stored_us, SUM(size_bytes) OVER (ORDER BY stored_us DESC, id DESC) AS kept_bytes
  FROM weir_segments WHERE piece = 0
) AS aged WHERE kept_bytes > ? ORDER BY stored_us, id LIMIT ?`;

/**
 * In one order, as everybody locks them. It waits, for some milliseconds: a statement on its way
 * through the index holds for a moment also what it does not want, and would be skipped for it.
 */
export function lockHeads(count: number): string {
  return `SELECT id FROM weir_segments WHERE piece = 0 AND id IN (${places(count)})
ORDER BY id FOR UPDATE`;
}

export function deleteSegments(count: number): string {
  return `DELETE FROM weir_segments WHERE id IN (${places(count)})`;
}

export const USE = `
SELECT COUNT(*) AS segments, COALESCE(SUM(size_bytes), 0) AS bytes
FROM weir_segments WHERE piece = 0`;

function places(count: number): string {
  return Array.from({ length: count }, () => '?').join(', ');
}
