// This file holds what was claimed while the store that nodes share was away.
import { SharedStoreError } from './errors.ts';
import type { SharedStore } from './shared-store.ts';

/** As many as the largest line-up twice over; some tens of megabytes. */
const MAX_PENDING = 100_000;

type Documents = ReadonlyMap<string, unknown>;

export class PendingClaims {
  readonly #byKind = new Map<string, Map<string, unknown>>();

  get size(): number {
    let size = 0;
    for (const ofKind of this.#byKind.values()) size += ofKind.size;
    return size;
  }

  get(kind: string, id: string): unknown {
    return this.#byKind.get(kind)?.get(id);
  }

  /** `documents` with those that wait. */
  over(kind: string, documents: Documents): Documents {
    const ofKind = this.#byKind.get(kind);
    return ofKind === undefined ? documents : new Map([...ofKind, ...documents]);
  }

  /** What is held stands; the rest stands as it is proposed until it is claimed. */
  claim(kind: string, documents: Documents, held: Documents): Documents {
    const ofKind = this.#byKind.get(kind) ?? new Map<string, unknown>();
    const standing = new Map<string, unknown>();
    const fresh = new Map<string, unknown>();
    for (const [id, proposed] of documents) {
      const known = held.get(id) ?? ofKind.get(id);
      if (known === undefined) fresh.set(id, structuredClone(proposed));
      standing.set(id, known ?? proposed);
    }
    if (this.size + fresh.size > MAX_PENDING) {
      const message = `Cannot hold ${fresh.size} claims: the shared store is away, and ${this.size} wait`;
      throw new SharedStoreError('CHANNEL_STORE_FULL', message);
    }
    for (const [id, document] of fresh) ofKind.set(id, document);
    if (ofKind.size > 0) this.#byKind.set(kind, ofKind);
    return standing;
  }

  /** Resolves to the kinds of which another came first with something else. */
  async settle(
    store: SharedStore,
    keep: (kind: string, standing: Documents) => Promise<void>,
  ): Promise<readonly string[]> {
    const changed: string[] = [];
    for (const [kind, waiting] of [...this.#byKind]) {
      const given = new Map(waiting);
      const standing = await store.claim(kind, given);
      await keep(kind, standing);
      // It may have gone away again, and more wait now
      for (const id of given.keys()) waiting.delete(id);
      if (waiting.size === 0) this.#byKind.delete(kind);
      const isSame = [...given].every(([id, own]) => Bun.deepEquals(standing.get(id), own));
      if (!isSame) changed.push(kind);
    }
    return changed;
  }
}
