// This file makes passwords into what may be stored of them, and compares.
import { randomInt } from 'node:crypto';

/*
 * The least that OWASP's "Password Storage Cheat Sheet" asks of Argon2id: 19 MiB and two passes. Each
 * comparison costs some tens of milliseconds of a core, which is what makes guessing slow.
 */
const PARAMETERS = { algorithm: 'argon2id', memoryCost: 19_456, timeCost: 2 } as const;

/** Of nothing that anybody knows: compared with where there is no such name, to take as long. */
export const DUMMY_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$iQK+BywTFZ0yVH+7TfJhXGHqEliEMxCrdr5E/ZDYZwQ$MpKlnd/8wrLSikSUPXnMUj/EgmGtAp1LcTYcNaFJyDE';

/** Beyond this nobody remembers it, and hashing begins to cost by length. */
const MAX_LENGTH = 128;
const MIN_LENGTH = 8;
/**
 * Players put it into paths and queries as it is: what parts a URL, or is escaped by one player and
 * not by the other, would never arrive.
 */
const ALLOWED = /^[A-Za-z0-9._~!$*(),:@-]+$/;
/** None that are taken for each other where they are typed with a remote control. */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';
/** Of 32 signs: 80 bits. */
const GENERATED_LENGTH = 16;

/** Undefined where it may be used; else what is wrong with it. */
export function passwordFault(password: string): string | undefined {
  if (password.length < MIN_LENGTH || password.length > MAX_LENGTH) {
    return `it has ${password.length} characters, wanted ${MIN_LENGTH} to ${MAX_LENGTH}`;
  }
  if (ALLOWED.test(password)) return undefined;
  return 'players put it into addresses as it is, wanted A-Z, a-z, 0-9 and . _ ~ ! $ * ( ) , : @ -';
}

export function generatePassword(): string {
  const signs = Array.from(
    { length: GENERATED_LENGTH },
    () => ALPHABET[randomInt(ALPHABET.length)],
  );
  return signs.join('');
}

export function hashPassword(password: string): Promise<string> {
  return Bun.password.hash(password, PARAMETERS);
}

/** False for what was stored in another way too. */
export async function isPassword(password: string, hash: string): Promise<boolean> {
  if (password === '' || password.length > MAX_LENGTH) return false;
  try {
    return await Bun.password.verify(password, hash, 'argon2id');
  } catch {
    return false;
  }
}
