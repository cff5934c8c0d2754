// This file brings a SQLite file to the version of this program.
import type { Database } from 'bun:sqlite';

/**
 * Forward only, each step whole or not at all; a file written by a later version is not touched.
 * `name`: of the file, for the error that says so.
 */
export function migrate(database: Database, migrations: readonly string[], name: string): void {
  const { user_version: version } = database
    .query<{ user_version: number }, []>('PRAGMA user_version')
    .get() as { user_version: number };
  if (version > migrations.length) {
    throw new Error(
      `Cannot open ${name}: it is of version ${version}, wanted at most ${migrations.length}`,
    );
  }
  for (let next = version; next < migrations.length; next++) {
    database.transaction(() => {
      database.run(migrations[next] as string);
      database.run(`PRAGMA user_version = ${next + 1}`);
    })();
  }
}
