// This file keeps the documents that are served: each choice of channels and days is written once.
import { existsSync, rmSync } from 'node:fs';
import type { Clock } from '../base/clock.ts';
import { SingleFlight } from '../base/single-flight.ts';
import { dayOf } from './channel-days.ts';
import type { DocumentSpec, WantedChannel, WrittenDocument } from './document.ts';
import type { KeptGuide } from './guide-messages.ts';
import type { GuideThread } from './guide-thread.ts';

/** What is served: a file of gzip. */
export type GuideDocument = WrittenDocument & {
  /** When it was written. */
  readonly modifiedMs: number;
};

export type GuideDocumentsOptions = {
  readonly guides: readonly string[];
  readonly thread: Pick<GuideThread, 'call'>;
  readonly clock: Clock;
  /** Where they are written; what lies there belongs to nobody else. */
  readonly folder: string;
  readonly kept: () => ReadonlyMap<string, KeptGuide>;
};

/** One for each choice of channels and days that somebody asks for. */
const DOCUMENTS_MAX = 32;
const OPEN_MS = 5000;
const DAY_MS = 24 * 3600_000;
/** Yesterday is kept for those who watch what has been. */
const DAYS_BACK = 1;
/** A week, as most guides have and most players show. */
export const GUIDE_DAYS = 7;

export class GuideDocuments implements Disposable {
  readonly #options: GuideDocumentsOptions;
  readonly #writing = new SingleFlight<GuideDocument>();
  /** The one asked for longest ago first. */
  readonly #documents = new Map<string, GuideDocument>();
  #midnight: Disposable | undefined;

  constructor(options: GuideDocumentsOptions) {
    this.#options = options;
  }

  async get(channels: readonly WantedChannel[], days: number): Promise<GuideDocument> {
    return await this.make(channels, days, this.#options.kept());
  }

  /** The same of editions that are not served yet. */
  async make(
    channels: readonly WantedChannel[],
    days: number,
    kept: ReadonlyMap<string, KeptGuide>,
  ): Promise<GuideDocument> {
    const { guides, clock } = this.#options;
    const today = dayOf(clock.nowMs());
    const editions = guides.map((id) => `${id} ${kept.get(id)?.edition ?? 0}`);
    const key = Bun.hash.wyhash(JSON.stringify([channels, days, today, editions])).toString(36);
    const known = this.#documents.get(key);
    // Another weir that starts on the same folder clears it
    if (known === undefined || !existsSync(known.path)) {
      const span = { fromDay: today - DAYS_BACK, toDay: today + days - 1 };
      const spec = { key, guides, channels, ...span };
      return await this.#writing.run(key, () => this.#write(spec));
    }
    this.#documents.delete(key);
    this.#documents.set(key, known);
    return known;
  }

  /** Makes what most ask for at each midnight: whoever asks first would wait for it. */
  keepReady(channels: () => readonly WantedChannel[]): void {
    this.#midnight?.[Symbol.dispose]();
    const { clock } = this.#options;
    const leftMs = DAY_MS - (clock.nowMs() % DAY_MS);
    this.#midnight = clock.after(leftMs, () => {
      this.keepReady(channels);
      // Should it fail, the first who asks has it written, or is told
      this.get(channels(), GUIDE_DAYS).catch(() => {});
    });
  }

  [Symbol.dispose](): void {
    this.#midnight?.[Symbol.dispose]();
  }

  async #write(spec: DocumentSpec): Promise<GuideDocument> {
    const { thread, folder, clock } = this.#options;
    const { key } = spec;
    const written = await thread.call({ what: 'document', spec, folder });
    // Not when its guides were fetched: channels, what feeds them and the day change it too
    const document = { ...written, modifiedMs: clock.nowMs() };
    this.#documents.set(key, document);
    this.#forgetOldest();
    return document;
  }

  /** Who was handed it has some seconds to open it, and keeps what he has open. */
  #forgetOldest(): void {
    if (this.#documents.size <= DOCUMENTS_MAX) return;
    const [key, { path }] = this.#documents.entries().next().value as [string, GuideDocument];
    this.#documents.delete(key);
    this.#options.clock.after(OPEN_MS, () => {
      if (!this.#documents.has(key)) rmSync(path, { force: true });
    });
  }
}
