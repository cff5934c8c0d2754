// This file is what a measurement says, and whether it says enough.

export type Verdict = 'reached' | 'missed' | 'not measured';

/** One row of the table. */
export type Figure = {
  readonly what: string;
  readonly weir: string;
  /** What a peer did under the same load, where the figure is one of comparison. */
  readonly nginx?: string;
  readonly varnish?: string;
  readonly target: string;
  readonly verdict: Verdict;
  /** How it was measured, or why it was not. */
  readonly note: string;
};

export function verdict(isReached: boolean): Verdict {
  return isReached ? 'reached' : 'missed';
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The nearest value at or below the share `q` of all; NaN of none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

export type Point = { readonly x: number; readonly y: number };

/**
 * How much `y` grows with each 1 of `x`: the median of the slopes between any two points (Theil-Sen).
 * A few points that stand out, wherever they are, do not tilt it as they would a least-squares line.
 */
export function slope(points: readonly Point[]): number {
  const slopes = points.flatMap((from, index) =>
    points
      .slice(index + 1)
      .filter(({ x }) => x !== from.x)
      .map(({ x, y }) => (y - from.y) / (x - from.x)),
  );
  return slopes.length === 0 ? 0 : median(slopes);
}

/** The lowest point of each stretch of `width` along `x`: what a sawtooth stands on. */
export function floors(points: readonly Point[], width: number): Point[] {
  const lowest = new Map<number, Point>();
  for (const point of points) {
    const stretch = Math.floor(point.x / width);
    const known = lowest.get(stretch);
    if (known === undefined || point.y < known.y) lowest.set(stretch, point);
  }
  return [...lowest.values()];
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(Math.abs(bytes) < 10e6 ? 1 : 0)} MB`;
}

/** As a difference: with its sign before it. */
export function added(value: number, format: (value: number) => string): string {
  return `${value < 0 ? '−' : '+'} ${format(Math.abs(value))}`;
}

export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

export function milliseconds(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}
