// This file is a synthetic live HLS channel on a faulty origin, every byte of which can be told.
import { type Clock, systemClock } from '../../src/base/clock.ts';
import type { FaultyOrigin } from './faulty-origin.ts';
import { Bodies, type BodyOptions, type Identity } from './live/bodies.ts';
import { doneAtMs, type Generation, indexOf, newestIndex, sequenceOf } from './live/numbering.ts';
import { type ListedSegment, mediaText, multivariantText } from './live/playlist-text.ts';
import { type Answer, bytesAnswer, playlistAnswer, statusAnswer } from './origin/answer.ts';

export type LiveRendition = {
  /** Directory on the origin, and part of what decides the bytes. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly bandwidth: number;
};

export type LiveOptions = Partial<BodyOptions> & {
  readonly clock?: Clock;
  readonly window?: number;
  readonly renditions?: readonly LiveRendition[];
  /** Number of the first segment listed at the start. */
  readonly firstSequence?: number;
  /** `once`: on the first segment of a list alone. */
  readonly programDateTime?: boolean | 'once';
  /** Every segment is listed as a byte range of its file. */
  readonly byteRanges?: boolean;
  /** How URIs stand in playlists. */
  readonly uris?: 'relative' | 'absolute';
  /** Put behind every URI, as tokens are: `token=abc`. */
  readonly query?: string;
};

export type Restart = {
  /** Where the new run begins to count; absent: 0. */
  readonly firstSequence?: number;
  /** Segments the new run has at once. */
  readonly listedAtStart?: number;
  /** New file names; otherwise old names come to mean new bytes. */
  readonly freshNames?: boolean;
};

export const ONE_RENDITION: LiveRendition = {
  name: '720',
  width: 1280,
  height: 720,
  bandwidth: 2_000_000,
};

export class LiveChannel {
  readonly name: string;
  readonly targetMs: number;
  readonly window: number;
  readonly renditions: readonly LiveRendition[];
  readonly bodies: Bodies;
  readonly #origin: FaultyOrigin;
  readonly #options: LiveOptions;
  readonly #clock: Clock;
  readonly #discontinuities = new Set<number>();
  readonly #generations: Generation[];
  #frozenAtMs: number | undefined;
  #isEnded = false;

  constructor(origin: FaultyOrigin, options: LiveOptions = {}) {
    const { name = 'live', form = 'ts', targetMs = 1000, segmentBytes = 56_400 } = options;
    const { keyEvery, mapEvery, recorded, window = 6, firstSequence = 100 } = options;
    this.#origin = origin;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.name = name;
    this.targetMs = targetMs;
    this.window = window;
    this.renditions = options.renditions ?? [ONE_RENDITION];
    const shape = { form, targetMs, segmentBytes, keyEvery, mapEvery, recorded };
    this.bodies = new Bodies({ name, ...shape });
    this.#generations = [
      {
        number: 0,
        startedAtMs: this.#clock.monotonicMs(),
        firstIndex: 1,
        firstSequence,
        listedAtStart: window,
        prefix: '',
      },
    ];
    origin.mount(`/${name}/`, (request) => this.answer(request.path));
  }

  get multivariantUrl(): string {
    return this.#origin.url(`/${this.name}/master.m3u8`);
  }

  mediaUrl(rendition = this.renditions[0]!.name): string {
    return this.#origin.url(`/${this.name}/${rendition}/index.m3u8`);
  }

  /** Matches every segment of a rendition (all where absent), for the origin's rules. */
  segments(rendition?: string): RegExp {
    return new RegExp(`^/${this.name}/${rendition ?? '[^/]+'}/[^/]*\\d+\\.(ts|m4s)`);
  }

  playlists(): RegExp {
    return new RegExp(`^/${this.name}/[^/]+/index\\.m3u8`);
  }

  /** How long ago the segment of this path was listed first; undefined where it is none. */
  listedForMs(path: string): number | undefined {
    const found = this.#findSegment(path);
    if (found === undefined) return undefined;
    const { generation, index } = found;
    const doneMs = doneAtMs(generation, this.targetMs, index);
    return this.#now() - Math.max(generation.startedAtMs, doneMs);
  }

  identify(hash: string): Identity | undefined {
    return this.bodies.identify(hash);
  }

  /** The newest segment there is, counted over all runs. */
  newestIndex(): number {
    return newestIndex(this.#current(), this.targetMs, this.#now());
  }

  /** The encoder starts anew and counts as it likes; its old segments are gone. */
  restart(how: Restart = {}): void {
    const number = this.#generations.length;
    this.#generations.push({
      number,
      startedAtMs: this.#now(),
      firstIndex: this.newestIndex() + 1,
      firstSequence: how.firstSequence ?? 0,
      listedAtStart: how.listedAtStart ?? 3,
      prefix: how.freshNames ? `r${number}-` : '',
    });
  }

  /** The next segment to come begins after a discontinuity; says which it is. */
  cut(): number {
    const index = this.newestIndex() + 1;
    this.#discontinuities.add(index);
    return index;
  }

  /** From now on nothing new is listed. */
  freeze(): void {
    this.#frozenAtMs = this.#now();
  }

  thaw(): void {
    this.#frozenAtMs = undefined;
  }

  /** Nothing more will come, and the playlist says so. */
  end(): void {
    this.freeze();
    this.#isEnded = true;
  }

  #now(): number {
    return this.#frozenAtMs ?? this.#clock.monotonicMs();
  }

  #current(): Generation {
    return this.#generations.at(-1)!;
  }

  /** What the origin says to a path of this channel. */
  answer(path: string): Answer {
    if (path === `/${this.name}/master.m3u8`) return playlistAnswer(this.#multivariant());
    const [, , rendition = '', file = ''] = path.split('/');
    if (!this.renditions.some(({ name }) => name === rendition)) return statusAnswer(404);
    if (file === 'index.m3u8') return playlistAnswer(this.#media(rendition));
    const key = /^key(\d+)\.bin$/.exec(file);
    if (key) return bytesAnswer(this.bodies.key(Number(key[1])), 'application/octet-stream');
    const map = /^map(\d+)\.mp4$/.exec(file);
    if (map) return bytesAnswer(this.bodies.map(rendition, Number(map[1])), 'video/mp4');
    return this.#segment(path, rendition);
  }

  #segment(path: string, rendition: string): Answer {
    const found = this.#findSegment(path);
    if (found === undefined) return statusAnswer(404);
    const { generation, index } = found;
    const body = this.bodies.segment(rendition, index, sequenceOf(generation, index));
    const type = path.endsWith('.ts') ? 'video/mp2t' : 'video/mp4';
    return bytesAnswer(body, type, [
      ['ETag', `"${rendition}-${index}"`],
      ['Accept-Ranges', 'bytes'],
    ]);
  }

  /** A segment stays for two windows after it was listed; those of an old run go at once. */
  #findSegment(path: string): { generation: Generation; index: number } | undefined {
    const match = /\/((?:r\d+-)?)(\d+)\.(?:ts|m4s)$/.exec(path);
    const generation = this.#current();
    if (match === null || match[1] !== generation.prefix) return undefined;
    const index = indexOf(generation, Number(match[2]));
    const newest = this.newestIndex();
    const isThere = index >= generation.firstIndex && index > newest - 3 * this.window;
    return isThere && index <= newest ? { generation, index } : undefined;
  }

  #uri(path: string): string {
    const query = this.#options.query ? `?${this.#options.query}` : '';
    return `${path}${query}`;
  }

  #multivariant(): string {
    const base = this.#isAbsolute() ? this.#origin.url(`/${this.name}/`) : '';
    return multivariantText(
      this.renditions.map((rendition) => ({
        ...rendition,
        uri: this.#uri(`${base}${rendition.name}/index.m3u8`),
      })),
    );
  }

  #media(rendition: string): string {
    const generation = this.#current();
    const newest = this.newestIndex();
    const first = Math.max(generation.firstIndex, newest - this.window + 1);
    const segments: ListedSegment[] = [];
    for (let index = first; index <= newest; index++) {
      segments.push(this.#listed(rendition, generation, index, index === first));
    }
    let discontinuitySequence = 0;
    for (let index = generation.firstIndex; index < first; index++) {
      if (this.#isCut(generation, index)) discontinuitySequence++;
    }
    return mediaText({
      version: this.#options.form === 'fmp4' ? 7 : this.#options.byteRanges ? 4 : 3,
      targetMs: this.targetMs,
      mediaSequence: sequenceOf(generation, first),
      discontinuitySequence,
      segments,
      isEnded: this.#isEnded,
    });
  }

  #isCut(generation: Generation, index: number): boolean {
    if (this.#discontinuities.has(index)) return true;
    const isFirst = index === generation.firstIndex;
    return !isFirst && this.bodies.mapNumber(index) !== this.bodies.mapNumber(index - 1);
  }

  #listed(
    rendition: string,
    generation: Generation,
    index: number,
    isFirst: boolean,
  ): ListedSegment {
    const { programDateTime, byteRanges } = this.#options;
    const isDated = programDateTime === true || (programDateTime === 'once' && isFirst);
    const sequence = sequenceOf(generation, index);
    const base = this.#isAbsolute() ? this.#origin.url(`/${this.name}/${rendition}/`) : '';
    const key = this.bodies.keyNumber(index);
    const map = this.bodies.mapNumber(index);
    const extension = this.#options.form === 'fmp4' ? 'm4s' : 'ts';
    const file = `${generation.prefix}${sequence}.${extension}`;
    const wallMs = this.#clock.nowMs() - this.#clock.monotonicMs();
    const beganAtMs = doneAtMs(generation, this.targetMs, index) - this.targetMs + wallMs;
    return {
      uri: this.#uri(base + file),
      durationMs: this.targetMs,
      isCut: this.#isCut(generation, index),
      keyUri: key === undefined ? undefined : this.#uri(`${base}key${key}.bin`),
      mapUri: map === undefined ? undefined : this.#uri(`${base}map${map}.mp4`),
      beganAtMs: isDated ? beganAtMs : undefined,
      sizeBytes: byteRanges ? this.bodies.segment(rendition, index, sequence).length : undefined,
    };
  }

  #isAbsolute(): boolean {
    return this.#options.uris === 'absolute';
  }
}
