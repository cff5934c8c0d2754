// This file is the archive of one channel: what is kept of it, where, and who writes it.
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { ArchiveRows } from '../../channel/archive-rows.ts';
import type { ArchiveConfig } from '../../config/resolve-archive.ts';
import type { PastPlace, PastSegment } from '../../prefetch/rendition/past.ts';
import { type ChannelAbout, formatChannelAbout, parseChannelAbout } from './archive-about.ts';
import { createArchiveCounts } from './archive-counts.ts';
import { Recorder } from './recorder.ts';
import type { Shelf } from './shelf.ts';
import { StartTimes } from './start-times.ts';
import { ViewerHolds } from './viewer-holds.ts';

export type ChannelArchiveDeps = {
  readonly rows: ArchiveRows;
  readonly clock: Clock;
  readonly log: Log;
  /** The shelf at a path, or that of the tiers; undefined where there is none. */
  readonly shelfAt: (hlsPath: string | undefined) => Shelf | undefined;
};

export class ChannelArchive {
  readonly id: string;
  readonly counts = createArchiveCounts();
  readonly holds = new ViewerHolds();
  readonly #deps: ChannelArchiveDeps;
  readonly #recorders = new Map<string, Recorder>();
  readonly #times = new StartTimes();
  #config: ArchiveConfig | undefined;
  #about: ChannelAbout | undefined;

  constructor(id: string, deps: ChannelArchiveDeps) {
    this.id = id;
    this.#deps = { ...deps, log: deps.log.with({ channel: id }) };
    const saved = deps.rows.channel(id);
    this.#about = saved === undefined ? undefined : parseChannelAbout(saved);
  }

  /** What it keeps, or kept last; undefined where it never was archived. */
  get about(): ChannelAbout | undefined {
    return this.#about;
  }

  /** Undefined where nothing of it can be read or written now. */
  get shelf(): Shelf | undefined {
    return this.#about && this.#deps.shelfAt(this.#about.hlsPath);
  }

  /** The configuration wants it, and there is a place for it. */
  get isWanted(): boolean {
    return this.#config !== undefined && this.shelf !== undefined;
  }

  get queued(): number {
    return this.#sum(({ queued }) => queued);
  }

  get queuedBytes(): number {
    return this.#sum(({ queuedBytes }) => queuedBytes);
  }

  /** True where bodies lie elsewhere from now on: those that were kept are there no more. */
  configure(config: ArchiveConfig | undefined, isOurs: boolean): boolean {
    this.#config = config;
    if (config === undefined) return false;
    const before = this.#about;
    const { main, playlist } = before ?? {};
    this.#save(
      {
        ...config,
        ...(main === undefined ? {} : { main }),
        ...(playlist === undefined ? {} : { playlist }),
      },
      isOurs,
    );
    return before !== undefined && before.hlsPath !== config.hlsPath;
  }

  offers(main: string, playlist: string | undefined): void {
    if (this.#about === undefined) return;
    const { playlist: _, ...about } = this.#about;
    this.#save({ ...about, main, ...(playlist === undefined ? {} : { playlist }) }, true);
  }

  /** Writes down what was learned while the index was another's. */
  save(): void {
    if (this.#config !== undefined && this.#about !== undefined) this.#save(this.#about, true);
  }

  take(place: PastPlace, segment: PastSegment): void {
    let recorder = this.#recorders.get(place.rendition);
    if (recorder === undefined) {
      recorder = this.#recorder(place);
      this.#recorders.set(place.rendition, recorder);
    }
    recorder.take(segment);
  }

  /** Lets go of the oldest that waits, of the rendition with the most; false where nothing does. */
  dropOldest(): boolean {
    const most = [...this.#recorders.values()].toSorted((a, b) => b.queuedBytes - a.queuedBytes);
    return most[0]?.dropOldest() ?? false;
  }

  async drained(): Promise<void> {
    await Promise.all([...this.#recorders.values()].map((recorder) => recorder.drained()));
  }

  /** Returns how many segments are given up. */
  close(): number {
    return this.#sum((recorder) => recorder.close());
  }

  #recorder(place: PastPlace): Recorder {
    const { rows, clock, log } = this.#deps;
    return new Recorder(place, {
      rows,
      clock,
      log,
      counts: this.counts,
      times: this.#times,
      shelf: () => this.shelf as Shelf,
      keepMs: () => this.#about?.keepMs ?? 0,
    });
  }

  #save(about: ChannelAbout, isOurs: boolean): void {
    this.#about = about;
    const text = formatChannelAbout(about);
    if (isOurs && this.#deps.rows.channel(this.id) !== text) {
      this.#deps.rows.saveChannel(this.id, text);
    }
  }

  #sum(of: (recorder: Recorder) => number): number {
    return [...this.#recorders.values()].reduce((sum, recorder) => sum + of(recorder), 0);
  }
}
