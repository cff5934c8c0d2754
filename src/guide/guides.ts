// This file keeps the guides an operator named fresh, and hands out what they say.
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Backoff, backoffDelayMs } from '../base/backoff.ts';
import { type Clock, sleep } from '../base/clock.ts';
import { type ErrorRecord, errorFields, errorRecord } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { showPlace } from '../base/place.ts';
import type { Random } from '../base/random.ts';
import { SingleFlight } from '../base/single-flight.ts';
import type { GuideSetting } from '../config/resolve-guides.ts';
import type { WantedChannel, WrittenDocument } from './document.ts';
import { dayOf } from './edition.ts';
import type { GuideFeed } from './feed.ts';
import type { KeptGuide } from './guide-messages.ts';
import type { GuideThread } from './guide-thread.ts';
import type { OnAir } from './on-air.ts';
import type { ProgrammesWanted, ToldProgramme } from './programmes.ts';
import type { GuideSpec } from './read-guide.ts';

export type GuidesOptions = {
  readonly guides: readonly GuideSetting[];
  readonly thread: Pick<GuideThread, 'call'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Where documents are written; what lies there belongs to nobody else. */
  readonly folder: string;
  readonly daily: (name: string, at: number, run: () => void) => Disposable;
};

/** What is served: a file of gzip, and what names it. */
export type GuideDocument = WrittenDocument & {
  /** The same for the same channels, days and editions. */
  readonly key: string;
  /** When the newest of its guides was fetched. */
  readonly modifiedMs: number;
};

export type GuideStatus = {
  readonly place: string;
  readonly kept?: KeptGuide;
  /** Why it could not be read the last time. */
  readonly error?: ErrorRecord;
};

/** Those who fetch at the same minute are spread over as much. */
const JITTER_MS = 10 * 60_000;
/** What is older when we start is fetched at once. */
const FRESH_MS = 24 * 3600_000;
const RETRY: Backoff = { baseMs: 60_000, maxMs: 3600_000 };
/** Documents kept: one for each choice of channels and days that somebody asks for. */
const DOCUMENTS_MAX = 32;
const OPEN_MS = 60_000;
/** Yesterday is kept for those who watch what has been. */
const DAYS_BACK = 1;

export class Guides implements AsyncDisposable {
  readonly #options: GuidesOptions;
  readonly #specs: readonly (GuideSpec & { readonly at: number })[];
  readonly #errors = new Map<string, ErrorRecord>();
  readonly #imports = new SingleFlight<boolean>();
  readonly #writing = new SingleFlight<GuideDocument>();
  /** The one asked for longest ago first. */
  readonly #documents = new Map<string, GuideDocument>();
  readonly #ended = new AbortController();
  readonly #jobs = new DisposableStack();
  #kept = new Map<string, KeptGuide>();

  constructor(options: GuidesOptions) {
    this.#options = options;
    this.#specs = options.guides.map(({ place, headers, at }) => ({
      id: Bun.hash.wyhash(place).toString(36),
      place,
      policy: { headers, verifyTls: true, allowDowngrade: false },
      at,
    }));
  }

  /** None is configured: there is nothing to point to. */
  get isEmpty(): boolean {
    return this.#specs.length === 0;
  }

  /** One of them has come, now or in an earlier run. */
  get hasAny(): boolean {
    return this.#kept.size > 0;
  }

  /** Fetches what is missing or old, and everything once a day. Nobody waits for it. */
  start(): void {
    if (this.isEmpty) return;
    for (const spec of this.#specs) {
      const job = this.#options.daily(
        `guide ${spec.id}`,
        spec.at,
        () => void this.#atItsTime(spec),
      );
      this.#jobs.use(job);
    }
    void this.#begin();
  }

  /** Reads all of them now. */
  async refresh(): Promise<void> {
    await Promise.all(this.#specs.map((spec) => this.#import(spec)));
  }

  status(): readonly GuideStatus[] {
    return this.#specs.map(({ id, place }) => {
      const kept = this.#kept.get(id);
      const error = this.#errors.get(id);
      return {
        place: showPlace(place),
        ...(kept === undefined ? {} : { kept }),
        ...(error === undefined ? {} : { error }),
      };
    });
  }

  /** For these channels, from yesterday on. Rejects with AppError where it cannot be written. */
  async document(channels: readonly WantedChannel[], days: number): Promise<GuideDocument> {
    const today = dayOf(this.#options.clock.nowMs());
    const editions = this.#specs.map(({ id }) => `${id} ${this.#kept.get(id)?.edition ?? 0}`);
    const key = Bun.hash.wyhash(JSON.stringify([channels, days, today, editions])).toString(36);
    const known = this.#documents.get(key);
    if (known === undefined) {
      return await this.#writing.run(key, () => this.#write(key, channels, today, days));
    }
    this.#documents.delete(key);
    this.#documents.set(key, known);
    return known;
  }

  async onAir(feeds: readonly GuideFeed[], atMs: number): Promise<readonly OnAir[]> {
    const guides = this.#specs.map(({ id }) => id);
    return await this.#options.thread.call({ what: 'on-air', guides, feeds, atMs });
  }

  async programmes(feed: GuideFeed, wanted: ProgrammesWanted): Promise<readonly ToldProgramme[]> {
    const guides = this.#specs.map(({ id }) => id);
    if (guides.length === 0) return [];
    return await this.#options.thread.call({ what: 'programmes', guides, feed, wanted });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    this.#jobs[Symbol.dispose]();
  }

  async #begin(): Promise<void> {
    const { thread, folder, log, clock } = this.#options;
    try {
      clearFolder(folder);
      const guides = this.#specs.map(({ id }) => id);
      await thread.call({ what: 'forget-others', guides });
      await this.#lookUpKept();
    } catch (error) {
      log.error('guides cannot be kept', errorFields(errorRecord(error)));
    }
    for (const spec of this.#specs) {
      const ageMs = clock.nowMs() - (this.#kept.get(spec.id)?.fetchedMs ?? 0);
      if (ageMs >= FRESH_MS) void this.#untilItIsThere(spec);
    }
  }

  async #atItsTime(spec: GuideSpec): Promise<void> {
    const { clock, random } = this.#options;
    await sleep(clock, random() * JITTER_MS, this.#ended.signal);
    await this.#untilItIsThere(spec);
  }

  async #untilItIsThere(spec: GuideSpec): Promise<void> {
    const { clock, random } = this.#options;
    const { signal } = this.#ended;
    for (let attempt = 0; !signal.aborted && !(await this.#import(spec)); attempt++) {
      await sleep(clock, backoffDelayMs(RETRY, attempt, random), signal);
    }
  }

  /** However many want it, it is read once at a time. Whether it is there now; never rejects. */
  #import(spec: GuideSpec): Promise<boolean> {
    return this.#imports.run(spec.id, async () => {
      const { thread, log, clock } = this.#options;
      const place = showPlace(spec.place);
      const startMs = clock.monotonicMs();
      try {
        const { id, policy } = spec;
        const read = await thread.call({
          what: 'import',
          spec: { id, place: spec.place, policy },
        });
        const { kind, ...counts } = read;
        const ms = Math.round(clock.monotonicMs() - startMs);
        log.info(kind === 'same' ? 'guide is unchanged' : 'guide loaded', { place, ...counts, ms });
        await this.#lookUpKept();
        this.#errors.delete(spec.id);
        return true;
      } catch (error) {
        if (this.#ended.signal.aborted) return false;
        const record = errorRecord(error);
        this.#errors.set(spec.id, record);
        log.error('guide not loaded: what was there before stays', {
          place,
          ...errorFields(record),
        });
        return false;
      }
    });
  }

  async #lookUpKept(): Promise<void> {
    const kept = await this.#options.thread.call({ what: 'kept' });
    this.#kept = new Map(kept.map((guide) => [guide.id, guide]));
  }

  async #write(
    key: string,
    channels: readonly WantedChannel[],
    today: number,
    days: number,
  ): Promise<GuideDocument> {
    const { thread, folder } = this.#options;
    const guides = this.#specs.map(({ id }) => id);
    const span = { fromDay: today - DAYS_BACK, toDay: today + days - 1 };
    const spec = { key, guides, channels, ...span };
    const written = await thread.call({ what: 'document', spec, folder });
    const fetched = [...this.#kept.values()].map(({ fetchedMs }) => fetchedMs);
    const document = { ...written, key, modifiedMs: Math.max(0, ...fetched) };
    this.#documents.set(key, document);
    this.#forgetOldest();
    return document;
  }

  /** Who was handed it has a minute to open it, and keeps what he has open. */
  #forgetOldest(): void {
    if (this.#documents.size <= DOCUMENTS_MAX) return;
    const [key, { path }] = this.#documents.entries().next().value as [string, GuideDocument];
    this.#documents.delete(key);
    this.#options.clock.after(OPEN_MS, () => {
      if (!this.#documents.has(key)) rmSync(path, { force: true });
    });
  }
}

function clearFolder(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { force: true });
}
