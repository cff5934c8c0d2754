// This file is an HTTP client on one socket that shows exactly how an answer ended.
import type { Socket } from 'bun';
import { BodyReader, type Received } from './body-reader.ts';

export type GetOptions = {
  readonly method?: 'GET' | 'HEAD';
  readonly headers?: Readonly<Record<string, string>>;
  /** Reads no faster than this. */
  readonly bytesPerSecond?: number;
  /** Goes away once this share of the declared body (or, above 1, so many bytes) has come. */
  readonly leaveAt?: number;
  readonly keepBody?: boolean;
  readonly timeoutMs?: number;
};

const DEFAULT_TIMEOUT_MS = 30_000;

type Run = {
  readonly reader: BodyReader;
  readonly options: GetOptions;
  readonly startMs: number;
  headMs: number;
  readonly finish: (ended: Received['ended']) => void;
};

/** One keep-alive connection, one request at a time; it dials again when the old one is gone. */
export class RawClient implements Disposable {
  readonly #host: string;
  readonly #port: number;
  #socket: Socket<undefined> | undefined;
  #run: Run | undefined;
  #resumeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(baseUrl: string) {
    const url = new URL(baseUrl);
    this.#host = url.hostname;
    this.#port = Number(url.port || 80);
  }

  get isOpen(): boolean {
    return this.#socket !== undefined;
  }

  /**
   * Path and query of `url` are asked for; its host must be the one dialled. As players do, a
   * request on a kept connection that dies without a byte is sent once more on a new one.
   */
  async get(url: string, options: GetOptions = {}): Promise<Received> {
    if (this.#run !== undefined) throw new Error('Cannot ask: an answer is still coming');
    const wasOpen = this.isOpen;
    const first = await this.#ask(url, options);
    const isStale = wasOpen && first.ended === 'broken' && first.status === 0;
    return isStale ? this.#ask(url, options) : first;
  }

  async #ask(url: string, options: GetOptions): Promise<Received> {
    const startMs = performance.now();
    if (!(await this.dial())) return refused(startMs);
    return new Promise<Received>((resolve) => {
      const timer = setTimeout(() => finish('late'), options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
      const reader = new BodyReader(options.method === 'HEAD', options.keepBody ?? false);
      const finish = (ended: Received['ended']) => {
        if (this.#run !== run) return;
        clearTimeout(timer);
        this.#run = undefined;
        if (ended !== 'whole' || reader.headers['connection'] === 'close') this.#hangUp();
        resolve(received(run, ended));
      };
      const run: Run = { reader, options, startMs, headMs: 0, finish };
      this.#run = run;
      this.#send(url, options);
    });
  }

  [Symbol.dispose](): void {
    this.#hangUp();
    this.#run?.finish('left');
  }

  #send(url: string, options: GetOptions): void {
    const { pathname, search } = new URL(url, `http://${this.#host}:${this.#port}`);
    const lines = [
      `${options.method ?? 'GET'} ${pathname}${search} HTTP/1.1`,
      `Host: ${this.#host}:${this.#port}`,
      ...Object.entries(options.headers ?? {}).map(([name, value]) => `${name}: ${value}`),
    ];
    this.#socket?.write(`${lines.join('\r\n')}\r\n\r\n`);
  }

  /** Connects ahead of the first request; false where nobody answers. */
  async dial(): Promise<boolean> {
    try {
      this.#socket ??= await this.#connect();
      return true;
    } catch {
      return false;
    }
  }

  #connect(): Promise<Socket<undefined>> {
    return Bun.connect({
      hostname: this.#host,
      port: this.#port,
      socket: {
        data: (socket, data) => this.#onData(socket, data),
        end: () => this.#run?.reader.onEnd(),
        close: (socket) => this.#onGone(socket),
        error: (socket) => this.#onGone(socket),
      },
    });
  }

  #onData(socket: Socket<undefined>, data: Buffer): void {
    const run = this.#run;
    if (run === undefined || socket !== this.#socket) return;
    let ended: Received['ended'] | undefined;
    try {
      run.reader.push(data);
      if (run.reader.isWhole) ended = 'whole';
      else if (this.#wantsToLeave(run)) ended = 'left';
    } catch {
      ended = 'broken';
    }
    if (run.headMs === 0 && run.reader.hasHead) run.headMs = performance.now() - run.startMs;
    if (ended !== undefined) run.finish(ended);
    else if (run.options.bytesPerSecond !== undefined) this.#rest(socket, data.length, run.options);
  }

  #wantsToLeave({ reader, options }: Run): boolean {
    if (options.leaveAt === undefined || !reader.hasHead) return false;
    const share = options.leaveAt <= 1;
    const atBytes = share ? options.leaveAt * (reader.declaredBytes ?? 0) : options.leaveAt;
    return reader.bodyBytes >= atBytes;
  }

  #rest(socket: Socket<undefined>, tookBytes: number, options: GetOptions): void {
    socket.pause();
    clearTimeout(this.#resumeTimer);
    const restMs = (tookBytes / options.bytesPerSecond!) * 1000;
    this.#resumeTimer = setTimeout(() => socket.resume(), restMs);
  }

  #onGone(socket: Socket<undefined>): void {
    if (socket !== this.#socket) return;
    this.#socket = undefined;
    this.#run?.finish(this.#run.reader.isWhole ? 'whole' : 'broken');
  }

  #hangUp(): void {
    clearTimeout(this.#resumeTimer);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.terminate();
  }
}

function received(run: Run, ended: Received['ended']): Received {
  const { reader, startMs, headMs } = run;
  return {
    status: reader.status,
    headers: reader.headers,
    bodyBytes: reader.bodyBytes,
    sha256: reader.sha256(),
    body: reader.body(),
    ended,
    headMs,
    totalMs: performance.now() - startMs,
  };
}

/** Nobody answered the dial. */
function refused(startMs: number): Received {
  return {
    status: 0,
    headers: {},
    bodyBytes: 0,
    sha256: '',
    body: undefined,
    ended: 'broken',
    headMs: 0,
    totalMs: performance.now() - startMs,
  };
}
