// This file writes a new edition of a guide beside the one that is served.
import type { Database } from 'bun:sqlite';
import { ownText } from '../base/own-text.ts';
import { othersTurn } from '../base/turn.ts';
import { writeGuideChannel } from '../media/xmltv/channel.ts';
import type { GuideChannel } from '../media/xmltv/programme.ts';
import { writeShowing } from '../media/xmltv/write-programme.ts';
import { gzipPart } from './gzip-parts.ts';
import { Incoming, type IncomingProgramme } from './incoming.ts';
import type { ProgrammeRow } from './read-elements.ts';

export type EditionCounts = { readonly channels: number; readonly programmes: number };

export type FetchedAs = {
  readonly fetchedMs: number;
  readonly etag?: string;
  readonly lastModified?: string;
  readonly problems: Readonly<Record<string, number>>;
};

/** Begin and end in seconds of Unix time, and the title: of every programme of a day. */
export type Brief = readonly (readonly [startS: number, stopS: number, title: string])[];

const DAY_MS = 86_400_000;
/** Channels whose days are being compressed. */
const CHANNELS_AT_ONCE = 3;
/** One that says not when it ends, and has none after it, ends after this. */
const LAST_LENGTH_MS = 30 * 60_000;

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

  /** Puts everything in order, and serves it from now on instead of what was served before. */
  async finish(as: FetchedAs): Promise<EditionCounts> {
    const channels = this.#incoming.seal();
    const programmes = await this.#writeAll(channels);
    await this.#writeChannels();
    // Some guides name their channels nowhere but in the programmes
    const counts = { channels: this.#channels.size, programmes };
    for (const id of channels) if (!this.#channels.has(id)) counts.channels++;
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

  /** Others compress what is written here: some channels are under way at once. */
  async #writeAll(channels: readonly string[]): Promise<number> {
    const underWay: Promise<number>[] = [];
    let programmes = 0;
    try {
      for (const channel of channels) {
        if (underWay.length === CHANNELS_AT_ONCE) programmes += await (underWay.shift() ?? 0);
        const writing = this.#writeProgrammes(channel);
        // It is awaited below, later than it may fail
        writing.catch(() => {});
        underWay.push(writing);
        await othersTurn();
      }
    } finally {
      // All of them, or one would write to a file that is closed
      for (const each of await Promise.allSettled(underWay)) {
        if (each.status === 'fulfilled') programmes += each.value;
      }
    }
    await Promise.all(underWay);
    return programmes;
  }

  /** One transaction a channel: whoever else uses the file waits for no more. */
  async #writeProgrammes(channel: string): Promise<number> {
    const timed = inOrder(this.#incoming.of(channel));
    const days = Map.groupBy(timed, ({ startMs }) => dayOf(startMs));
    const parts = await Promise.all(
      [...days].map(async ([day, programmes]) => {
        let xml = '';
        for (const each of programmes) xml += `${showing(channel, each)}\n`;
        return { day, programmes, part: await gzipPart(xml) };
      }),
    );
    const insert = this.#database.query(
      `INSERT INTO day (guide, edition, channel, day, crc, advance, size, programmes, brief, deflated)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#database.transaction(() => {
      for (const { day, programmes, part } of parts) {
        const { crc, advance, sizeBytes, deflated } = part;
        insert.run(
          ...[this.#guide, this.#number, channel, day, crc, advance, sizeBytes, programmes.length],
          ...[JSON.stringify(briefOf(programmes)), deflated],
        );
      }
    })();
    return timed.length;
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

type Timed = Omit<IncomingProgramme, 'stopMs'> & { readonly stopMs: number };

/**
 * One at a time: of two that begin at once the first stays, and one that ends after the next begins
 * ends there, since players show nothing, or both, where two overlap.
 */
function inOrder(programmes: readonly IncomingProgramme[]): readonly Timed[] {
  const apart = programmes.filter(({ startMs }, at) => programmes[at - 1]?.startMs !== startMs);
  return apart.map((programme, at) => {
    const { startMs, stopMs } = programme;
    const nextMs = apart[at + 1]?.startMs ?? Number.POSITIVE_INFINITY;
    const endMs = stopMs ?? (nextMs - startMs <= DAY_MS ? nextMs : startMs + LAST_LENGTH_MS);
    return { ...programme, stopMs: Math.min(endMs, nextMs) };
  });
}

function showing(channel: string, { startMs, stopMs, catchupId, body }: Timed): string {
  const times = catchupId === null ? { channel, startMs } : { channel, startMs, catchupId };
  return writeShowing(times, stopMs, body);
}

function briefOf(programmes: readonly Timed[]): Brief {
  return programmes.map(({ startMs, stopMs, title }) => [startMs / 1000, stopMs / 1000, title]);
}

/** The day (UTC, since 1970) in which this moment lies. */
export function dayOf(timeMs: number): number {
  return Math.floor(timeMs / DAY_MS);
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
