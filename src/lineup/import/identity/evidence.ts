// This file says what of an entry tells which one it is, and what tells most.
import type { Identity } from './identity.ts';

export type Field = keyof Identity;

/** In this order: the guide id, then the name, then the address, and what they say together before. */
export const EVIDENCE: readonly (readonly Field[])[] = [
  ['nameAndGroup', 'exact'],
  ['guide', 'nameAndGroup', 'url'],
  ['guide', 'nameAndGroup', 'path'],
  ['guide', 'nameAndGroup'],
  ['guide', 'name'],
  ['guide', 'exact'],
  ['guide', 'url'],
  ['guide', 'path'],
  ['nameAndGroup', 'url'],
  ['nameAndGroup', 'path'],
  ['guide'],
  ['nameAndGroup'],
  ['name', 'exact'],
  ['name', 'url'],
  ['name'],
  ['exact'],
  ['url'],
];

/**
 * Providers give the address of what has gone to what comes: only of what is there it says enough
 * without a name.
 */
export function isAddress(fields: readonly Field[]): boolean {
  const is = (field: Field) => fields.includes(field);
  const isNamed = is('name') || is('nameAndGroup');
  return !isNamed && (is('exact') || is('url') || is('path'));
}

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
