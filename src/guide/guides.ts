// This file keeps the guides an operator named fresh, and hands out what they say.
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Backoff, backoffDelayMs } from '../base/backoff.ts';
import { type Clock, sleep } from '../base/clock.ts';
import { type ErrorRecord, errorFields, errorRecord } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { ownNames } from '../base/own-names.ts';
import { showPlace } from '../base/place.ts';
import type { Random } from '../base/random.ts';
import { SingleFlight } from '../base/single-flight.ts';
import type { SharedStore } from '../channel/shared-store.ts';
import type { GuideSetting } from '../config/resolve-guides.ts';
import type { WantedChannel } from './document.ts';
import { isDueAtStart } from './due.ts';
import type { GuideFeed } from './feed.ts';
import { GUIDE_DAYS, type GuideDocument, GuideDocuments } from './guide-documents.ts';
import { guideKey } from './guide-key.ts';
import type { KeptGuide } from './guide-messages.ts';
import type { GuideThread } from './guide-thread.ts';
import { type Feeds, GuideMatches } from './match/guide-matches.ts';
import type { MatchWanted } from './match/match-channel.ts';
import type { MatchedChannel } from './match/match-guides.ts';
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
  /** Absent: channels are fed by id alone. */
  readonly lineUp?: GuideLineUp;
};

/** The channels that the guides are for, as they are now. */
export type GuideLineUp = {
  readonly shared: SharedStore;
  readonly wanted: () => readonly Omit<MatchWanted, 'choice'>[];
  /** What most ask for: made before anybody does. */
  readonly document: (feeds: Feeds) => readonly WantedChannel[];
};

export type GuideStatus = {
  readonly place: string;
  readonly kept?: KeptGuide;
  /** Why it could not be read the last time. */
  readonly error?: ErrorRecord;
};

/** Those who fetch at the same minute are spread over as much. */
const JITTER_MS = 10 * 60_000;
const RETRY: Backoff = { baseMs: 60_000, maxMs: 3600_000 };

/** `shown`: what it is called where people read of it, without passwords, and as no other is. */
type Spec = GuideSpec & { readonly at: number; readonly shown: string };

export class Guides implements AsyncDisposable {
  readonly #options: GuidesOptions;
  readonly #specs: readonly Spec[];
  readonly #errors = new Map<string, ErrorRecord>();
  readonly #imports = new SingleFlight<boolean>();
  /** One a guide, however often it failed. */
  readonly #retries = new SingleFlight<void>();
  readonly #ended = new AbortController();
  readonly #jobs = new DisposableStack();
  readonly #documents: GuideDocuments;
  readonly #matches: GuideMatches | undefined;
  #kept = new Map<string, KeptGuide>();
  /** What will be kept once the documents of it are written. */
  #coming: Map<string, KeptGuide> | undefined;

  constructor(options: GuidesOptions) {
    this.#options = options;
    const shown = ownNames(options.guides.map(({ place }) => showPlace(place)));
    this.#specs = options.guides.map(({ place, headers, at }, index) => ({
      id: guideKey(place),
      place,
      policy: { headers, verifyTls: true, allowDowngrade: false },
      at,
      shown: shown[index] as string,
    }));
    const { lineUp, thread, log } = options;
    const guides = this.#specs.map(({ id }) => id);
    const kept = () => this.#kept;
    const coming = () => this.#coming ?? this.#kept;
    this.#documents = this.#jobs.use(new GuideDocuments({ ...options, guides, kept }));
    if (lineUp === undefined || this.isEmpty) return;
    const matched = async (feeds: Feeds) => {
      await this.#documents.make(lineUp.document(feeds), GUIDE_DAYS, coming());
      this.#documents.keepReady(() => lineUp.document(this));
    };
    this.#matches = this.#jobs.use(new GuideMatches({ ...lineUp, guides, thread, log, matched }));
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
    const all = this.#specs.map(async (spec) => {
      // What is on its way may be what was there before
      if (this.#imports.has(spec.id)) await this.#import(spec);
      await this.#untilItIsThere(spec);
    });
    await Promise.all(all);
  }

  status(): readonly GuideStatus[] {
    return this.#specs.map(({ id, shown }) => {
      const kept = this.#kept.get(id);
      const error = this.#errors.get(id);
      return {
        place: shown,
        ...(kept === undefined ? {} : { kept }),
        ...(error === undefined ? {} : { error }),
      };
    });
  }

  /** What feeds a channel: as it was found, or as its line-up has it where nobody has looked yet. */
  feedOf(channel: string, feed: GuideFeed): GuideFeed {
    return this.#matches?.feedOf(channel, feed) ?? feed;
  }

  /** How that was found; empty until the first guide has come. */
  matches(): readonly MatchedChannel[] {
    return this.#matches?.all() ?? [];
  }

  /** To be called when channels have changed. */
  async lineUpChanged(): Promise<void> {
    if (this.hasAny) await this.#matches?.update();
  }

  /** For these channels, from yesterday on. Rejects with AppError where it cannot be written. */
  async document(channels: readonly WantedChannel[], days: number): Promise<GuideDocument> {
    return await this.#documents.get(channels, days);
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
      const fetchedMs = this.#kept.get(spec.id)?.fetchedMs;
      if (isDueAtStart(spec.place, fetchedMs, clock.nowMs())) void this.#untilItIsThere(spec);
    }
  }

  async #atItsTime(spec: Spec): Promise<void> {
    const { clock, random } = this.#options;
    await sleep(clock, random() * JITTER_MS, this.#ended.signal);
    await this.#untilItIsThere(spec);
  }

  /** Whoever waits for it waits for one try: it goes on by itself. */
  async #untilItIsThere(spec: Spec): Promise<void> {
    if (!(await this.#import(spec))) void this.#retries.run(spec.id, () => this.#retry(spec));
  }

  async #retry(spec: Spec): Promise<void> {
    const { clock, random } = this.#options;
    const { signal } = this.#ended;
    for (let attempt = 0; !signal.aborted; attempt++) {
      await sleep(clock, backoffDelayMs(RETRY, attempt, random), signal);
      if (signal.aborted || (await this.#import(spec))) return;
    }
  }

  /** However many want it, it is read once at a time. Whether it is there now; never rejects. */
  #import(spec: Spec): Promise<boolean> {
    return this.#imports.run(spec.id, async () => {
      const { thread, log, clock } = this.#options;
      const { shown: place } = spec;
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
    const coming = new Map(kept.map((guide) => [guide.id, guide]));
    this.#coming = coming;
    // Until the new one is written the last one is served: whoever asks first would wait for it
    if (coming.size > 0) await this.#matches?.update();
    this.#kept = coming;
  }
}

function clearFolder(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { force: true });
}
