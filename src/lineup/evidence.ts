// This file says what of an entry tells which one it is, and what tells most.
import type { Identity } from './identity.ts';

export type Field = keyof Identity;

/** Asked for only where some addresses are as they were, to the letter. */
export const AS_SENT: readonly (readonly Field[])[] = [
  ['nameAndGroup', 'exact'],
  ['guide', 'exact'],
  ['name', 'exact'],
];

/** In this order. */
export const EVIDENCE: readonly (readonly Field[])[] = [
  ['guide', 'nameAndGroup', 'url'],
  ['guide', 'nameAndGroup', 'path'],
  ['guide', 'nameAndGroup'],
  ['guide', 'url'],
  ['guide', 'path'],
  ['guide', 'name'],
  ['nameAndGroup', 'url'],
  ['nameAndGroup', 'path'],
  ['name', 'url'],
  ['guide'],
  ['nameAndGroup'],
  ['name'],
  ['exact'],
  ['url'],
];

/** Providers give the address of what has gone to what comes: only of what is there it says enough. */
export const ADDRESSES: ReadonlySet<Field> = new Set(['exact', 'url']);

/** Undefined where one of them is missing. */
export function textOf(is: Identity, fields: readonly Field[]): string | undefined {
  let text = '';
  for (const field of fields) {
    const part = is[field];
    if (part === undefined) return undefined;
    text += `${part} `;
  }
  return text;
}
