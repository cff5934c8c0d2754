// This file plays one seed: a world, its storm, the calm after it, and what was seen of weir.
import { type Outcome, type Shape, World } from './world.ts';

/** `isTold`: prints what happens as it happens. */
export async function simulate(
  seed: number,
  shape: Shape = shapeOf(seed),
  isTold = false,
): Promise<Outcome> {
  const world = new World(seed, isTold, shape);
  await world.run();
  return world.outcome(seed);
}

/** Every fourth world has a second source; of each kind some have a slate, and some an archive. */
export function shapeOf(seed: number): Shape {
  const sources = seed % 4 === 0 ? 2 : 1;
  const hasSlate = seed % 16 === (sources === 2 ? 4 : 2);
  return { sources, hasSlate, hasArchive: seed % 5 === 3 };
}
