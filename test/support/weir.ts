// This file runs weir as a process of its own, from source or from the binary that WEIR_BINARY names.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Subprocess } from 'bun';
import { fdCount, peakRssBytes, rssBytes } from './process-figures.ts';

const ROOT = resolve(import.meta.dir, '../..');

export type WeirOptions = {
  /** The configuration file; `listen` and `data` are set by flags. */
  readonly yaml?: string;
  /** Further arguments of `serve`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** An earlier one's, to start again where it stood. */
  readonly dataDir?: string;
  readonly port?: number;
  readonly readyWithinMs?: number;
};

export type LogRecord = Readonly<Record<string, unknown>> & {
  readonly level: string;
  readonly message: string;
};

export type Exit = { readonly code: number | null; readonly signal: string | null };

/** What `weir` is to be called as. */
export function weirCommand(): string[] {
  const binary = process.env['WEIR_BINARY'];
  return binary ? [resolve(ROOT, binary)] : [process.execPath, join(ROOT, 'src/main.ts')];
}

/** Nothing of ours but what a test gives: variables of the tests would be taken for settings. */
export function weirEnv(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', ...extra };
}

/** Children that outlive a crashed test would hold ports and memory. */
const running = new Set<Subprocess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A machine that is busy with other tests takes long to start a process. */
const READY_MS = 25_000;

export class Weir implements AsyncDisposable {
  readonly port: number;
  readonly dataDir: string;
  readonly #dir: string;
  readonly #child: Subprocess<'ignore', 'pipe', 'pipe'>;
  #output = '';
  #exit: Exit | undefined;
  readonly exited: Promise<Exit>;

  private constructor(options: WeirOptions) {
    this.port = options.port ?? freePort();
    this.#dir = mkdtempSync(join(tmpdir(), 'weir-test-'));
    this.dataDir = options.dataDir ?? join(this.#dir, 'data');
    const file = join(this.#dir, 'weir.yaml');
    if (options.yaml !== undefined) writeFileSync(file, options.yaml);
    const config = options.yaml === undefined ? [] : ['--config', file];
    const place = ['--listen', `127.0.0.1:${this.port}`, '--data', this.dataDir];
    this.#child = Bun.spawn({
      cmd: [...weirCommand(), 'serve', ...config, ...place, ...(options.args ?? [])],
      cwd: this.#dir,
      env: weirEnv(options.env),
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    });
    running.add(this.#child);
    const streams = [this.#child.stdout, this.#child.stderr].map((stream) => this.#collect(stream));
    this.exited = this.#child.exited.then(async () => {
      running.delete(this.#child);
      const { exitCode, signalCode } = this.#child;
      const exit = { code: exitCode, signal: signalCode === null ? null : String(signalCode) };
      this.#exit = exit;
      await Promise.all(streams);
      return exit;
    });
  }

  /** Resolves once weir says that it is ready; throws with its output where it does not. */
  static async start(options: WeirOptions = {}): Promise<Weir> {
    const weir = new Weir(options);
    try {
      await weir.#ready(options.readyWithinMs ?? READY_MS);
    } catch (error) {
      await weir[Symbol.asyncDispose]();
      throw error;
    }
    return weir;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Set once the process has ended. */
  get exit(): Exit | undefined {
    return this.#exit;
  }

  /** The configuration file, to be written anew. */
  get configFile(): string {
    return join(this.#dir, 'weir.yaml');
  }

  /** All that was written, logs and plain words alike. */
  get output(): string {
    return this.#output;
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  logs(): LogRecord[] {
    const lines = this.#output.split('\n').filter((line) => line.startsWith('{'));
    return lines.map((line) => JSON.parse(line) as LogRecord);
  }

  rssBytes(): number {
    return rssBytes(this.pid);
  }

  peakRssBytes(): number {
    return peakRssBytes(this.pid);
  }

  fdCount(): number {
    return fdCount(this.pid);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** As a crash or `kill -9` ends it. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited;
  }

  /** Asks to stop; kills after `withinMs`, which shows in the signal of the result. */
  async stop(withinMs = 12_000): Promise<Exit & { readonly tookMs: number }> {
    const startMs = performance.now();
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), withinMs);
    const exit = await this.exited;
    clearTimeout(timer);
    return { ...exit, tookMs: performance.now() - startMs };
  }

  /** Stops and removes what was written, but a data folder that was given. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#exit === undefined) await this.stop();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async #ready(withinMs: number): Promise<void> {
    const endMs = performance.now() + withinMs;
    while (performance.now() < endMs) {
      if (this.#exit !== undefined) throw this.#failure('it ended');
      try {
        const response = await fetch(this.url('/readyz'), { signal: AbortSignal.timeout(1000) });
        await response.body?.cancel();
        if (response.status === 200) return;
      } catch {
        // Not listening yet.
      }
      await Bun.sleep(10);
    }
    throw this.#failure(`not ready after ${withinMs} ms`);
  }

  #failure(state: string): Error {
    const exit = this.#exit ? ` (code ${this.#exit.code}, ${this.#exit.signal})` : '';
    return new Error(`Cannot start weir: ${state}${exit}\n${this.#output}`);
  }

  async #collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) this.#output += decoder.decode(chunk, { stream: true });
  }
}

/** Runs `weir` with `args` to its end; for the commands that are no server. */
export async function runWeir(
  args: readonly string[],
  options: { readonly env?: Record<string, string>; readonly timeoutMs?: number } = {},
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = Bun.spawn({
    cmd: [...weirCommand(), ...args],
    env: weirEnv(options.env),
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: options.timeoutMs ?? 30_000,
    killSignal: 'SIGKILL',
  });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code: child.exitCode, stdout, stderr };
}

/** Below the range from which the system takes the ports of outgoing connections. */
const FIRST_PORT = 15_000;
const PORT_COUNT = 15_000;

/** A port that nobody listens on now. */
export function freePort(): number {
  for (let attempt = 0; attempt < 50; attempt++) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORT_COUNT);
    try {
      Bun.listen({ hostname: '127.0.0.1', port, socket: { data() {} } }).stop(true);
      return port;
    } catch {
      // Taken; try another.
    }
  }
  throw new Error('Cannot find a free port: 50 tries were all taken');
}
