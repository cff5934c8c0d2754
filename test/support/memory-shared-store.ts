// This file keeps what all nodes agree by in memory: a SharedStore for tests, with other nodes beside it.
import { randomBytes } from 'node:crypto';
import { type SharedStoreCode, SharedStoreError } from '../../src/channel/errors.ts';
import type { SharedStore } from '../../src/channel/shared-store.ts';

type Watcher = { readonly owner: object; readonly kind: string; readonly changed: () => void };

/** What all nodes of one system see. */
type Common = {
  /** By kind and id, as text: nobody holds an object that another could change. */
  readonly documents: Map<string, Map<string, string>>;
  readonly secrets: Map<string, Uint8Array>;
  readonly watchers: Set<Watcher>;
  refusal: SharedStoreCode | undefined;
};

const createCommon = (): Common => ({
  documents: new Map(),
  secrets: new Map(),
  watchers: new Set(),
  refusal: undefined,
});

export class MemorySharedStore implements SharedStore {
  readonly #common: Common;

  constructor(common: Common = createCommon()) {
    this.#common = common;
  }

  /** For all nodes: what was there is read on, and nothing is taken. */
  set refusal(refusal: SharedStoreCode | undefined) {
    this.#common.refusal = refusal;
  }

  get isUp(): boolean {
    return this.#common.refusal !== 'CHANNEL_STORE_UNREACHABLE';
  }

  /** The same documents as another process sees them: what one writes the other's watchers are told. */
  beside(): MemorySharedStore {
    return new MemorySharedStore(this.#common);
  }

  async load(kind: string): Promise<ReadonlyMap<string, unknown>> {
    return new Map([...this.#of(kind)].map(([id, body]) => [id, JSON.parse(body) as unknown]));
  }

  async get(kind: string, id: string): Promise<unknown> {
    const body = this.#of(kind).get(id);
    return body === undefined ? undefined : JSON.parse(body);
  }

  async save(kind: string, documents: ReadonlyMap<string, unknown>): Promise<void> {
    this.#mayWrite();
    const ofKind = this.#of(kind);
    const bodies = [...documents].map(
      ([id, document]) => [id, document === null ? null : JSON.stringify(document)] as const,
    );
    for (const [id, body] of bodies) {
      if (body === null) ofKind.delete(id);
      else ofKind.set(id, body);
    }
    if (documents.size > 0) this.#told(kind);
  }

  async claim(
    kind: string,
    documents: ReadonlyMap<string, unknown>,
  ): Promise<ReadonlyMap<string, unknown>> {
    this.#mayWrite();
    const ofKind = this.#of(kind);
    const standing = new Map<string, unknown>();
    let isNew = false;
    for (const [id, document] of documents) {
      if (!ofKind.has(id)) {
        ofKind.set(id, JSON.stringify(document));
        isNew = true;
      }
      standing.set(id, JSON.parse(ofKind.get(id) as string));
    }
    if (isNew) this.#told(kind);
    return standing;
  }

  async secret(name: string, sizeBytes: number): Promise<Uint8Array> {
    const known = this.#common.secrets.get(name) ?? new Uint8Array(randomBytes(sizeBytes));
    this.#common.secrets.set(name, known);
    return known;
  }

  watch(kind: string, changed: () => void): Disposable {
    const watcher = { owner: this, kind, changed };
    this.#common.watchers.add(watcher);
    return { [Symbol.dispose]: () => void this.#common.watchers.delete(watcher) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const watcher of this.#common.watchers) {
      if (watcher.owner === this) this.#common.watchers.delete(watcher);
    }
  }

  #of(kind: string): Map<string, string> {
    const known = this.#common.documents.get(kind) ?? new Map<string, string>();
    this.#common.documents.set(kind, known);
    return known;
  }

  #mayWrite(): void {
    const { refusal } = this.#common;
    if (refusal !== undefined) throw new SharedStoreError(refusal, 'Cannot use the test store');
  }

  #told(kind: string): void {
    for (const watcher of this.#common.watchers) {
      if (watcher.kind === kind && watcher.owner !== this) queueMicrotask(watcher.changed);
    }
  }
}
