// This file remembers which passwords were right, so that a player's next request is cheap.
import { createHmac, randomBytes } from 'node:crypto';

/** More than anybody has who watches at once; the one that was not asked for longest makes room. */
const MAX_KNOWN = 10_000;

/**
 * No password is held, only what a key of this process makes of it, which ends with the process.
 * Each stands for the hash it was right for: with a new password, or without the user, it is gone.
 */
export class KnownPasswords {
  readonly #key = randomBytes(32);
  readonly #hashes = new Map<string, string>();

  isKnown(name: string, password: string, hash: string): boolean {
    const id = this.idOf(name, password);
    if (this.#hashes.get(id) !== hash) return false;
    this.#hashes.delete(id);
    this.#hashes.set(id, hash);
    return true;
  }

  add(name: string, password: string, hash: string): void {
    this.#hashes.set(this.idOf(name, password), hash);
    if (this.#hashes.size > MAX_KNOWN)
      this.#hashes.delete(this.#hashes.keys().next().value as string);
  }

  /** Of both, and of no use outside this process. */
  idOf(name: string, password: string): string {
    return createHmac('sha256', this.#key).update(`${name}\0${password}`).digest('base64');
  }
}
