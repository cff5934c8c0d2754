// This file lets others have their turn in the middle of long work.

/**
 * Goes on once whatever came in meanwhile was looked at: sooner than any timer, whose shortest wait
 * is a millisecond.
 */
export function othersTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
