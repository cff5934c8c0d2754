// This file says what a store is that all nodes of a system agree by: ids, numbers, choices, users.

/** Kinds begin with it of which other nodes never hear, in the copy that this machine keeps. */
export const LOCAL_KIND = 'local-';

export type SharedStats = {
  /** For messages. */
  readonly place: string;
  /** It holds what it is given beyond this process, and what others gave it is known here. */
  readonly isUp: boolean;
  readonly errors: number;
  /** Claims that wait until it is back. */
  readonly queued: number;
};

/**
 * Documents are small JSON values under a kind and an id. What belongs to one machine (numbering,
 * what its archive holds) is in its own Store; what a viewer must find alike on every node is here.
 */
export interface SharedStore extends AsyncDisposable {
  load(kind: string): Promise<ReadonlyMap<string, unknown>>;
  /** Undefined where there is none. */
  get(kind: string, id: string): Promise<unknown>;
  /** All or none of them; null takes a document away. */
  save(kind: string, documents: ReadonlyMap<string, unknown>): Promise<void>;
  /** Writes only those that are not there; resolves to what stands under each of the ids now. */
  claim(
    kind: string,
    documents: ReadonlyMap<string, unknown>,
  ): Promise<ReadonlyMap<string, unknown>>;
  /** Random bytes made once under this name, the same for every node. */
  secret(name: string, sizeBytes: number): Promise<Uint8Array>;
  /** Runs after another process wrote documents of this kind; late by seconds, never twice at once. */
  watch(kind: string, changed: () => void): Disposable;
}
