// This file is a weir whose sources differ in their container, watched by FFmpeg and hls.js at once.
import { expect } from 'bun:test';
import { Chromium, chromiumPath, type Watched } from './browser.ts';
import { FfmpegOrigin } from './ffmpeg-origin.ts';
import { type Decoded, followWithFfmpeg } from './programs.ts';
import { until } from './until.ts';
import { readMediaList } from './viewer/media-list.ts';
import { Weir } from './weir.ts';

/** On a machine that does other things besides: how long anything may take at most. */
const WITHIN_MS = 60_000;
/** Of what took over players see so much at least. */
const SHOWN_SEGMENTS = 5;
/** More than there was before the first change: a list of eight, and three that were waited for. */
const SHOWN_S = 16;
const SMALL = { isSmall: true, segmentS: 2 } as const;
const PATH = '/v0/index.m3u8';

type Api = { readonly sources: readonly { readonly active: boolean }[] };

/** The lists before, during and after the change, and what players made of it. */
export type Seen = {
  readonly lists: readonly string[];
  readonly decoded: Decoded;
  readonly watched?: Watched;
};

export class ContainerWorld implements AsyncDisposable {
  readonly ts: FfmpegOrigin;
  readonly fmp4: FfmpegOrigin;
  readonly weir: Weir;
  readonly #browser: Chromium | undefined;

  private constructor(
    origins: readonly [FfmpegOrigin, FfmpegOrigin],
    weir: Weir,
    browser?: Chromium,
  ) {
    [this.ts, this.fmp4] = origins;
    this.weir = weir;
    this.#browser = browser;
  }

  /** Of each channel the first source is one of the two origins, named by its container. */
  static async start(): Promise<ContainerWorld> {
    const [ts, fmp4] = await Promise.all([
      FfmpegOrigin.start(SMALL),
      FfmpegOrigin.start({ ...SMALL, fmp4: true }),
    ]);
    const weir = await Weir.start({
      readyWithinMs: 60_000,
      yaml: `
allow_private: [127.0.0.0/8]
channels:
  - { id: fmp4-ts, sources: ['${fmp4.url(`${PATH}?1`)}', '${ts.url(`${PATH}?1`)}'] }
  - { id: ts-fmp4, sources: ['${ts.url(`${PATH}?2`)}', '${fmp4.url(`${PATH}?2`)}'] }
  - { id: fmp4-slate, slate: card, sources: ['${fmp4.url(`${PATH}?3`)}'] }
`,
    });
    const chromium = chromiumPath();
    const browser = chromium === undefined ? undefined : await Chromium.start(chromium);
    return new ContainerWorld([ts, fmp4], weir, browser);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser?.[Symbol.asyncDispose]();
    await this.weir[Symbol.asyncDispose]();
    for (const origin of [this.ts, this.fmp4]) await origin[Symbol.asyncDispose]();
  }

  #url(id: string): string {
    return this.weir.url(`/live/${id}/index.m3u8`);
  }

  async #listOf(id: string): Promise<string> {
    return (await fetch(this.#url(id))).text();
  }

  async #activeOf(id: string): Promise<number> {
    const answer = (await (await fetch(this.weir.url(`/api/channels/${id}`))).json()) as Api;
    return answer.sources.findIndex(({ active }) => active);
  }

  async #newest(id: string): Promise<number> {
    const text = await this.#listOf(id);
    if (!text.startsWith('#EXTM3U')) return -1;
    return readMediaList(text, this.#url(id)).segments.at(-1)?.sequence ?? -1;
  }

  /** That many segments more are listed: players have come to them, or soon will. */
  async #shown(id: string, count = SHOWN_SEGMENTS): Promise<void> {
    const from = await this.#newest(id);
    const isShown = async () => (await this.#newest(id)) >= from + count;
    expect({ id, isShown: await until(isShown, WITHIN_MS) }).toEqual({ id, isShown: true });
  }

  /** Waits until the source feeds the channel; the first list that shows it. */
  async #fedBy(id: string, source: number): Promise<string> {
    const isFed = await until(async () => (await this.#activeOf(id)) === source, WITHIN_MS);
    expect({ id, source, isFed }).toEqual({ id, source, isFed: true });
    const from = await this.#newest(id);
    const hasCome = await until(async () => (await this.#newest(id)) > from + 1, WITHIN_MS);
    expect({ id, hasCome }).toEqual({ id, hasCome: true });
    const list = await this.#listOf(id);
    await this.#shown(id);
    return list;
  }

  /** Away from the first source and back to it; the lists there were. */
  async #awayAndBack(id: string, first: FfmpegOrigin, other: number): Promise<string[]> {
    const lists: string[] = [];
    await this.#shown(id, 3);
    lists.push(await this.#listOf(id));
    first.isDown = true;
    try {
      lists.push(await this.#fedBy(id, other));
    } finally {
      first.isDown = false;
    }
    lists.push(await this.#fedBy(id, 0));
    return lists;
  }

  /** What ffmpeg and hls.js saw of it. */
  async through(id: string, first: FfmpegOrigin, other = 1): Promise<Seen> {
    await this.#shown(id, 1);
    const done = Promise.withResolvers<void>();
    const reading = followWithFfmpeg(this.#url(id), done.promise);
    const watching = this.#browser?.watch(this.#url(id), done.promise);
    try {
      const lists = await this.#awayAndBack(id, first, other);
      done.resolve();
      const decoded = await reading;
      const watched = await watching;
      return { lists, decoded, ...(watched === undefined ? {} : { watched }) };
    } finally {
      done.resolve();
      await Promise.allSettled([reading, watching]);
    }
  }

  expectUnnoticed({ decoded, watched }: Seen): void {
    const { fatalErrors } = watched ?? { fatalErrors: [] };
    const seen = { errors: decoded.errors, fatalErrors };
    if (decoded.errors.length + fatalErrors.length > 0) console.log(this.weir.output);
    expect(seen).toEqual({ errors: [], fatalErrors: [] });
    expect(decoded.durationS).toBeGreaterThan(SHOWN_S);
    if (watched !== undefined) expect(watched.playedS).toBeGreaterThan(SHOWN_S);
  }
}

/** Of the segments that a playlist names. */
export function extensions(list: string): readonly (string | undefined)[] {
  const names = list.match(/^[^#].*\.\w+$/gm) ?? [];
  return [...new Set(names.map((line) => line.split('.').at(-1)))].sort();
}
