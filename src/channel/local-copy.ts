// This file has a copy on this machine follow what the store that nodes share says.
import type { Log } from '../base/log.ts';
import { othersTurn } from '../base/turn.ts';
import type { SqliteSharedStore } from './shared-sqlite.ts';

type Documents = ReadonlyMap<string, unknown>;
type Load = { readonly kind: string; readonly writtenSince: Set<string> };

/** So many are compared at once, in a millisecond or two. */
const TURN_DOCUMENTS = 500;

/** A copy that cannot be written costs no more than the copy. */
export class LocalCopy {
  readonly #copy: SqliteSharedStore;
  readonly #log: Log;
  readonly #loads = new Set<Load>();

  constructor(copy: SqliteSharedStore, log: Log) {
    this.#copy = copy;
    this.#log = log;
  }

  /** Becomes what is loaded; what was written since that began stays, which the load may not know. */
  async follow(kind: string, load: () => Promise<Documents>): Promise<Documents> {
    const mine: Load = { kind, writtenSince: new Set() };
    this.#loads.add(mine);
    try {
      const found = await load();
      const differing = await differences(await this.#copy.load(kind), found);
      for (const id of mine.writtenSince) differing.delete(id);
      await this.#save(kind, differing);
      return found;
    } finally {
      this.#loads.delete(mine);
    }
  }

  /** What was written, and stands there now. */
  async keep(kind: string, documents: Documents): Promise<void> {
    for (const load of this.#loads) {
      if (load.kind !== kind) continue;
      for (const id of documents.keys()) load.writtenSince.add(id);
    }
    await this.#save(kind, documents);
  }

  async #save(kind: string, documents: Documents): Promise<void> {
    try {
      await this.#copy.save(kind, documents);
    } catch (error) {
      this.#log.warn('copy of the shared store not written', { kind, error });
    }
  }
}

async function differences(held: Documents, found: Documents): Promise<Map<string, unknown>> {
  const differing = new Map<string, unknown>();
  let at = 0;
  for (const [id, document] of found) {
    if (!Bun.deepEquals(held.get(id), document)) differing.set(id, document);
    if (++at % TURN_DOCUMENTS === 0) await othersTurn();
  }
  for (const id of held.keys()) if (!found.has(id)) differing.set(id, null);
  return differing;
}
