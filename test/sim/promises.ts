// This file holds weir to what its playlists promised: every URI stays for as long as it must.
import type { MediaPlaylist } from '../../src/media/m3u8/playlist.ts';
import type { Rendition } from '../../src/prefetch/rendition/rendition.ts';
import { assetsOf } from '../../src/ring/listing.ts';
import { mediaSequenceOf } from '../../src/ring/name.ts';
import type { Journal } from './journal.ts';

type Promised = {
  readonly name: string;
  readonly mediaSequence: number;
  readonly ownMs: number;
  longestMs: number;
  removedMs: number | undefined;
  wasHeld: boolean;
  /** It was listed before it was held, and never came. */
  isGap: boolean;
  /** Names of what it needs beside its own bytes, once it is held. */
  assets: readonly string[] | undefined;
};

/** The promises of one rendition object; a stop of the rendition ends them. */
export class Promises {
  readonly #rendition: Rendition;
  readonly #journal: Journal;
  readonly key: string;
  readonly #promised = new Map<string, Promised>();
  /** The last segment that may have been named before it was held; undefined before any list. */
  #lastAhead: number | undefined;
  #wasFollowed = false;

  constructor(key: string, rendition: Rendition, journal: Journal) {
    this.key = key;
    this.#rendition = rendition;
    this.#journal = journal;
  }

  has(name: string): boolean {
    return this.#promised.get(name)?.isGap === false;
  }

  // RFC 8216 §6.2.2
  made(list: MediaPlaylist): void {
    if (this.#rendition.ring.onDemand) return;
    this.#judgeAhead(list);
    const listMs = list.segments.reduce((sum, { duration }) => sum + duration * 1000, 0);
    for (const { uri, duration } of list.segments) {
      const known = this.#promised.get(uri);
      if (known !== undefined) known.longestMs = Math.max(known.longestMs, listMs);
      else {
        this.#promised.set(uri, {
          name: uri,
          mediaSequence: mediaSequenceOf(uri) as number,
          ownMs: duration * 1000,
          longestMs: listMs,
          removedMs: undefined,
          wasHeld: false,
          isGap: false,
          assets: undefined,
        });
      }
    }
  }

  check(nowMs: number): void {
    const { ring } = this.#rendition;
    const first = ring.firstListed?.mediaSequence ?? Number.POSITIVE_INFINITY;
    for (const promised of this.#promised.values()) {
      const { mediaSequence, ownMs, longestMs } = promised;
      if (mediaSequence < first) promised.removedMs ??= nowMs;
      if (promised.removedMs !== undefined && nowMs > promised.removedMs + ownMs + longestMs) {
        this.#promised.delete(promised.name);
      } else {
        this.#checkOne(promised);
      }
    }
  }

  /** Only the first list of a cold channel, and that of a probe, may name what is not held. */
  #judgeAhead(list: MediaPlaylist): void {
    const last = list.segments.at(-1)?.sequence;
    if (!this.#wasFollowed) this.#lastAhead = last;
    this.#wasFollowed = this.#rendition.state === 'following';
    for (const { sequence, uri, gap } of list.segments) {
      if (gap || sequence <= (this.#lastAhead ?? -1)) continue;
      const state = this.#rendition.ring.find(sequence)?.state;
      if (state !== 'held') this.#blame(`${uri} is listed and ${state}`);
    }
  }

  #checkOne(promised: Promised): void {
    const { name, mediaSequence, wasHeld, isGap } = promised;
    if (isGap) return;
    const segment = this.#rendition.ring.find(mediaSequence);
    const isThere = segment !== undefined && segment.name === name && segment.state !== 'dropped';
    if (isThere && (segment.state === 'held' || !wasHeld)) {
      promised.isGap = segment.state === 'gap';
      if (segment.state !== 'held') return;
      promised.wasHeld = true;
      promised.assets ??= assetsOf(segment.listed).map((asset) => asset.name);
      for (const asset of promised.assets) {
        if (this.#rendition.peek(asset).kind === 'whole') continue;
        this.#blame(`${name} is held, its ${asset} is not`);
      }
      return;
    }
    this.#blame(`${name} was promised and is ${segment?.state ?? 'forgotten'}`);
  }

  #blame(what: string): void {
    this.#promised.clear();
    this.#journal.breach('I4', `${this.key}: ${what}`);
  }
}
