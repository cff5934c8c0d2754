// This file keeps the past of all channels that are archived, as the configuration says.
import { type Clock, within } from '../../base/clock.ts';
import { errorRecord } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { ArchiveRows } from '../../channel/archive-rows.ts';
import type { ChannelConfig } from '../../config/config.ts';
import type { ArchiveConfig } from '../../config/resolve-archive.ts';
import type { MultivariantPlaylist } from '../../media/m3u8/playlist.ts';
import type { PastKeeper, PastPlace, PastSegment } from '../../prefetch/rendition/past.ts';
import { formatPlaylist } from './archive-about.ts';
import { ChannelArchive } from './channel-archive.ts';
import { keptPlaylist } from './kept-playlist.ts';
import type { Shelf } from './shelf.ts';

export type ArchivistDeps = {
  readonly rows: ArchiveRows;
  readonly clock: Clock;
  readonly log: Log;
  /** The `memory` setting. */
  readonly memoryBytes: number;
  readonly shelfAt: (hlsPath: string | undefined) => Shelf | undefined;
  /** What was kept of a channel lies elsewhere from now on. */
  readonly onMoved: (channel: string) => void;
};

/**
 * What may wait for a shelf that is down: two minutes of 4 Mbit/s. Some of it the ring holds too;
 * the rest is memory beyond the `memory` setting, so of all channels no more than a quarter of that.
 */
const QUEUE_MAX_BYTES = 64 * 1024 * 1024;
const QUEUE_SHARE = 0.25;
/** What waits when weir stops has this long to be written. */
const FLUSH_MS = 1500;

export class Archivist implements PastKeeper, AsyncDisposable {
  readonly #deps: ArchivistDeps;
  readonly #channels = new Map<string, ChannelArchive>();
  #totalBytes: number | undefined;
  #isOurs: boolean;
  #isClosed = false;
  #hasSaidWhose = false;

  constructor(deps: ArchivistDeps) {
    this.#deps = deps;
    this.#isOurs = deps.rows.isOurs();
    for (const channel of deps.rows.channels().keys()) this.#create(channel);
  }

  /** The most that all of them may hold together. */
  get totalBytes(): number | undefined {
    return this.#totalBytes;
  }

  /** Whether the index may be written. */
  get isOurs(): boolean {
    return this.#isOurs && !this.#isClosed;
  }

  /** Those that are archived, or were. */
  all(): Iterable<ChannelArchive> {
    return this.#channels.values();
  }

  get(channel: string): ChannelArchive | undefined {
    return this.#channels.get(channel);
  }

  apply(channels: readonly ChannelConfig[], totalBytes: number | undefined): void {
    this.#totalBytes = totalBytes;
    // Of tens of thousands of channels few are archived
    const configs = new Map<string, ArchiveConfig>();
    for (const { id, archive } of channels) if (archive !== undefined) configs.set(id, archive);
    if (configs.size > 0) this.#sayWhose();
    for (const id of configs.keys()) if (!this.#channels.has(id)) this.#create(id);
    for (const channel of this.#channels.values()) {
      this.#attempt(() => this.#configure(channel, configs.get(channel.id)));
    }
  }

  #configure(channel: ChannelArchive, archive: ArchiveConfig | undefined): void {
    const { log, onMoved } = this.#deps;
    const isMoved = channel.configure(archive, this.#isOurs);
    const fields = { channel: channel.id };
    if (archive !== undefined && channel.shelf === undefined) {
      log.error(
        'NOTHING IS ARCHIVED of the channel: overflow is taken up at the next start',
        fields,
      );
    }
    if (!isMoved) return;
    log.warn('archive lies elsewhere from now on: what was kept before is given up', fields);
    onMoved(channel.id);
  }

  /** Looks whether the data folder has become ours. */
  takeOver(): void {
    if (this.#isOurs || !this.#deps.rows.isOurs()) return;
    this.#isOurs = true;
    for (const channel of this.#channels.values()) this.#attempt(() => channel.save());
    this.#deps.log.info('archives are written from now on: the data folder is ours');
  }

  keeps(channel: string): boolean {
    return this.isOurs && this.#channels.get(channel)?.isWanted === true;
  }

  offers(id: string, main: string, multivariant: MultivariantPlaylist | undefined): void {
    if (!this.keeps(id)) return;
    const channel = this.#channels.get(id) as ChannelArchive;
    const kept = keptPlaylist(multivariant, main);
    channel.shelf?.describe(id, kept);
    this.#attempt(() => channel.offers(main, kept && formatPlaylist(kept)));
  }

  take(place: PastPlace, segment: PastSegment): void {
    if (!this.keeps(place.channel)) return;
    const channel = this.#channels.get(place.channel) as ChannelArchive;
    channel.take(place, segment);
    while (channel.queuedBytes > QUEUE_MAX_BYTES) if (!channel.dropOldest()) break;
    this.#keepToMemory();
  }

  /** What waits is written where that is quickly done; nothing is taken any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { clock, log } = this.#deps;
    const channels = [...this.#channels.values()];
    await within(clock, Promise.all(channels.map((channel) => channel.drained())), FLUSH_MS);
    const left = channels.reduce((sum, channel) => sum + channel.close(), 0);
    if (left > 0) log.warn('segments were not written into archives before the end', { left });
  }

  #sayWhose(): void {
    if (this.#isOurs || this.#hasSaidWhose) return;
    this.#hasSaidWhose = true;
    this.#deps.log.warn('archives are read and not written: data folder in use by another weir');
  }

  #create(id: string): void {
    this.#channels.set(id, new ChannelArchive(id, this.#deps));
  }

  #keepToMemory(): void {
    const mostBytes = Math.max(QUEUE_MAX_BYTES, this.#deps.memoryBytes * QUEUE_SHARE);
    for (;;) {
      const channels = [...this.#channels.values()];
      const queuedBytes = channels.reduce((sum, channel) => sum + channel.queuedBytes, 0);
      if (queuedBytes <= mostBytes) return;
      const [most] = channels.toSorted((a, b) => b.queuedBytes - a.queuedBytes);
      if (most === undefined || !most.dropOldest()) return;
    }
  }

  /** A disk that is full, or a file that is broken, costs the archive and not the picture. */
  #attempt(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#deps.log.error('index of archives cannot be written', {
        reason: errorRecord(error).message,
      });
    }
  }
}
