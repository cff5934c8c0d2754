// This file is a live origin whose lists ffmpeg writes while they are watched.
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Subprocess } from 'bun';
import { recorded } from './recorded-media.ts';
import { createTempFolder, type TempFolder } from './temp-folder.ts';

export type FfmpegOriginOptions = {
  /** fMP4 segments instead of MPEG-TS. */
  readonly fmp4?: boolean;
  /** One small variant alone, at v0: less to do for a machine that does other things besides. */
  readonly isSmall?: boolean;
  /** AES-128 with one key. */
  readonly encrypted?: boolean;
  /** ffmpeg is ended and started again in the same list after this long: a DISCONTINUITY. */
  readonly segmentS?: number;
  /** The origin answers 503, or nothing at all, for `failS` out of every `everyS` seconds. */
  readonly outage?: { readonly everyS: number; readonly failS: number };
};

/** A whole number of pictures and of frames of sound: it begins again without a hole. */
const RECORDED_S = 64;

/** Encoded beforehand: an encoder is not live any more on a machine that has much else to do. */
function record(isSmall: boolean): Promise<string> {
  const size = isSmall ? '320x180' : '640x360';
  const input = ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=25`];
  const sound = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000'];
  const video = ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency'];
  const keys = ['-g', '25', '-keyint_min', '25', '-sc_threshold', '0', '-pix_fmt', 'yuv420p'];
  const one = ['-map', '0:v', '-b:v', '200k'];
  const two = ['-map', '0:v', '-map', '0:v', '-b:v:0', '500k', '-b:v:1', '200k'];
  const rates = isSmall ? one : [...two, '-filter:v:1', 'scale=320:180'];
  const coded = [...rates, ...video, ...keys, '-map', '1:a', '-c:a', 'aac', '-b:a', '64k'];
  return recorded([...input, ...sound, ...coded, '-t', String(RECORDED_S)], 'mp4');
}

const KEY = Uint8Array.from({ length: 16 }, (_, i) => i * 7 + 3);

/** Two variants (360p and 180p) of a test picture with a tone, one key frame a second. */
export class FfmpegOrigin implements AsyncDisposable {
  readonly #folder: TempFolder;
  readonly #server: Bun.Server<undefined>;
  #encoder: Subprocess;
  readonly #recording: string;
  readonly #options: FfmpegOriginOptions;
  readonly #startedMs = Date.now();
  #outageFromMs = Number.POSITIVE_INFINITY;
  readonly requests: string[] = [];

  private constructor(folder: TempFolder, recording: string, options: FfmpegOriginOptions) {
    this.#folder = folder;
    this.#recording = recording;
    this.#options = options;
    mkdirSync(join(folder.path, 'v0'));
    mkdirSync(join(folder.path, 'v1'));
    this.#server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: (request) => this.#answer(new URL(request.url).pathname),
    });
    this.#encoder = this.#encode();
  }

  static async start(options: FfmpegOriginOptions = {}): Promise<FfmpegOrigin> {
    const recording = await record(options.isSmall === true);
    const folder = await createTempFolder();
    await folder.write('live.key', KEY);
    const origin = new FfmpegOrigin(folder, recording, options);
    await folder.write(
      'key.info',
      `${origin.url('/live.key')}\n${join(folder.path, 'live.key')}\n`,
    );
    try {
      await origin.#ready();
    } catch (error) {
      await origin[Symbol.asyncDispose]();
      throw error;
    }
    return origin;
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.#server.port}${path}`;
  }

  /** From now on the outages of the options happen. */
  beginOutages(): void {
    this.#outageFromMs = Date.now();
  }

  /** The encoder dies and is started again: its list goes on with a DISCONTINUITY. */
  async restartEncoder(): Promise<void> {
    this.#encoder.kill('SIGKILL');
    await this.#encoder.exited;
    this.#encoder = this.#encode();
  }

  /** Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#encoder.kill('SIGKILL');
    await this.#encoder.exited;
    await this.#server.stop(true);
    await this.#folder[Symbol.asyncDispose]();
  }

  /** While set it answers nothing but 503. */
  isDown = false;

  async #answer(path: string): Promise<Response> {
    if (this.isDown) return new Response('down', { status: 503 });
    this.requests.push(path);
    const { outage } = this.#options;
    if (outage !== undefined && Date.now() >= this.#outageFromMs) {
      const atS = ((Date.now() - this.#outageFromMs) / 1000) % outage.everyS;
      if (atS < outage.failS) return new Response('down', { status: 503 });
    }
    if (path.includes('..')) return new Response(null, { status: 404 });
    const file = Bun.file(join(this.#folder.path, path));
    return (await file.exists()) ? new Response(file) : new Response(null, { status: 404 });
  }

  async #ready(): Promise<void> {
    const endMs = Date.now() + 40_000;
    while (Date.now() < endMs) {
      const names = this.#options.isSmall === true ? ['v0'] : ['v0', 'v1'];
      const lists = names.map((name) => join(this.#folder.path, name, 'index.m3u8'));
      const isReady = lists.every(
        (list) =>
          existsSync(list) && (readFileSync(list, 'utf8').match(/#EXTINF/g)?.length ?? 0) >= 3,
      );
      if (isReady && existsSync(join(this.#folder.path, 'master.m3u8'))) return;
      if (this.#encoder.exitCode !== null) break;
      await Bun.sleep(100);
    }
    const seen = readdirSync(this.#folder.path).join(' ');
    throw new Error(`Cannot start the origin: ffmpeg made no playlist in time, only ${seen}`);
  }

  #encode(): Subprocess {
    const { segmentS = 2, fmp4 = false, encrypted = false, isSmall = false } = this.#options;
    const extension = fmp4 ? 'm4s' : 'ts';
    const input = ['-re', '-stream_loop', '-1', '-i', this.#recording];
    const map = (variant: number) => ['-map', `0:v:${variant}`, '-map', '0:a'];
    const maps = isSmall ? map(0) : [...map(0), ...map(1)];
    return Bun.spawn({
      cmd: [
        ...['ffmpeg', '-nostdin', '-loglevel', 'error', ...input, ...maps, '-c', 'copy'],
        ...['-f', 'hls', '-hls_time', String(segmentS), '-hls_list_size', '8'],
        ...['-hls_flags', 'delete_segments+program_date_time+append_list+temp_file'],
        ...[
          '-hls_delete_threshold',
          '5',
          '-var_stream_map',
          isSmall ? 'v:0,a:0' : 'v:0,a:0 v:1,a:1',
        ],
        ...(fmp4 ? ['-hls_segment_type', 'fmp4', '-hls_fmp4_init_filename', 'init.mp4'] : []),
        ...(encrypted ? ['-hls_key_info_file', 'key.info'] : []),
        ...['-master_pl_name', 'master.m3u8'],
        ...['-hls_segment_filename', `v%v/seg%05d.${extension}`, 'v%v/index.m3u8'],
      ],
      cwd: this.#folder.path,
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: 'inherit',
    });
  }

  /** Seconds since the origin was started. */
  get ageS(): number {
    return (Date.now() - this.#startedMs) / 1000;
  }
}
