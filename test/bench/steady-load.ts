// This file asks for the hits of a server at a fixed rate, in a process of its own.
import { type Subprocess, spawn } from 'bun';
import { quantile } from './figure.ts';
import { cores } from './machine.ts';
import { StolenTime } from './stolen-time.ts';
import { segmentPath, TimedClient } from './timed-client.ts';

/*
 * Open loop: a request is sent when its time has come, whether or not those before it are answered,
 * and what it waits for a connection counts. Who waits for an answer before he asks again would not
 * ask while the server hangs, and so would not see it.
 */

export type LoadSpec = {
  readonly what: 'playlist' | 'segment';
  readonly port: number;
  /** Asked for in turn. */
  readonly playlistPaths: readonly string[];
  readonly perSecond: number;
};

export type Loaded = {
  /**
   * From when each was asked for, on whichever connection is free then, to the first byte of its
   * answer; without those of moments in which the machine took processors away from us.
   */
  readonly waitsMs: readonly number[];
  readonly answers: number;
  /** How late the load itself was, at the 99th percentile: so exactly a wait is known. */
  readonly lateMs: number;
};

type Order = { readonly spec: LoadSpec } | { readonly forMs: number };
type Done = { readonly loaded: Loaded | undefined };

type Wait = { readonly askedMs: number; readonly tookMs: number };

const CONNECTIONS = 32;
/** Segments are asked for by name; new ones are looked for so often. */
const LOOK_EVERY_MS = 1000;

/** Held with `await using`. */
export class SteadyLoad implements AsyncDisposable {
  readonly #child: Subprocess;
  #take: (loaded: Loaded | undefined) => void = () => {};

  private constructor() {
    this.#child = spawn({
      cmd: ['taskset', '-c', cores().load, process.execPath, import.meta.path],
      stdio: ['ignore', 'inherit', 'inherit'],
      ipc: (message: Done) => this.#take(message.loaded),
    });
    process.once('exit', () => this.#child.kill('SIGKILL'));
  }

  static async start(spec: LoadSpec): Promise<SteadyLoad> {
    const load = new SteadyLoad();
    await load.#order({ spec });
    return load;
  }

  async run(forMs: number): Promise<Loaded> {
    const loaded = await this.#order({ forMs });
    if (loaded === undefined) throw new Error('Cannot load: no answer came');
    return loaded;
  }

  #order(order: Order): Promise<Loaded | undefined> {
    return new Promise((resolve, reject) => {
      this.#take = resolve;
      this.#child.exited.then(() => reject(new Error('Cannot load: the process ended')));
      this.#child.send(order);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#child.exited;
  }
}

/** What runs in the process. */
class Generator {
  readonly #spec: LoadSpec;
  #free: TimedClient[] = [];
  readonly #queue: ((client: TimedClient) => void)[] = [];
  #segments: string[] = [];
  #next = 0;

  constructor(spec: LoadSpec) {
    this.#spec = spec;
  }

  async run(forMs: number): Promise<Loaded> {
    using connections = new DisposableStack();
    const open = async () => connections.use(await TimedClient.open(this.#spec.port));
    const looker = await open();
    this.#free = [];
    for (let index = 0; index < CONNECTIONS; index++) this.#free.push(await open());
    await this.#look(looker);
    return await this.#send(looker, forMs);
  }

  async #send(looker: TimedClient, forMs: number): Promise<Loaded> {
    const { perSecond, what } = this.#spec;
    const [waits, lates, answers]: [Wait[], number[], Promise<void>[]] = [[], [], []];
    const stolen = new StolenTime();
    const startMs = performance.now();
    let lookMs = startMs;
    let looking = Promise.resolve();
    for (let index = 0; index < (forMs / 1000) * perSecond; index++) {
      const dueMs = startMs + (index / perSecond) * 1000;
      while (performance.now() < dueMs) await Bun.sleep(dueMs - performance.now());
      if (what === 'segment' && dueMs - lookMs > LOOK_EVERY_MS) {
        lookMs = dueMs;
        looking = looking.then(() => this.#look(looker));
      }
      lates.push(performance.now() - dueMs);
      stolen.look(performance.now());
      answers.push(this.#ask(waits));
    }
    await Promise.all(answers);
    await looking;
    stolen.look(Number.POSITIVE_INFINITY);
    const quiet = waits.filter(({ askedMs, tookMs }) => stolen.isQuiet(askedMs, askedMs + tookMs));
    return {
      waitsMs: quiet.map(({ tookMs }) => tookMs),
      answers: waits.length,
      lateMs: quantile(lates, 0.99),
    };
  }

  async #ask(waits: Wait[]): Promise<void> {
    const { playlistPaths, what } = this.#spec;
    const paths = what === 'playlist' ? playlistPaths : this.#segments;
    const path = paths[this.#next++ % paths.length] as string;
    const askedMs = performance.now();
    // Each in turn: one that never asks for anything would be closed by the server
    const client =
      this.#free.shift() ?? (await new Promise<TimedClient>((take) => this.#queue.push(take)));
    const sentMs = performance.now();
    const { status, firstByteMs } = await client.get(path);
    if (status !== 200) throw new Error(`Cannot load ${path}: ${status}`);
    waits.push({ askedMs, tookMs: sentMs - askedMs + firstByteMs });
    const next = this.#queue.shift();
    if (next === undefined) this.#free.push(client);
    else next(client);
  }

  /** The newest but one of each channel: whatever else there is to do, it is in memory. */
  async #look(looker: TimedClient): Promise<void> {
    const segments: string[] = [];
    for (const path of this.#spec.playlistPaths) {
      const { text } = await looker.get(path);
      segments.push(segmentPath(path, text, 1), segmentPath(path, text, 2));
    }
    this.#segments = segments;
  }
}

if (import.meta.main) {
  let generator: Generator | undefined;
  process.on('message', async (order: Order) => {
    let loaded: Loaded | undefined;
    if ('spec' in order) generator = new Generator(order.spec);
    else loaded = await generator?.run(order.forMs);
    process.send?.({ loaded } satisfies Done);
  });
  process.on('disconnect', () => process.exit(0));
}
