// This file brings a SQLite file to the version of this program.
import type { Database } from 'bun:sqlite';

/**
 * Forward only, each step whole or not at all; a file written by a later version is not touched.
 * Of two processes that come at once the second finds it done. `name`: of the file, for the error.
 */
export function migrate(database: Database, migrations: readonly string[], name: string): void {
  const version = versionOf(database);
  if (version > migrations.length) {
    throw new Error(
      `Cannot open ${name}: it is of version ${version}, wanted at most ${migrations.length}`,
    );
  }
  for (let next = version; next < migrations.length; next++) {
    database
      .transaction(() => {
        if (versionOf(database) !== next) return;
        database.run(migrations[next] as string);
        database.run(`PRAGMA user_version = ${next + 1}`);
      })
      .immediate();
  }
}

export function versionOf(database: Database): number {
  const row = database.query<{ user_version: number }, []>('PRAGMA user_version').get();
  return row?.user_version ?? 0;
}
