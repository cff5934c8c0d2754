// This file plays one seed: a world, its storm, the calm after it, and what was seen of weir.
import type { Outcome, Shape } from './outcome.ts';
import { World } from './world.ts';

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

/** Of 64: two sources, one, and a slate with each of them. */
const STREAMS = new Set([8, 40, 3, 2, 20]);

/** Every fourth world has a second source, and of each kind some have a slate, endless streams or an archive. */
export function shapeOf(seed: number): Shape {
  const sources = seed % 4 === 0 ? 2 : 1;
  const hasSlate = seed % 16 === (sources === 2 ? 4 : 2);
  const hasStreams = STREAMS.has(seed % 64);
  return { sources, hasSlate, hasStreams, hasArchive: !hasStreams && seed % 5 === 3 };
}
