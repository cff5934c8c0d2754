// This file holds what entries of a list ask for that are new.
import { idFromName, type WantedId } from '../../channel-id.ts';
import type { ListEntry } from '../list-entry.ts';
import { fingerprint } from './fingerprint.ts';
import { stableUrl } from './identity.ts';

/** In columns: as objects they would take three times as much. */
export class Wishes {
  readonly #ids: string[] = [];
  readonly #keys: string[] = [];
  readonly #stable: number[] = [];
  readonly #numbers: number[] = [];

  get length(): number {
    return this.#ids.length;
  }

  add(entry: ListEntry): void {
    const { host, path } = stableUrl(entry.url);
    // Different for nearly all, and without what changes with an account
    const key = `${host}${path}\n${entry.name}\n${entry.group ?? ''}`;
    // To go through the text also makes it one, that holds nothing it was made of
    this.#stable.push(fingerprint(key));
    this.#ids.push(entry.formerId ?? idFromName(entry.guide ?? entry.name));
    this.#keys.push(key);
    this.#numbers.push(entry.number ?? 0);
  }

  /** Two may have the same key. */
  at(index: number): WantedId {
    return { id: this.#ids[index] as string, key: this.#keys[index] as string };
  }

  /** Of the key. */
  stableAt(index: number): number {
    return this.#stable[index] as number;
  }

  /** That the list gives, 0 where it gives none. */
  numberAt(index: number): number {
    return this.#numbers[index] as number;
  }
}
