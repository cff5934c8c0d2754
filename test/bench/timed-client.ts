// This file is an HTTP client that does next to nothing but look at the clock.
import type { Socket } from 'bun';

export type Timed = {
  readonly status: number;
  /** From sending the request to the first byte of the answer, and of its body. */
  readonly firstByteMs: number;
  readonly firstBodyByteMs: number;
  readonly bodyBytes: number;
  /** Only of short bodies. */
  readonly text: string;
};

export type Until = 'whole' | 'first body byte';

/** Playlists are kept to be read; segments are not. */
const KEPT_BYTES = 64 * 1024;
const HEAD_END = '\r\n\r\n';

type Run = {
  readonly startMs: number;
  readonly until: Until;
  readonly resolve: (timed: Timed) => void;
  readonly reject: (error: Error) => void;
  firstByteMs: number;
  firstBodyByteMs: number;
  head: string;
  bodyBytes: number;
  lengthBytes: number;
  kept: string;
};

/** One keep-alive connection, one request at a time. */
export class TimedClient implements Disposable {
  #socket!: Socket<undefined>;
  #run: Run | undefined;
  #isClosed = false;

  static async open(port: number): Promise<TimedClient> {
    const client = new TimedClient();
    client.#socket = await Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        data: (_, bytes) => client.#take(bytes),
        close: () => client.#fail('closed'),
        error: (_, error) => client.#fail(error.message),
      },
    });
    return client;
  }

  get(path: string, until: Until = 'whole'): Promise<Timed> {
    if (this.#isClosed) return Promise.reject(new Error('Cannot ask: the connection is closed'));
    return new Promise((resolve, reject) => {
      const startMs = performance.now();
      this.#run = {
        startMs,
        until,
        resolve,
        reject,
        firstByteMs: Number.NaN,
        firstBodyByteMs: Number.NaN,
        head: '',
        bodyBytes: 0,
        lengthBytes: Number.POSITIVE_INFINITY,
        kept: '',
      };
      this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    });
  }

  /** Takes nothing more, so that the server cannot send. */
  stall(): void {
    this.#socket.pause();
  }

  [Symbol.dispose](): void {
    this.#run = undefined;
    this.#socket.terminate();
  }

  #take(bytes: Buffer): void {
    const run = this.#run;
    if (run === undefined) return;
    const nowMs = performance.now() - run.startMs;
    if (Number.isNaN(run.firstByteMs)) run.firstByteMs = nowMs;
    let body = bytes;
    if (!run.head.endsWith(HEAD_END)) {
      const text = run.head + bytes.toString('latin1');
      const end = text.indexOf(HEAD_END);
      if (end < 0) {
        run.head = text;
        return;
      }
      body = bytes.subarray(end + HEAD_END.length - run.head.length);
      run.head = text.slice(0, end + HEAD_END.length);
      const length = /^content-length: *(\d+)/im.exec(run.head)?.[1];
      if (length !== undefined) run.lengthBytes = Number(length);
    }
    this.#takeBody(run, body, nowMs);
  }

  #takeBody(run: Run, body: Buffer, nowMs: number): void {
    run.bodyBytes += body.length;
    if (body.length > 0 && Number.isNaN(run.firstBodyByteMs)) run.firstBodyByteMs = nowMs;
    if (run.lengthBytes <= KEPT_BYTES) run.kept += body.toString('utf8');
    const isFirst = run.until === 'first body byte' && run.bodyBytes > 0;
    if (!isFirst && run.bodyBytes < run.lengthBytes) return;
    this.#run = undefined;
    const { firstByteMs, firstBodyByteMs, bodyBytes } = run;
    const status = Number(run.head.slice(9, 12));
    run.resolve({ status, firstByteMs, firstBodyByteMs, bodyBytes, text: run.kept });
  }

  #fail(why: string): void {
    this.#isClosed = true;
    const run = this.#run;
    this.#run = undefined;
    run?.reject(new Error(`Cannot read the answer: ${why}`));
  }
}

/** The address of the newest segment that a playlist names, `fromEnd` before its last. */
export function segmentPath(playlistPath: string, text: string, fromEnd = 0): string {
  const names = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const name = names.at(-1 - fromEnd) ?? names.at(0);
  if (name === undefined) throw new Error(`Cannot find a segment: ${playlistPath} names none`);
  return new URL(name, `http://127.0.0.1${playlistPath}`).pathname;
}
