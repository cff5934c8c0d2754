// This file is one run of weir in a simulation, from its start until it is stopped or killed.

import type { Clock } from '../../src/base/clock.ts';
import { type Log, type LogFields, silentLog } from '../../src/base/log.ts';
import type { Store } from '../../src/channel/store.ts';
import type { ChannelConfig } from '../../src/config/config.ts';
import { createDoor } from '../../src/delivery/door.ts';
import { endlessPlugin } from '../../src/delivery/endless.ts';
import type { Outbound } from '../../src/net/outbound.ts';
import { EndlessStreams } from '../../src/packaging/mpegts/endless-streams.ts';
import { Relays } from '../../src/prefetch/channel/relays.ts';
import { Ring } from '../../src/ring/ring.ts';
import { ProviderLeases } from '../../src/source/failover/provider-leases.ts';
import type { SimArchive } from './archive.ts';
import type { Dice } from './dice.ts';
import { ProcessClock } from './sim-clock.ts';
import { Threads } from './threads.ts';
import { SEGMENT_MAX_BYTES } from './wire.ts';

export type ServerSettings = {
  readonly channels: readonly ChannelConfig[];
  readonly ahead: number;
  readonly idleStopMs: number;
  readonly memoryBytes: number;
  /** What each provider allows. */
  readonly limits: ReadonlyMap<string, number>;
  /** A rendition was stopped, or begun anew: what it promised is void. */
  readonly onForget: (key: string, because: string) => void;
  /** A segment found no memory; `others` hold some at that moment. */
  readonly onDropped: (others: readonly string[]) => void;
  /** Where what is shown is kept; absent: nowhere. */
  readonly archive?: SimArchive;
};

export class Server {
  readonly relays: Relays;
  readonly ring: Ring;
  readonly threads: Threads;
  readonly leases: ProviderLeases;
  readonly clock: ProcessClock;
  readonly streams: EndlessStreams;
  readonly #door: ReturnType<typeof createDoor>;
  readonly #killed = Promise.withResolvers<'killed'>();
  isUp = true;

  constructor(clock: Clock, dice: Dice, outbound: Outbound, disk: Disk, settings: ServerSettings) {
    this.clock = new ProcessClock(clock);
    this.ring = new Ring(this.clock, settings.memoryBytes, () => {});
    this.threads = new Threads(this.clock, dice.fork(), outbound);
    this.leases = new ProviderLeases(this.clock, settings.limits);
    const { ahead, idleStopMs } = settings;
    this.relays = new Relays(settings.channels, {
      clock: this.clock,
      log: simLog({}, settings.onForget, (key) => settings.onDropped(this.#holding(key))),
      outbound,
      random: dice.fork().random,
      leases: this.leases,
      ring: this.ring,
      store: disk.mount(() => this.isUp),
      openLoop: this.threads.open,
      settings: { ahead, idleStopMs, segmentMaxBytes: SEGMENT_MAX_BYTES },
      past: settings.archive?.start(this.clock, () => this.isUp).past,
    });
    // All that a segment needs is done in the moment in which it came
    const turn = () => Promise.resolve();
    this.streams = new EndlessStreams({ clock: this.clock, log: silentLog, turn });
    const { relays, streams } = this;
    const endless = endlessPlugin({ relays, streams, addressOf: () => 'viewer' });
    this.#door = createDoor((request) => endless.handle(request), silentLog);
  }

  /** Of the endless stream, over HTTP. */
  async ask(request: Request): Promise<Response> {
    return await this.#door(request);
  }

  /** Channel and rendition of those that hold something, but for one. */
  #holding(but: string): string[] {
    const keys = [...this.relays.all()].flatMap((relay) =>
      relay
        .stats()
        .renditions.filter(({ state, ring }) => state === 'following' && ring.heldBytes > 0)
        .map(({ id }) => `${relay.config.id}/${id}`),
    );
    return keys.filter((key) => key !== but);
  }

  /** SIGTERM: what is to be kept is written, everything upstream is closed. */
  stop(): void {
    this.relays[Symbol.dispose]();
    this.kill();
  }

  /** SIGKILL: nothing is written any more, every viewer sees a broken connection. */
  kill(): void {
    this.isUp = false;
    this.clock.kill();
    this.threads.killAll();
    this.#killed.resolve('killed');
  }

  /** The answer to a viewer, or 'killed' where weir died before it. */
  answer<T>(answer: T | Promise<T>): Promise<T | 'killed'> {
    const settled = Promise.resolve(answer);
    // What a dead weir would have said is nobody's concern
    settled.catch(() => {});
    if (!this.isUp) return Promise.resolve('killed');
    return Promise.race([settled, this.#killed.promise]);
  }
}

function simLog(
  fields: LogFields,
  onForget: ServerSettings['onForget'],
  onDropped: (key: string) => void,
): Log {
  const key = `${fields['channel']}/${fields['rendition']}`;
  return {
    ...silentLog,
    info: (message, more) => {
      if (message === 'segments forgotten') onForget(key, String(more?.['because']));
    },
    error: (message) => {
      if (message.startsWith('segment dropped')) onDropped(key);
    },
    with: (more) => simLog({ ...fields, ...more }, onForget, onDropped),
  };
}

/** What weir saved, with its past: a power cut loses what was written last. */
export class Disk {
  readonly #clock: Clock;
  readonly #versions: { readonly atMs: number; readonly documents: Map<string, string> }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The store of one run of weir; it reaches the disk while that runs. */
  mount(isUp: () => boolean): Store {
    return {
      load: () => {
        const documents = this.#versions.at(-1)?.documents ?? new Map<string, string>();
        return new Map([...documents].map(([id, body]) => [id, JSON.parse(body)]));
      },
      save: (_kind, documents) => {
        if (!isUp()) return;
        const written = [...documents].map(([id, body]) => [id, JSON.stringify(body)] as const);
        const before = this.#versions.at(-1)?.documents ?? new Map<string, string>();
        const atMs = this.#clock.monotonicMs();
        this.#versions.push({ atMs, documents: new Map([...before, ...written]) });
        if (this.#versions.length > 16) this.#versions.shift();
      },
      secret: (_name, sizeBytes) => new Uint8Array(sizeBytes),
      [Symbol.dispose]() {},
    };
  }

  /** When what the next run will find was written. */
  get savedMs(): number {
    return this.#versions.at(-1)?.atMs ?? 0;
  }

  /** What was written in the last `byMs` is gone. */
  lose(byMs: number): void {
    const untilMs = this.#clock.monotonicMs() - byMs;
    while (this.#versions.length > 1 && this.#versions.at(-1)!.atMs > untilMs) this.#versions.pop();
  }
}
