// This file runs statements of MySQL, alone or all or nothing.
import type { ReservedSQL, SQL } from 'bun';
import { BEGIN } from './mysql-statements.ts';

export type SqlRow = Readonly<Record<string, unknown>>;
type Value = string | number | Uint8Array;
export type SqlRun = (statement: string, ...values: Value[]) => Promise<readonly SqlRow[]>;

export function runnerOf(sql: SQL | ReservedSQL): SqlRun {
  return async (statement, ...values) => (await sql.unsafe(statement, values)) as SqlRow[];
}

/** On one connection; where `work` fails nothing of it is left. */
export async function transact<T>(sql: SQL, work: (inside: SqlRun) => Promise<T>): Promise<T> {
  const connection = await sql.reserve();
  const run = runnerOf(connection);
  try {
    for (const statement of BEGIN) await run(statement);
    const result = await work(run);
    await run('COMMIT');
    return result;
  } catch (error) {
    // Where this fails too the connection is gone, and the server rolls back by itself
    await run('ROLLBACK').catch(() => {});
    throw error;
  } finally {
    await connection.release().catch(() => {});
  }
}
