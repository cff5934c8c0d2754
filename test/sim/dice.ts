// This file draws the decisions of a simulated world from one seed.
import { type Random, seededRandom } from '../../src/base/random.ts';

export class Dice {
  readonly random: Random;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  /** A world of its own, so that one part's draws do not shift another's. */
  fork(): Dice {
    return new Dice(Math.floor(this.random() * 2 ** 32));
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  between(low: number, high: number): number {
    return low + this.random() * (high - low);
  }

  whole(low: number, high: number): number {
    return Math.floor(this.between(low, high + 1));
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)] as T;
  }
}
