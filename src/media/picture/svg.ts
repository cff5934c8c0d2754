// This file tells SVG from other markup.

/** Enough for the comment of the program that drew it. */
const LOOK_BYTES = 4096;

/** What may stand before the root: a declaration, comments, a document type without a subset. */
const BEFORE = /^(?:\s+|<\?xml\b[^>]*\?>|<!--(?:(?!-->)[\s\S])*-->|<!DOCTYPE\s+svg\b[^>[]*>)*/i;

/**
 * Undefined entities and bombs are left to nobody: a subset of the document type, which is where
 * they would be, makes it no SVG of ours.
 */
export function isSvg(bytes: Uint8Array): boolean {
  // Takes a byte order mark off too
  const text = new TextDecoder().decode(bytes.subarray(0, LOOK_BYTES));
  const before = BEFORE.exec(text)?.[0].length ?? 0;
  return /^<(?:svg:)?svg[\s>]/.test(text.slice(before));
}
