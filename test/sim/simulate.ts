// This file plays one seed: a world, its storm, the calm after it, and what was seen of weir.
import { type Outcome, World } from './world.ts';

/** `isTold`: prints what happens as it happens. */
export async function simulate(seed: number, isTold = false): Promise<Outcome> {
  const world = new World(seed, isTold);
  await world.run();
  return world.outcome(seed);
}
