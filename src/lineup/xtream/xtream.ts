// This file holds what Xtream clients are served from, for as long as the server runs.
import type { Checked, Users } from '../../access/user.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { SharedStore } from '../../channel/shared-store.ts';
import type { ChannelConfig } from '../../config/config.ts';
import type { ProgrammesWanted, ToldProgramme } from '../../guide/programmes.ts';
import type { Catalogue } from '../catalogue.ts';
import { type ConnectionCounts, UserConnections } from './connections.ts';
import { NumberedLineUp } from './numbered-line-up.ts';
import { Stays } from './stays.ts';
import { StreamIds } from './stream-ids.ts';

/** What the guide has of a channel, in order of time; rejects with AppError where it cannot be read. */
export type ProgrammesOf = (
  channel: ChannelConfig,
  wanted: ProgrammesWanted,
) => Promise<readonly ToldProgramme[]>;

export type XtreamDeps = {
  readonly users: Users;
  readonly store: Pick<SharedStore, 'load' | 'claim' | 'watch'>;
  /** Absent: always. */
  readonly isStoreUp?: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** The same array until it changes. */
  readonly channels: () => readonly ChannelConfig[];
  readonly catalogue: Catalogue;
  readonly programmesOf: ProgrammesOf;
};

export class Xtream implements Disposable {
  readonly lineUp: NumberedLineUp;
  readonly connections: UserConnections;
  readonly stays: Stays;
  readonly programmesOf: ProgrammesOf;
  readonly #deps: XtreamDeps;
  readonly #ids: StreamIds;

  constructor(deps: XtreamDeps) {
    const { channels, catalogue } = deps;
    this.#deps = deps;
    this.#ids = new StreamIds(deps);
    this.lineUp = new NumberedLineUp({ ids: this.#ids, channels, catalogue });
    this.connections = new UserConnections(deps.clock);
    this.stays = new Stays(deps.clock, deps.users);
    this.programmesOf = deps.programmesOf;
  }

  get nowMs(): number {
    return this.#deps.clock.nowMs();
  }

  /** There is no user at all: an address of theirs is none of ours. */
  get isUnused(): boolean {
    return this.#deps.users.isEmpty;
  }

  /** Undefined while there is no user. */
  connectionCounts(): ConnectionCounts | undefined {
    return this.isUnused ? undefined : this.connections.counts();
  }

  /** `address`: who asks, for the lock-out. */
  async check(name: string, password: string, address: string): Promise<Checked> {
    return await this.#deps.users.check(name, password, address);
  }

  /** Numbers what is new before anybody asks for it; nobody waits for it. */
  prepare(): void {
    if (this.isUnused) return;
    const { lineUp } = this;
    void lineUp
      .live()
      .then(() => lineUp.films())
      .then(() => lineUp.series());
  }

  [Symbol.dispose](): void {
    this.stays[Symbol.dispose]();
    this.#ids[Symbol.dispose]();
  }
}
