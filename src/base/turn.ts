// This file lets others have their turn in the middle of long work.

/**
 * Goes on once whatever came in meanwhile was looked at: sooner than any timer, whose shortest wait
 * is a millisecond.
 */
export function othersTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Looks at each in order, `atOnce` of them without a pause. */
export async function eachInTurns<T>(
  items: readonly T[],
  atOnce: number,
  look: (item: T) => void,
): Promise<void> {
  for (let at = 0; at < items.length; at += atOnce) {
    if (at > 0) await othersTurn();
    for (const item of items.slice(at, at + atOnce)) look(item);
  }
}
