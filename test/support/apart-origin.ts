// This file is a live origin whose sound lies apart, cut at other places than the picture.
import { join } from 'node:path';
import { runProgram } from './programs.ts';
import { createTempFolder, type TempFolder } from './temp-folder.ts';

const MEDIA_S = 80;
const MAKE_MS = 120_000;
/** So much has been broadcast when a source is first asked for, and a little more each time. */
const BEGUN_S = 20;
const PHASE_S = 0.37;
const LISTED = 6;

/** How its list of sound stands to that of the picture. */
export type Manner = 'even' | 'numbers' | 'behind' | 'ahead';
const MANNERS: Readonly<Record<Manner, { readonly numbers: number; readonly lateS: number }>> = {
  even: { numbers: 0, lateS: 0 },
  numbers: { numbers: 37, lateS: 0.3 },
  behind: { numbers: -3, lateS: 2 },
  ahead: { numbers: 1, lateS: -1.9 },
};

type List = {
  readonly map: string | undefined;
  readonly segments: readonly {
    readonly uri: string;
    readonly endS: number;
    readonly durationS: number;
  }[];
};

/** Paths begin with a word of the test's own, so that each is another source: `/x/even/ts/…`. */
export class ApartOrigin implements AsyncDisposable {
  readonly #folder: TempFolder;
  readonly #lists = new Map<string, List>();
  /** By the first words of paths. */
  readonly #startedMs = new Map<string, number>();
  readonly #server: Bun.Server<undefined>;
  /** First words of paths that get 503. */
  readonly down = new Set<string>();

  private constructor(folder: TempFolder) {
    this.#folder = folder;
    const fetch = (request: Request) => this.#answer(new URL(request.url).pathname);
    this.#server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch });
  }

  static async start(): Promise<ApartOrigin> {
    const folder = await createTempFolder();
    const origin = new ApartOrigin(folder);
    const hls = (seconds: number, name: string, fmp4 = false) => [
      ...['-f', 'hls', '-hls_time', String(seconds), '-hls_list_size', '0'],
      ...(fmp4 ? ['-hls_segment_type', 'fmp4', '-hls_fmp4_init_filename', `${name}.mp4`] : []),
      ...['-hls_segment_filename', `${name}%03d.seg`, `${name}.m3u8`],
    ];
    const code = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-g', '50'];
    const keys = ['-keyint_min', '50', '-sc_threshold', '0', '-threads', '1'];
    const tone = ['-c:a', 'aac', '-b:a', '64k'];
    const picture = ['-map', '0:v', ...code, ...keys];
    const sound = ['-map', '1:a', ...tone];
    const input = ['-f', 'lavfi', '-i', `testsrc2=size=160x90:rate=25:duration=${MEDIA_S}`];
    const heard = ['-f', 'lavfi', '-i', `sine=frequency=330:sample_rate=48000:duration=${MEDIA_S}`];
    const outputs = [
      ...[...picture, ...hls(2, 'ts-v'), ...sound, ...hls(1.9, 'ts-a')],
      ...[...picture, ...hls(2, 'fmp4-v', true), ...sound, ...hls(1.9, 'fmp4-a', true)],
      ...[...picture, ...sound, ...hls(2, 'ts-m')],
    ];
    const ffmpeg = ['ffmpeg', '-nostdin', '-loglevel', 'error', ...input, ...heard, ...outputs];
    const made = await runProgram(['env', '-C', folder.path, 'nice', ...ffmpeg], MAKE_MS);
    if (made.code !== 0) throw new Error(`ffmpeg failed: ${made.stderr}`);
    for (const name of ['ts-v', 'ts-a', 'fmp4-v', 'fmp4-a', 'ts-m']) {
      const text = await Bun.file(join(folder.path, `${name}.m3u8`)).text();
      origin.#lists.set(name, listOf(text));
    }
    return origin;
  }

  /** `apart`: picture and sound each have their list. */
  url(word: string, manner: Manner, form: 'ts' | 'fmp4' = 'ts'): string {
    return `${this.#server.url}${word}/${manner}/${form}/master.m3u8`;
  }

  /** All in one. */
  muxedUrl(word: string): string {
    return `${this.#server.url}${word}/even/ts/m.m3u8`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
    await this.#folder[Symbol.asyncDispose]();
  }

  #answer(path: string): Response | Promise<Response> {
    const [, word = '', manner = '', form = '', name = ''] = path.split('/');
    if (this.down.has(word)) return new Response('down', { status: 503 });
    if (name === 'master.m3u8') return new Response(MASTER);
    const list = this.#lists.get(`${form}-${name.replace('.m3u8', '')}`);
    if (list === undefined) return this.#file(name);
    const atS = this.#broadcastS(word);
    const { numbers, lateS } = MANNERS[manner as Manner];
    const isSound = name.startsWith('a.');
    return new Response(live(list, isSound ? atS - lateS : atS, isSound ? numbers : 0));
  }

  async #file(name: string): Promise<Response> {
    const file = Bun.file(join(this.#folder.path, name));
    return (await file.exists()) ? new Response(file) : new Response(null, { status: 404 });
  }

  #broadcastS(word: string): number {
    const phaseS = (this.#startedMs.size * PHASE_S) % 2;
    const startedMs = this.#startedMs.get(word) ?? Date.now() - (BEGUN_S + phaseS) * 1000;
    this.#startedMs.set(word, startedMs);
    return (Date.now() - startedMs) / 1000;
  }
}

function live({ segments, map }: List, nowS: number, numbers: number): string {
  const end = segments.findLastIndex(({ endS }) => endS <= nowS) + 1;
  const first = Math.max(0, end - LISTED);
  const lines = segments
    .slice(first, end)
    .flatMap(({ uri, durationS }) => [`#EXTINF:${durationS},`, uri]);
  const head = ['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-TARGETDURATION:2'];
  const number = `#EXT-X-MEDIA-SEQUENCE:${1000 + first + numbers}`;
  const init = map === undefined ? [] : [`#EXT-X-MAP:URI="${map}"`];
  return `${[...head, number, ...init, ...lines].join('\n')}\n`;
}

const MASTER = `#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="snd",NAME="English",LANGUAGE="en",DEFAULT=YES,URI="a.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=500000,RESOLUTION=160x90,CODECS="avc1.42c00b,mp4a.40.2",AUDIO="snd"
v.m3u8
`;

function listOf(text: string): List {
  let endS = 0;
  const segments = [...text.matchAll(/#EXTINF:([\d.]+),\n(.+)/g)].map(([, length, uri]) => {
    endS += Number(length);
    return { uri: uri as string, durationS: Number(length), endS };
  });
  return { map: /URI="([^"]+)"/.exec(text)?.[1], segments };
}
