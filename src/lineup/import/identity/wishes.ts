// This file holds what entries of a list want to be called where they are new.
import { idFromName, type WantedId } from '../../channel-id.ts';
import type { ListEntry } from '../list-entry.ts';
import { fingerprint } from './fingerprint.ts';
import type { StableUrl } from './identity.ts';

/** In columns: as objects they would take three times as much. */
export class Wishes {
  readonly #ids: string[] = [];
  readonly #keys: string[] = [];
  readonly #stable: number[] = [];

  get length(): number {
    return this.#ids.length;
  }

  /** `formerId`: what its channel was called before that could be kept. */
  add(entry: ListEntry, { host, path }: StableUrl, formerId?: string): void {
    // Different for nearly all, and without what changes with an account
    const key = `${host}${path}\n${entry.name}\n${entry.group ?? ''}`;
    // To go through the text also makes it one, that holds nothing it was made of
    this.#stable.push(fingerprint(key));
    this.#keys.push(key);
    this.#ids.push(formerId ?? idFromName(entry.guide ?? entry.name));
  }

  /** Two may have the same key. */
  at(index: number): WantedId {
    return { id: this.#ids[index] as string, key: this.#keys[index] as string };
  }

  /** A fingerprint of the key. */
  stableAt(index: number): number {
    return this.#stable[index] as number;
  }
}
