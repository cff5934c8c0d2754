// This file does what is asked of the thread of the guides.
import type { Database } from 'bun:sqlite';
import { assertNever } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import { AppError } from '../base/errors.ts';
import { sqliteTrouble } from '../channel/sqlite-failure.ts';
import type { Outbound } from '../net/outbound.ts';
import { prepareParts, writeDocument } from './document.ts';
import { GuideError } from './errors.ts';
import { openGuideFile, readGuideFile } from './guide-file.ts';
import type { GuideAnswers, GuideCall } from './guide-messages.ts';
import { keptGuides } from './kept-guides.ts';
import { matchGuides } from './match/match-guides.ts';
import { onAir } from './on-air.ts';
import { programmesOf } from './programmes.ts';
import { readGuide } from './read-guide.ts';

export type GuideDeskOptions = {
  readonly dataDir: string;
  readonly outbound: Outbound;
  readonly clock: Clock;
  /** Entry of a thread that does half of each import; absent: this one does all of it. */
  readonly second?: URL;
};

type Files = {
  /** Where imports write. */
  readonly writing: Database;
  /** A connection of its own, which sees the file as it was when it began to read. */
  readonly reading: Database;
};

export class GuideDesk implements AsyncDisposable {
  readonly #options: GuideDeskOptions;
  readonly #ended = new AbortController();
  /** One import and one document at a time: each has its connection for as long as it takes. */
  readonly #turns: { importing: Promise<unknown>; writing: Promise<unknown> } = {
    importing: Promise.resolve(),
    writing: Promise.resolve(),
  };
  #files: Files | undefined;

  constructor(options: GuideDeskOptions) {
    this.#options = options;
  }

  /** Rejects with AppError. */
  async call<C extends GuideCall>(call: C): Promise<GuideAnswers[C['what']]> {
    try {
      return (await this.#run(call)) as GuideAnswers[C['what']];
    } catch (error) {
      throw this.#told(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await Promise.allSettled(Object.values(this.#turns));
    this.#files?.reading.close();
    this.#files?.writing.close();
    this.#files = undefined;
  }

  async #run(call: GuideCall): Promise<GuideAnswers[GuideCall['what']]> {
    const { dataDir } = this.#options;
    const { writing, reading } = this.#open();
    switch (call.what) {
      case 'import': {
        const deps = { ...this.#options, database: writing, signal: this.#ended.signal };
        return await this.#inTurn('importing', () => readGuide(call.spec, { ...deps, dataDir }));
      }
      case 'document':
        return await this.#inTurn('writing', async () => {
          await prepareParts(writing, call.spec);
          return await writeDocument(reading, call.folder, call.spec);
        });
      case 'on-air':
        return onAir(writing, call.guides, call.feeds, call.atMs);
      case 'programmes':
        return programmesOf(writing, call.guides, call.feed, call.wanted);
      case 'match':
        return await matchGuides(writing, call.guides, call.channels);
      case 'kept':
        return keptGuides(writing);
      case 'forget-others':
        return await this.#inTurn('importing', async () => forgetOthers(writing, call.guides));
      default:
        return assertNever(call);
    }
  }

  #inTurn<T>(turn: 'importing' | 'writing', work: () => Promise<T>): Promise<T> {
    const mine = this.#turns[turn].then(work);
    this.#turns[turn] = mine.catch(() => {});
    return mine;
  }

  /** With the first call, so that a folder that cannot be written fails that one, and is tried again. */
  #open(): Files {
    if (this.#files !== undefined) return this.#files;
    const { dataDir } = this.#options;
    try {
      const writing = openGuideFile(dataDir);
      const reading = readGuideFile(dataDir);
      this.#files = { writing, reading };
      return this.#files;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw this.#cannotKeep(sqliteTrouble(error)?.words ?? reason, error);
    }
  }

  /** Of a disk that is full, or a file that is damaged, in words. */
  #told(error: unknown): unknown {
    if (error instanceof AppError) return error;
    const trouble = sqliteTrouble(error);
    return trouble === undefined ? error : this.#cannotKeep(trouble.words, error);
  }

  #cannotKeep(why: string, cause: unknown): GuideError {
    const { dataDir } = this.#options;
    const message = `Cannot keep guides in ${dataDir}/guide.sqlite: ${why}`;
    return new GuideError('GUIDE_STORE', message, { dataDir }, cause);
  }
}

function forgetOthers(database: Database, guides: readonly string[]): undefined {
  for (const { id } of keptGuides(database)) {
    if (guides.includes(id)) continue;
    for (const table of ['day', 'fed_day', 'channel']) {
      database.query(`DELETE FROM ${table} WHERE guide = ?`).run(id);
    }
    database.query('DELETE FROM guide WHERE id = ?').run(id);
  }
  return undefined;
}
