// This file is one HLS viewer that follows a live playlist as a player does and writes all down.
import type { Received } from './body-reader.ts';
import { type Client, FetchClient } from './client.ts';
import { clearSha256 } from './decrypt.ts';
import { type Listed, type MediaList, readMediaList, readVariants } from './media-list.ts';
import { Playhead } from './playhead.ts';
import { RawClient } from './raw-client.ts';

export type ViewerOptions = {
  /** Of a multivariant or a media playlist. */
  readonly url: string;
  readonly over?: 'raw' | 'fetch';
  /** Begins this many segments from the end; RFC 8216 §6.3.3 asks for at least 3. */
  readonly startFromEnd?: number;
  readonly bytesPerSecond?: number;
  /** Goes for good in the middle of its first segment, at this share of it. */
  readonly leaveAt?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Looks again at each segment after it has gone from the list, as long as it must be there. */
  readonly audits?: boolean;
  readonly segmentTimeoutMs?: number;
  /** Bodies of segments are in the report, as they came. */
  readonly keepsBodies?: boolean;
};

export type SeenPlaylist = {
  readonly atMs: number;
  readonly url: string;
  readonly answer: Received;
  /** Undefined where the answer was no 200 or no playlist. */
  readonly list: MediaList | undefined;
};

export type SeenSegment = {
  readonly atMs: number;
  readonly listed: Listed;
  readonly answer: Received;
  /** Hash of the decrypted body; of the body itself where it is in the clear. */
  readonly clearSha256: string;
  /** `again`: fetched after it had left the list. */
  readonly when: 'listed' | 'again';
};

export type ViewerReport = {
  readonly playlists: readonly SeenPlaylist[];
  readonly segments: readonly SeenSegment[];
  readonly extras: readonly { readonly url: string; readonly answer: Received }[];
  /** Segments missed because they had left the list before they were asked for. */
  readonly skipped: number;
  /** How long the picture stood still after it had begun. */
  readonly stalledMs: number;
  /** From the start to the end of the first segment; undefined where none came. */
  readonly firstPictureMs: number | undefined;
};

export class Viewer implements Disposable {
  readonly #options: ViewerOptions;
  readonly #lists: Client;
  readonly #bodies: Client;
  readonly #stopped = new AbortController();
  readonly #playlists: SeenPlaylist[] = [];
  readonly #segments: SeenSegment[] = [];
  readonly #extras: { url: string; answer: Received }[] = [];
  readonly #keys = new Map<string, Uint8Array>();
  readonly #playhead = new Playhead();
  #skipped = 0;

  constructor(options: ViewerOptions) {
    this.#options = options;
    const open = () => (options.over === 'fetch' ? new FetchClient() : new RawClient(options.url));
    this.#lists = open();
    this.#bodies = open();
  }

  /** Watches until `stop`, the end of the list, or its own leaving. */
  async watch(): Promise<ViewerReport> {
    const url = await this.#mediaUrl();
    if (url !== undefined) await this.#follow(url);
    this[Symbol.dispose]();
    return this.report();
  }

  stop(): void {
    this[Symbol.dispose]();
  }

  report(): ViewerReport {
    return {
      playlists: this.#playlists,
      segments: this.#segments,
      extras: this.#extras,
      skipped: this.#skipped,
      stalledMs: this.#playhead.stalledMs,
      firstPictureMs: this.#playhead.firstPictureMs,
    };
  }

  [Symbol.dispose](): void {
    this.#stopped.abort();
    this.#lists[Symbol.dispose]();
    this.#bodies[Symbol.dispose]();
  }

  get #isStopped(): boolean {
    return this.#stopped.signal.aborted;
  }

  async #mediaUrl(): Promise<string | undefined> {
    while (!this.#isStopped) {
      const answer = await this.#lists.get(this.#options.url, this.#get(true));
      if (this.#isStopped) return undefined;
      const text = new TextDecoder().decode(answer.body);
      const variants = answer.status === 200 ? readVariants(text, this.#options.url) : [];
      if (variants.length > 0) return variants.at(-1);
      if (answer.status === 200) return this.#options.url;
      this.#playlists.push({ atMs: now(), url: this.#options.url, answer, list: undefined });
      await this.#rest(500);
    }
    return undefined;
  }

  async #follow(url: string): Promise<void> {
    let next: number | undefined;
    let previous: MediaList | undefined;
    while (!this.#isStopped) {
      const askedAtMs = performance.now();
      const list = await this.#loadList(url);
      if (list !== undefined) {
        next = await this.#playNew(list, next, askedAtMs);
        if (list.isEnded && next >= list.mediaSequence + list.segments.length) return;
        if (this.#options.audits) void this.#audit(previous, list);
      }
      await this.#rest(reloadMs(list, previous) - (performance.now() - askedAtMs));
      previous = list ?? previous;
    }
  }

  /** Plays what `list` has from sequence `next` on; says where to go on. */
  async #playNew(list: MediaList, next: number | undefined, askedAtMs: number): Promise<number> {
    const count = this.#options.startFromEnd ?? 3;
    const from = next ?? list.mediaSequence + Math.max(0, list.segments.length - count);
    this.#skipped += Math.max(0, list.mediaSequence - from);
    let to = Math.max(from, list.mediaSequence);
    for (const listed of list.segments.filter(({ sequence }) => sequence >= to)) {
      if (this.#isStopped || isBehind(askedAtMs, list)) break;
      if (!listed.isGap) await this.#play(listed);
      to = listed.sequence + 1;
    }
    return to;
  }

  async #loadList(url: string): Promise<MediaList | undefined> {
    const answer = await this.#lists.get(url, this.#get(true));
    if (this.#isStopped) return undefined;
    let list: MediaList | undefined;
    try {
      const isGood = answer.status === 200 && answer.ended === 'whole';
      if (isGood) list = readMediaList(new TextDecoder().decode(answer.body), url);
    } catch {
      // Stays undefined: the report shows a 200 that was no playlist.
    }
    this.#playlists.push({ atMs: now(), url, answer: { ...answer, body: undefined }, list });
    return list;
  }

  async #play(listed: Listed): Promise<void> {
    if (listed.mapUrl) await this.#extra(listed.mapUrl);
    const key = listed.key ? await this.#extra(listed.key.uri) : undefined;
    if (this.#isStopped) return;
    const { leaveAt, bytesPerSecond, segmentTimeoutMs } = this.#options;
    const answer = await this.#bodies.get(listed.url, {
      ...this.#get(key !== undefined || this.#options.keepsBodies === true),
      ...(leaveAt === undefined ? {} : { leaveAt }),
      ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
      ...(segmentTimeoutMs === undefined ? {} : { timeoutMs: segmentTimeoutMs }),
    });
    // A body that we ourselves left by stopping says nothing about the server.
    if (this.#isStopped) return;
    this.#note(listed, answer, key, 'listed');
    if (leaveAt !== undefined) return this.stop();
    if (answer.ended === 'whole' && answer.status === 200) this.#playhead.add(listed.durationMs);
  }

  #note(listed: Listed, got: Received, key: Uint8Array | undefined, when: SeenSegment['when']) {
    const isSealed = key !== undefined && got.body !== undefined;
    const clear = isSealed ? clearSha256(got.body, key, listed) : got.sha256;
    const answer = this.#options.keepsBodies ? got : { ...got, body: undefined };
    this.#segments.push({ atMs: now(), listed, answer, clearSha256: clear, when });
  }

  /** Keys and maps, once each. */
  async #extra(url: string): Promise<Uint8Array | undefined> {
    const known = this.#keys.get(url);
    if (known !== undefined) return known;
    const answer = await this.#bodies.get(url, this.#get(true));
    if (this.#isStopped) return undefined;
    this.#extras.push({ url, answer });
    if (answer.status === 200 && answer.body) this.#keys.set(url, answer.body);
    return answer.body;
  }

  // RFC 8216 §6.2.2: a segment that left the list stays for its own and the list's duration
  async #audit(before: MediaList | undefined, list: MediaList): Promise<void> {
    for (const listed of before?.segments ?? []) {
      if (listed.sequence >= list.mediaSequence || listed.isGap) continue;
      const listMs = list.segments.reduce((sum, { durationMs }) => sum + durationMs, 0);
      await this.#rest(0.9 * (listMs + listed.durationMs));
      if (this.#isStopped) return;
      using client = new RawClient(this.#options.url);
      const answer = await client.get(listed.url, this.#get(listed.key !== undefined));
      if (this.#isStopped) return;
      const key = listed.key ? this.#keys.get(listed.key.uri) : undefined;
      this.#note(listed, answer, key, 'again');
    }
  }

  #get(keepBody: boolean) {
    return { keepBody, headers: this.#options.headers ?? {} };
  }

  #rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, Math.max(0, ms));
      const signal = this.#stopped.signal;
      function done(): void {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      }
      if (signal.aborted) done();
      else signal.addEventListener('abort', done, { once: true });
    });
  }
}

/** True once a list is so old that a player would have looked for a newer one. */
function isBehind(askedAtMs: number, list: MediaList): boolean {
  return performance.now() - askedAtMs > list.targetMs;
}

// RFC 8216 §6.3.4: a target duration after a list that changed, half of one after one that did not
function reloadMs(list: MediaList | undefined, previous: MediaList | undefined): number {
  const targetMs = (list ?? previous)?.targetMs ?? 1000;
  const hasChanged = list !== undefined && lastSequence(list) !== lastSequence(previous);
  return hasChanged ? targetMs : targetMs / 2;
}

function lastSequence(list: MediaList | undefined): number | undefined {
  return list?.segments.at(-1)?.sequence;
}

function now(): number {
  return performance.now();
}
