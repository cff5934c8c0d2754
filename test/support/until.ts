// This file waits for a condition, since nobody knows how long it takes.

/** Polls until `done`; false where that has not come within `withinMs`. */
export async function until(
  done: () => boolean | Promise<boolean>,
  withinMs: number,
): Promise<boolean> {
  const endMs = performance.now() + withinMs;
  while (performance.now() < endMs) {
    if (await done()) return true;
    await Bun.sleep(20);
  }
  return false;
}
