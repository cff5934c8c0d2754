// This file is the arithmetic of clocks that begin again at 0.

export const WRAP_90K = 2 ** 33;
export const WRAP_27M = WRAP_90K * 300;

export const mod = (value: number, by: number): number => ((value % by) + by) % by;

/** The difference by the shorter way round. */
export function wrapped(difference: number, by: number): number {
  const forward = mod(difference, by);
  return forward < by / 2 ? forward : forward - by;
}
