// This file is a live origin of one-second segments that were encoded before.
import { madeHls } from './made-media.ts';

/** Of each segment. */
export const CLOCK_FRAMES = 25;
const WINDOW = 8;

/** Small enough that a hundred of them are made in a second or two. */
function words(seconds: number): string {
  const picture = `testsrc2=size=160x90:rate=${CLOCK_FRAMES}:duration=${seconds}`;
  const keys = `-g ${CLOCK_FRAMES} -keyint_min ${CLOCK_FRAMES} -sc_threshold 0`;
  return `-f lavfi -i ${picture} -f lavfi -i sine=duration=${seconds}:sample_rate=48000 -c:v libx264 -preset ultrafast ${keys} -c:a aac -b:a 32k`;
}

/**
 * Channels `/{name}/index.m3u8`, as many as are asked for: each shows what was encoded in real time,
 * over and over, and says so by a discontinuity.
 */
export class ClockOrigin implements AsyncDisposable {
  readonly #segments: readonly Uint8Array[];
  readonly #server: Bun.Server<undefined>;
  readonly #indexOf: ReadonlyMap<string, number>;
  readonly #startedMs = performance.now();

  private constructor(segments: readonly Uint8Array[]) {
    this.#segments = segments;
    this.#indexOf = new Map(segments.map((bytes, index) => [hash(bytes), index]));
    this.#server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: ({ url }) => this.#answer(new URL(url).pathname),
    });
  }

  static async start(seconds: number): Promise<ClockOrigin> {
    return new ClockOrigin((await madeHls(words(seconds).split(' '))).segments);
  }

  url(name: string): string {
    return `http://127.0.0.1:${this.#server.port}/${name}/index.m3u8`;
  }

  /** Which of the encoded ones it is; undefined where it is none of them, to the last byte. */
  indexOf(bytes: Uint8Array): number | undefined {
    return this.#indexOf.get(hash(bytes));
  }

  /** Whether this one is shown right after that one. */
  isNext(index: number, before: number): boolean {
    return index === (before + 1) % this.#segments.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
  }

  #answer(path: string): Response {
    const [, name = '', file = ''] = path.split('/');
    // No two channels change at the same moment
    const offsetMs = Bun.hash.crc32(name) % 1000;
    const newest = Math.floor((performance.now() - this.#startedMs + offsetMs) / 1000) + WINDOW;
    if (file === 'index.m3u8') return new Response(this.#list(newest));
    const index = Number(/^(\d+)\.ts$/.exec(file)?.[1] ?? -1);
    if (index < 0 || index > newest) return new Response(null, { status: 404 });
    const bytes = this.#segments[index % this.#segments.length] as Uint8Array<ArrayBuffer>;
    return new Response(bytes, { headers: { 'content-type': 'video/mp2t' } });
  }

  #list(newest: number): string {
    const { length } = this.#segments;
    const first = newest - WINDOW + 1;
    const lines = ['#EXTM3U', '#EXT-X-VERSION:3', '#EXT-X-TARGETDURATION:1'];
    lines.push(`#EXT-X-MEDIA-SEQUENCE:${first}`);
    lines.push(`#EXT-X-DISCONTINUITY-SEQUENCE:${Math.max(0, Math.ceil(first / length) - 1)}`);
    for (let index = first; index <= newest; index++) {
      if (index > 0 && index % length === 0) lines.push('#EXT-X-DISCONTINUITY');
      lines.push('#EXTINF:1.0,', `${index}.ts`);
    }
    return `${lines.join('\n')}\n`;
  }
}

function hash(bytes: Uint8Array): string {
  return new Bun.CryptoHasher('sha256').update(bytes).digest('hex');
}
