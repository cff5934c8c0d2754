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

/** How much `y` grows with each 1 of `x`, by least squares. */
export function slope(points: readonly { readonly x: number; readonly y: number }[]): number {
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, { y }) => sum + y, 0) / points.length;
  let over = 0;
  let under = 0;
  for (const { x, y } of points) {
    over += (x - meanX) * (y - meanY);
    under += (x - meanX) ** 2;
  }
  return under === 0 ? 0 : over / under;
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
