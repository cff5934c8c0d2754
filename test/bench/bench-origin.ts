// This file runs the upstream of the measurements beside the load.
import { join } from 'node:path';
import { cores } from './machine.ts';

export type LiveSpec = {
  readonly tag: string;
  readonly segmentMs: number;
  readonly sizeBytes: number;
  readonly lateMs?: number;
};

export class BenchOrigin implements AsyncDisposable {
  readonly port: number;
  readonly #child: Bun.Subprocess;

  private constructor(port: number, child: Bun.Subprocess) {
    this.port = port;
    this.#child = child;
  }

  static async start(): Promise<BenchOrigin> {
    const child = Bun.spawn({
      cmd: ['taskset', '-c', cores().load, process.execPath, join(import.meta.dir, 'origin.ts')],
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'inherit',
    });
    process.once('exit', () => child.kill('SIGKILL'));
    const { value } = await child.stdout.getReader().read();
    const port = Number(new TextDecoder().decode(value));
    if (!(port > 0)) throw new Error('Cannot start the origin: it named no port');
    return new BenchOrigin(port, child);
  }

  /** Path of the playlist of such a channel. */
  path({ tag, segmentMs, sizeBytes, lateMs = 0 }: LiveSpec): string {
    return `/live-${tag}-${segmentMs}-${sizeBytes}-${lateMs}/index.m3u8`;
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** Requests for segments so far, by path; of channels whose tag is `tag`. */
  async segmentCounts(tag: string): Promise<Map<string, number>> {
    const counts = (await (await fetch(this.url('/counts'))).json()) as Record<string, number>;
    const isOurs = (path: string) => path.startsWith(`/live-${tag}-`) && path.endsWith('.ts');
    return new Map(Object.entries(counts).filter(([path]) => isOurs(path)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#child.exited;
  }
}
