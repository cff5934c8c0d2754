// This file remembers in which order the lines of a list have their attributes.

/**
 * Lists are written by programs, so nearly every line has the attributes of the line before it: each
 * is compared with what was there, which is quicker than taking it apart. What is read is the same
 * with any order.
 */
export type AttributeOrder = AttributeStart[];

type AttributeStart = {
  /** As written, from the space before the name to the quote before the value. */
  readonly text: string;
  /** Lower-case. */
  readonly name: string;
};

/** More than the richest lists have: one that keeps to no order is not to be compared for long. */
export const MAX_ORDER = 32;

/** The place, from `place` on, of what begins at `at`; the length of the order where it is nowhere. */
export function likelyPlace(
  order: AttributeOrder,
  place: number,
  text: string,
  at: number,
): number {
  let likely = place;
  while (likely < order.length && !text.startsWith((order[likely] as AttributeStart).text, at)) {
    likely += 1;
  }
  return likely;
}

/** Nothing but what may follow the quote that closes a value. */
const START = /^ ([a-z0-9_-]+)="$/i;

/** Where in the order the attribute after the one is that begins with `written`, which is added. */
export function placeAfter(order: AttributeOrder, place: number, written: string): number {
  const name = START.exec(written)?.[1];
  if (name === undefined) return place;
  const known = order.findIndex(({ text }) => text === written);
  if (known >= 0) return known + 1;
  if (order.length === MAX_ORDER) return place;
  // Put together anew: a piece of the line would keep all of it
  const text = ` ${name}="`;
  order.splice(place, 0, { text, name: text.slice(1, -2).toLowerCase() });
  return place + 1;
}
