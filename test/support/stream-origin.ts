// This file is an origin of endless MPEG-TS over HTTP that counts its connections and can be cut off.
import type { Subprocess } from 'bun';
import { recorded } from './recorded-media.ts';

export type StreamOriginOptions = {
  /** Arguments of ffmpeg that make an endless mpegts; its standard output is what is sent. */
  readonly args: readonly string[];
  readonly contentType?: string;
};

type Viewer = { readonly controller: ReadableStreamDefaultController<Uint8Array> };

export const PICTURE = ['-re', '-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25'];
export const SOUND = ['-re', '-f', 'lavfi', '-i', 'sine=frequency=330:sample_rate=48000'];
export const CODE = [
  ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', '25'],
  ...['-c:a', 'aac', '-b:a', '64k'],
];

/** Longer than what watches it lasts. */
const RECORDED_S = 180;

/**
 * Arguments that play PICTURE and SOUND at their pace. Made beforehand: an encoder is not live any
 * more on a machine that has much else to do.
 */
export async function played(): Promise<readonly string[]> {
  const atOnce = [...PICTURE, ...SOUND].filter((word) => word !== '-re');
  const file = await recorded([...atOnce, ...CODE, '-t', String(RECORDED_S)], 'ts');
  return ['-re', '-i', file, '-c', 'copy'];
}

/** One encoder, however many connections: each gets what comes from its coming on. */
export class StreamOrigin implements AsyncDisposable {
  readonly #server: Bun.Server<undefined>;
  readonly #child: Subprocess<'ignore', 'pipe', 'ignore'>;
  readonly #viewers = new Set<Viewer>();
  /** Connections ever. */
  requests = 0;
  /** Most connections at once. */
  mostOpen = 0;
  /** When the last connection was closed by the other side. */
  leftMs = 0;
  refuses = false;

  constructor({ args, contentType = 'video/mp2t' }: StreamOriginOptions) {
    this.#child = Bun.spawn({
      cmd: ['nice', '-n', '10', 'ffmpeg', '-v', 'error', ...args, '-f', 'mpegts', 'pipe:1'],
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'ignore',
    });
    void this.#send();
    this.#server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      idleTimeout: 0,
      fetch: () => this.#answer(contentType),
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}/live`;
  }

  get open(): number {
    return this.#viewers.size;
  }

  /** Ends all connections as an origin does that is restarted. */
  cutOff(): void {
    for (const { controller } of this.#viewers) controller.close();
    this.#viewers.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#child.exited;
    await this.#server.stop(true);
  }

  #answer(contentType: string): Response {
    if (this.refuses) return new Response('down', { status: 503 });
    this.requests++;
    let viewer: Viewer;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        viewer = { controller };
        this.#viewers.add(viewer);
        this.mostOpen = Math.max(this.mostOpen, this.#viewers.size);
      },
      cancel: () => {
        this.#viewers.delete(viewer);
        this.leftMs = performance.now();
      },
    });
    return new Response(body, { headers: { 'content-type': contentType } });
  }

  async #send(): Promise<void> {
    for await (const chunk of this.#child.stdout) {
      for (const { controller } of this.#viewers) controller.enqueue(chunk);
    }
  }
}
