// This file looks at an upstream as weir would use it, and gathers what it sees.
import { sleep } from '../base/clock.ts';
import { type ErrorRecord, errorRecord } from '../base/errors.ts';
import { type Container, checkWhole, SNIFF_BYTES, sniffContainer } from '../media/container.ts';
import { looksLikeBytes } from '../media/looks-like.ts';
import { parsePlaylist } from '../media/m3u8/parse-playlist.ts';
import type { MediaPlaylist, MediaSegment, MultivariantPlaylist } from '../media/m3u8/playlist.ts';
import { decodeText } from '../net/text.ts';
import { SourceStatusError } from '../source/errors.ts';
import { HttpInput } from '../source/stream/http-input.ts';
import {
  type Answer,
  type Fetched,
  fetchFirst,
  fetchMedia,
  fetchWhole,
  isPlaylistHead,
  type ProbeParts,
} from './probe-fetch.ts';
import { holdsStream, type ProbedStream, probeStream } from './probe-stream.ts';
import { transportTracks } from './probe-transport.ts';

export type ProbedSegment = {
  readonly answer: Answer;
  readonly durationS: number;
  readonly container: Container | 'encrypted';
  /** What is wrong with it, where anything is. */
  readonly flaw?: string;
  /** Those of a transport stream. */
  readonly tracks: readonly string[];
};

export type ProbedMedia = {
  readonly answer: Answer;
  readonly playlist: MediaPlaylist;
  readonly newest?: ProbedSegment;
  /** How far the end of the newest segment lies behind now, and what says so. */
  readonly delay?: { readonly seconds: number; readonly by: string };
  /** Of a second look at a live list. */
  readonly second?: { readonly newSegments: number; readonly afterS: number };
};

export type Failure = ErrorRecord & { readonly what: string };

export type Probed = {
  readonly answer: Answer;
  /** What it is where it is no playlist. */
  readonly other?: { readonly looksLike: string; readonly tracks: readonly string[] };
  /** Where it is an endless transport stream. */
  readonly stream?: ProbedStream;
  readonly multivariant?: MultivariantPlaylist;
  /** Of the list itself, or of the variant with the highest bandwidth. */
  readonly media?: ProbedMedia;
  /** What could not be had of all this. */
  readonly failures: readonly Failure[];
};

/** Longer than this nobody wants to wait for the second look. */
const MAX_SECOND_LOOK_MS = 12_000;
/** What a packager may take to write its list anew. */
const GRACE_MS = 500;
/** RFC 8216 §4.3.2.4: an AES-128 key. */
const KEY_BYTES = 16;

/** Throws NetError where the address itself is not to be had, FormatError where the list is broken. */
export async function probeUpstream(url: string, parts: ProbeParts): Promise<Probed> {
  const first = await fetchFirst(url, parts);
  const { answer, bytes } = first;
  if (answer.status !== 200 || !isPlaylistHead(bytes)) {
    const other = { looksLike: nameOf(bytes), tracks: transportTracks(bytes) };
    if (answer.status !== 200 || !holdsStream(bytes)) return { answer, other, failures: [] };
    return { answer, other, failures: [], stream: await probeEndless(url, parts) };
  }
  const probe = new Probe(parts);
  const playlist = parsePlaylist(decodeText(bytes), { uri: first.url });
  if (playlist.kind === 'media') {
    const media = await probe.media({ ...first, playlist });
    return { answer, media, failures: probe.failures };
  }
  const best = playlist.variants.toSorted((a, b) => b.bandwidth - a.bandwidth)[0];
  const media = best && (await probe.variant(new URL(best.uri, first.url).href));
  const { failures } = probe;
  return { answer, multivariant: playlist, ...(media === undefined ? {} : { media }), failures };
}

/** Its head was read over a connection that is closed: one at a time is all that many allow. */
function probeEndless(url: string, parts: ProbeParts): Promise<ProbedStream> {
  const { policy, outbound, clock } = parts;
  const patient = { connectMs: 10_000, firstByteMs: 20_000, betweenBytesMs: 15_000 };
  return probeStream(new HttpInput({ url, policy }, patient, outbound, clock), clock);
}

class Probe {
  readonly failures: Failure[] = [];
  readonly #parts: ProbeParts;

  constructor(parts: ProbeParts) {
    this.#parts = parts;
  }

  async variant(url: string): Promise<ProbedMedia | undefined> {
    const listed = await this.#attempt('variant', fetchMedia(url, this.#parts));
    return listed && (await this.media(listed));
  }

  async media(listed: Fetched & { playlist: MediaPlaylist }): Promise<ProbedMedia> {
    const { playlist, answer, url } = listed;
    const seenAtMs = this.#parts.clock.nowMs();
    const last = playlist.segments.findLast((segment) => !segment.gap);
    const newest = last && (await this.#attempt('newest segment', this.#segment(last, url)));
    if (last !== undefined) await this.#assets(last, url);
    const delay = playlist.endList ? undefined : delayOf(playlist, newest, seenAtMs);
    const second = playlist.endList
      ? undefined
      : await this.#attempt('second look', this.#lookAgain(url, playlist));
    return {
      answer,
      playlist,
      ...(newest === undefined ? {} : { newest }),
      ...(delay === undefined ? {} : { delay }),
      ...(second === undefined ? {} : { second }),
    };
  }

  async #segment(segment: MediaSegment, base: string): Promise<ProbedSegment> {
    const { answer, bytes } = await fetchWhole(
      absolute(segment.uri, base),
      this.#parts,
      segment.byteRange,
    );
    const isEncrypted = segment.keys.some(({ method }) => method === 'AES-128');
    const expect = { encrypted: isEncrypted, role: 'media' } as const;
    const flaw = isOk(answer.status)
      ? checkWhole([bytes], expect)?.reason
      : `status ${answer.status}, wanted 200`;
    const container = isEncrypted ? 'encrypted' : sniffContainer(bytes.subarray(0, SNIFF_BYTES));
    return {
      answer,
      durationS: segment.duration,
      container,
      ...(flaw === undefined ? {} : { flaw }),
      tracks: container === 'mpegts' ? transportTracks(bytes) : [],
    };
  }

  /** What a segment cannot be played without. */
  async #assets(segment: MediaSegment, base: string): Promise<void> {
    const { map, keys } = segment;
    if (map !== undefined) {
      const check = fetchWhole(absolute(map.uri, base), this.#parts, map.byteRange).then(
        ({ answer, bytes }) => {
          if (!isOk(answer.status))
            throw new SourceStatusError('init segment', answer.status, undefined);
          const isEncrypted = keys.some(({ method }) => method === 'AES-128');
          const flaw = checkWhole([bytes], { role: 'init', encrypted: isEncrypted });
          if (flaw !== undefined) throw new Error(`Cannot use the init segment: ${flaw.reason}`);
        },
      );
      await this.#attempt('init segment', check);
    }
    for (const { method, uri } of keys) {
      if (method !== 'AES-128' || uri === undefined) continue;
      const check = fetchWhole(absolute(uri, base), this.#parts).then(({ answer, bytes }) => {
        if (!isOk(answer.status)) throw new SourceStatusError('key', answer.status, undefined);
        if (bytes.byteLength === KEY_BYTES) return;
        throw new Error(`Cannot use the key: ${bytes.byteLength} bytes, wanted ${KEY_BYTES}`);
      });
      await this.#attempt('key', check);
    }
  }

  async #lookAgain(url: string, before: MediaPlaylist): Promise<ProbedMedia['second']> {
    const { clock } = this.#parts;
    const startedMs = clock.monotonicMs();
    await sleep(clock, Math.min(MAX_SECOND_LOOK_MS, before.targetDuration * 1000 + GRACE_MS));
    const { playlist } = await fetchMedia(url, this.#parts);
    const afterS = (clock.monotonicMs() - startedMs) / 1000;
    return { newSegments: endOf(playlist) - endOf(before), afterS };
  }

  async #attempt<T>(what: string, work: Promise<T>): Promise<T | undefined> {
    try {
      return await work;
    } catch (error) {
      this.failures.push({ what, ...errorRecord(error) });
      return undefined;
    }
  }
}

/** Where the list says what the time was, that counts; else when the newest file was written. */
export function delayOf(
  playlist: MediaPlaylist,
  newest: Pick<ProbedSegment, 'answer'> | undefined,
  seenAtMs: number,
): ProbedMedia['delay'] {
  const { segments } = playlist;
  const dated = segments.findLastIndex(({ programDateTimeMs }) => programDateTimeMs !== undefined);
  if (dated >= 0) {
    const since = segments.slice(dated).reduce((sum, { duration }) => sum + duration, 0);
    const endMs = segments[dated]!.programDateTimeMs! + since * 1000;
    return { seconds: (seenAtMs - endMs) / 1000, by: 'EXT-X-PROGRAM-DATE-TIME' };
  }
  const writtenMs = newest?.answer.lastModifiedMs;
  if (writtenMs === undefined) return undefined;
  return { seconds: (seenAtMs - writtenMs) / 1000, by: 'Last-Modified' };
}

function endOf(playlist: MediaPlaylist): number {
  return playlist.mediaSequence + playlist.segments.length;
}

function absolute(uri: string, base: string): string {
  return URL.parse(uri, base)?.href ?? uri;
}

function isOk(status: number): boolean {
  return status === 200 || status === 206;
}

function nameOf(head: Uint8Array): string {
  const container = sniffContainer(head.subarray(0, SNIFF_BYTES));
  return container === 'unknown' ? looksLikeBytes(head) : `${container} media`;
}
