// This file copies a text out of the larger one that it was cut from.

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * A text that was cut from another holds all of that in memory for as long as it lives: a name of some
 * letters a chunk of a file. What is kept for long is copied. Halves of surrogates become U+FFFD.
 */
export function ownText(text: string): string {
  return DECODER.decode(ENCODER.encode(text));
}
