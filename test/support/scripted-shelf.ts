// This file is a shelf that refuses, hangs and loses as it is told.
import type { ArchivedSegment } from '../../src/recording/archive/archived.ts';
import type { Losses, Shelf, ShelfPlace, Shelved } from '../../src/recording/archive/shelf.ts';
import type { Stored } from '../../src/ring/tiers/tier.ts';

export class ScriptedShelf implements Shelf {
  readonly kind = 'tiers';
  readonly bodies = new Map<string, Stored>();
  /** All that was put, gaps too, in order. */
  readonly puts: { readonly place: ShelfPlace; readonly shelved: Shelved }[] = [];
  readonly dropped: { readonly names: string[]; readonly oldest: string | undefined }[] = [];
  readonly described: string[] = [];
  /** refuses: says no. hangs: says nothing until it is told to. silent: does not answer questions. */
  state: 'well' | 'refuses' | 'hangs' | 'silent' = 'well';
  losing: { oldest: number; any: number } = { oldest: 0, any: 0 };
  #hanging: (() => void)[] = [];

  async put(place: ShelfPlace, shelved: Shelved): Promise<boolean> {
    this.puts.push({ place, shelved });
    if (this.state === 'hangs') {
      await new Promise<void>((resolve) => this.#hanging.push(resolve));
    }
    if (this.state === 'refuses') return false;
    const { stored, segment } = shelved;
    if (stored !== undefined) this.bodies.set(idOf(place, segment.name), stored);
    return true;
  }

  /** What hangs goes on, as the state then says. */
  letGo(state: ScriptedShelf['state']): void {
    this.state = state;
    for (const resolve of this.#hanging.splice(0)) resolve();
  }

  async get(place: ShelfPlace, { name }: ArchivedSegment): Promise<Stored | undefined> {
    return this.state === 'silent' ? undefined : this.bodies.get(idOf(place, name));
  }

  async lost(
    place: ShelfPlace,
    segments: readonly ArchivedSegment[],
  ): Promise<readonly ArchivedSegment[] | undefined> {
    if (this.state === 'silent') return undefined;
    return segments.filter(({ name }) => !this.bodies.has(idOf(place, name)));
  }

  async drop(
    place: ShelfPlace,
    dropped: readonly ArchivedSegment[],
    oldest: ArchivedSegment | undefined,
  ): Promise<boolean> {
    this.dropped.push({ names: dropped.map(({ name }) => name), oldest: oldest?.name });
    for (const { name } of dropped) this.bodies.delete(idOf(place, name));
    return true;
  }

  describe(channel: string): void {
    this.described.push(channel);
  }

  losses(): Losses {
    return { ...this.losing };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

export function idOf({ channel, rendition }: ShelfPlace, name: string): string {
  return `${channel}/${rendition}/${name}`;
}
