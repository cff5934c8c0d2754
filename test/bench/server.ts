// This file runs a server under test on its core.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Subprocess } from 'bun';
import { cores } from './machine.ts';
import { allowedCores, threadCpuMs, treeCpuMs, treeRssBytes } from './process-tree.ts';

export type ServerName = 'weir' | 'nginx' | 'nginx-copying' | 'varnish';

const READY_WITHIN_MS = 15_000;
const STOP_WITHIN_MS = 10_000;

/** Of programs that a crashed run would leave behind. */
const running = new Set<Subprocess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A folder in memory where there is one: what is measured is no disk. */
export function benchDir(name: string): string {
  const shm = statSync('/dev/shm', { throwIfNoEntry: false }) === undefined ? tmpdir() : '/dev/shm';
  const dir = mkdtempSync(join(shm, `bench-${name}-`));
  // Varnish reads and writes here as a user of its own
  chmodSync(dir, 0o777);
  return dir;
}

export type Launch = {
  readonly name: ServerName;
  readonly port: number;
  readonly dir: string;
  readonly cmd: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Answered with 200 once it is ready. */
  readonly readyPath: string;
  /** On all cores, not on the server's alone. */
  readonly isWide?: boolean;
};

function coresOf({ isWide }: Launch): string {
  return isWide === true ? cores().all : cores().server;
}

export class BenchServer implements AsyncDisposable {
  readonly name: ServerName;
  readonly port: number;
  /** From the start of the process to the first 200. */
  readyMs = 0;
  readonly #dir: string;
  readonly #child: Subprocess;

  private constructor(launch: Launch) {
    this.name = launch.name;
    this.port = launch.port;
    this.#dir = launch.dir;
    mkdirSync(this.#dir, { recursive: true });
    this.#child = Bun.spawn({
      // Said in both cases: it would run where the load does, as all that is started here
      cmd: ['taskset', '-c', coresOf(launch), ...launch.cmd],
      cwd: this.#dir,
      env: { PATH: process.env['PATH'] ?? '', ...launch.env },
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: Bun.file(join(this.#dir, 'stderr.txt')),
    });
    running.add(this.#child);
  }

  static async start(launch: Launch): Promise<BenchServer> {
    const startMs = performance.now();
    const server = new BenchServer(launch);
    while (performance.now() - startMs < READY_WITHIN_MS && server.#child.exitCode === null) {
      const status = await statusOf(server.url(launch.readyPath));
      server.readyMs = performance.now() - startMs;
      if (status === 200) {
        server.#checkCores(coresOf(launch));
        return server;
      }
      await Bun.sleep(1);
    }
    const said = await Bun.file(join(launch.dir, 'stderr.txt')).text();
    await server[Symbol.asyncDispose]();
    throw new Error(`Cannot start ${launch.name}: not ready\n${said.slice(-2000)}`);
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  cpuMs(): number {
    return treeCpuMs(this.#child.pid);
  }

  /** Of its first thread alone, which is the one that serves. */
  mainThreadCpuMs(): number {
    return threadCpuMs(this.#child.pid);
  }

  /** Has it read its configuration and its line-ups anew. */
  hangUp(): void {
    this.#child.kill('SIGHUP');
  }

  /** A figure of two cores that was taken on one would be believed. */
  #checkCores(wanted: string): void {
    const allowed = allowedCores(this.#child.pid);
    if (allowed === wanted) return;
    throw new Error(`Cannot measure ${this.name}: it runs on cores ${allowed}, wanted ${wanted}`);
  }

  rssBytes(): number {
    return treeRssBytes(this.#child.pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_WITHIN_MS);
    await this.#child.exited;
    clearTimeout(timer);
    running.delete(this.#child);
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

/** undefined where nothing answers. */
export async function statusOf(url: string): Promise<number | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(15_000) });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return undefined;
  }
}
