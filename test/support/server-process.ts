// This file runs a database server for tests: it starts, is killed, and starts again on its port.
import type { Subprocess } from 'bun';

export type ServerPlan = {
  readonly cmd: readonly string[];
  /** Throws or is false as long as it does not answer. */
  readonly isUp: () => Promise<boolean>;
};

/** A machine that is busy with other tests takes long to start a server. */
const START_WAIT_MS = 30_000;
const STOP_WAIT_MS = 5000;

/** Held with `await using`. */
export class ServerProcess implements AsyncDisposable {
  readonly #plan: ServerPlan;
  #child: Subprocess | undefined;

  private constructor(plan: ServerPlan) {
    this.#plan = plan;
  }

  static async start(plan: ServerPlan): Promise<ServerProcess> {
    const server = new ServerProcess(plan);
    await server.start();
    return server;
  }

  /** Tries again where it ends at once: what a killed one left behind may take a moment to go. */
  async start(): Promise<void> {
    const endMs = performance.now() + START_WAIT_MS;
    let said = '';
    while (performance.now() < endMs) {
      const child = Bun.spawn([...this.#plan.cmd], { stdio: ['ignore', 'ignore', 'pipe'] });
      this.#child = child;
      const text = new Response(child.stderr).text();
      while (child.exitCode === null && performance.now() < endMs) {
        if (await this.#plan.isUp().catch(() => false)) return;
        await Bun.sleep(20);
      }
      await this.kill();
      said = await text;
      await Bun.sleep(100);
    }
    const tail = said.trim().split('\n').slice(-5).join('\n');
    throw new Error(`Cannot start ${this.#plan.cmd[0]}: ${tail}`);
  }

  /** As the kernel does it when memory runs out. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#child?.exited;
    this.#child = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    child.kill('SIGTERM');
    const isGone = await Promise.race([child.exited, Bun.sleep(STOP_WAIT_MS).then(() => 'late')]);
    if (isGone === 'late') await this.kill();
    this.#child = undefined;
  }
}
