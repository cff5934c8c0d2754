// This file writes a new edition of a guide beside the one that is served.
import type { Database } from 'bun:sqlite';
import { ownText } from '../base/own-text.ts';
import { othersTurn } from '../base/turn.ts';
import { writeGuideChannel } from '../media/xmltv/channel.ts';
import type { GuideChannel } from '../media/xmltv/programme.ts';
import { type ChannelDay, DAY_MS } from './channel-days.ts';
import { foldId } from './fold-id.ts';
import type { ImportCrew } from './import-crew.ts';
import { Incoming, type IncomingChannel } from './incoming.ts';
import type { ProgrammeRow } from './read-elements.ts';

export type EditionCounts = { readonly channels: number; readonly programmes: number };

export type FetchedAs = {
  readonly fetchedMs: number;
  readonly etag?: string;
  readonly lastModified?: string;
  readonly problems: Readonly<Record<string, number>>;
};

/**
 * ```
 *   add … add ──► incoming ── finish: by channel, in order of time ──► day ──► the guide's edition
 *      └──────────── disposed before: all of it is deleted, the last edition is served on
 * ```
 */
export class Edition implements Disposable {
  readonly #database: Database;
  readonly #incoming: Incoming;
  readonly #guide: string;
  readonly #number: number;
  readonly #channels = new Map<string, { readonly name: string; readonly xml: string }>();

  constructor(database: Database, dataDir: string, guide: string, maxChannels: number) {
    this.#database = database;
    this.#guide = guide;
    this.#incoming = new Incoming(dataDir, maxChannels);
    const served = servedEdition(database, guide);
    // What a killed process began
    deleteOthers(database, guide, served);
    this.#number = served + 1;
  }

  /** The first that has an id is the one. */
  addChannel(channel: GuideChannel): void {
    if (this.#channels.has(channel.id)) return;
    const name = ownText(channel.names[0]?.text ?? channel.id);
    this.#channels.set(ownText(channel.id), { name, xml: ownText(writeGuideChannel(channel)) });
  }

  /** False where it is of one channel too many. */
  addProgramme(programme: ProgrammeRow): boolean {
    return this.#incoming.add(programme);
  }

  get counts(): EditionCounts {
    return { channels: this.#channels.size, programmes: this.#incoming.count };
  }

  /** Programmes so far that begin on that day or later. */
  countFrom(day: number): number {
    return this.#incoming.countFrom(day * DAY_MS);
  }

  /** Puts everything in order, and serves it from now on instead of what was served before. */
  async finish(as: FetchedAs, crew: ImportCrew): Promise<EditionCounts> {
    const channels = namedAs(this.#channels, this.#incoming.seal());
    const programmes = await this.#writeAll(channels, crew);
    await this.#writeChannels();
    // Some guides name their channels nowhere but in the programmes
    const counts = { channels: this.#channels.size, programmes };
    for (const { id } of channels) if (!this.#channels.has(id)) counts.channels++;
    this.#serve(as, counts);
    return counts;
  }

  [Symbol.dispose](): void {
    this.#incoming[Symbol.dispose]();
    deleteOthers(this.#database, this.#guide, servedEdition(this.#database, this.#guide));
  }

  async #writeChannels(): Promise<void> {
    const insert = this.#database.query(
      'INSERT INTO channel (guide, edition, id, name, xml) VALUES (?, ?, ?, ?, ?)',
    );
    const all = [...this.#channels];
    const write = this.#database.transaction((channels: typeof all) => {
      for (const [id, { name, xml }] of channels) {
        insert.run(this.#guide, this.#number, id, name, xml);
      }
    });
    for (let from = 0; from < all.length; from += 1000) {
      write(all.slice(from, from + 1000));
      await othersTurn();
    }
  }

  /** A channel at a time: whoever else uses the file waits for no more. */
  async #writeAll(channels: readonly IncomingChannel[], crew: ImportCrew): Promise<number> {
    const { path } = this.#incoming;
    let programmes = 0;
    for (const channel of channels) {
      await crew.give({ what: 'days', wanted: { path, channel } }, (days) => {
        this.#writeDays(channel, days);
        for (const day of days) programmes += day.programmes;
      });
    }
    await crew.done();
    return programmes;
  }

  #writeDays({ id }: IncomingChannel, days: readonly ChannelDay[]): void {
    const insert = this.#database.query(
      `INSERT INTO day (guide, edition, channel, day, crc, advance, size, programmes, brief, deflated)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#database.transaction(() => {
      for (const { day, crc, advance, sizeBytes, programmes, brief, deflated } of days) {
        insert.run(
          ...[this.#guide, this.#number, id, day, crc, advance, sizeBytes, programmes],
          ...[brief, deflated],
        );
      }
    })();
  }

  #serve({ fetchedMs, etag, lastModified, problems }: FetchedAs, counts: EditionCounts): void {
    this.#database
      .query(
        `INSERT OR REPLACE INTO guide
           (id, edition, fetched_ms, etag, last_modified, channels, programmes, problems)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        ...[this.#guide, this.#number, fetchedMs, etag ?? null, lastModified ?? null],
        ...[counts.channels, counts.programmes, JSON.stringify(problems)],
      );
  }
}

/**
 * Some guides write an id one way where they name the channel, and another where they say what is on:
 * players that look at letters alone find both, and so do we.
 */
function namedAs(
  named: ReadonlyMap<string, unknown>,
  channels: readonly IncomingChannel[],
): readonly IncomingChannel[] {
  const filled = new Set(channels.map(({ id }) => id));
  const empty = new Map<string, string>();
  for (const id of named.keys()) if (!filled.has(id)) empty.set(foldId(id), id);
  return channels.map((channel) => {
    const folded = foldId(channel.id);
    const id = named.has(channel.id) ? undefined : empty.get(folded);
    if (id === undefined) return channel;
    empty.delete(folded);
    return { ...channel, id };
  });
}

/** The number of the edition that is served; 0 where none is. */
export function servedEdition(database: Database, guide: string): number {
  const row = database
    .query<{ edition: number }, [string]>('SELECT edition FROM guide WHERE id = ?')
    .get(guide);
  return row?.edition ?? 0;
}

/** Deletes what is not served, a channel at a time. */
function deleteOthers(database: Database, guide: string, served: number): void {
  const channels = database
    .query<{ edition: number; id: string }, [string, number]>(
      `SELECT DISTINCT edition, channel AS id FROM day WHERE guide = ? AND edition <> ?`,
    )
    .all(guide, served);
  const remove = database.query('DELETE FROM day WHERE guide = ? AND edition = ? AND channel = ?');
  for (const { edition, id } of channels) remove.run(guide, edition, id);
  for (const table of ['channel', 'fed_day']) {
    database.query(`DELETE FROM ${table} WHERE guide = ? AND edition <> ?`).run(guide, served);
  }
}
