// This file plays one seed: a world, its storm, the calm after it, and what was seen of weir.
import { type Outcome, World } from './world.ts';

/** `isTold`: prints what happens as it happens. */
export async function simulate(
  seed: number,
  sources: 1 | 2 = sourcesOf(seed),
  isTold = false,
): Promise<Outcome> {
  const world = new World(seed, isTold, sources);
  await world.run();
  return world.outcome(seed);
}

/** Every fourth world has a second source. */
export function sourcesOf(seed: number): 1 | 2 {
  return seed % 4 === 0 ? 2 : 1;
}
