// This file reads the groups of an entry.

/** Most groups kept of one entry; a list of `;` alone must not become a hundred thousand groups. */
export const MAX_GROUPS = 16;

/** group-title and #EXTGRP both hold groups with `;` between them. */
export function parseGroups(text: string): readonly string[] {
  const bare = text.startsWith('"') ? text.replace(/^"(.*)"$/, '$1') : text;
  if (!bare.includes(';')) {
    const group = bare.trim();
    return group === '' ? [] : [group];
  }
  return bare
    .split(';', MAX_GROUPS)
    .map((group) => group.trim())
    .filter((group) => group !== '');
}
