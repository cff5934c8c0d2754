// This file reads and writes durations as people write them: 60s, 1h30m, 500ms, 1.5s.

const UNITS_MS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
];

/** Milliseconds, or undefined where `text` is no duration. A number without a unit is none, but 0. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  let rest = text;
  let sumMs = 0;
  let smallest = -1;
  while (rest !== '') {
    const match = /^(\d{1,12}(?:\.\d{1,6})?)(ms|d|h|m|s) ?/.exec(rest);
    if (match === null) return undefined;
    const [whole, digits, unit] = match as unknown as [string, string, string];
    const rank = UNITS_MS.findIndex(([name]) => name === unit);
    if (rank <= smallest) return undefined; // 1s1h and 1s1s are slips of the pen
    smallest = rank;
    sumMs += Number(digits) * UNITS_MS[rank]![1];
    rest = rest.slice(whole.length);
  }
  const isDuration = smallest >= 0 && sumMs <= Number.MAX_SAFE_INTEGER;
  return isDuration ? Math.round(sumMs) : undefined;
}

/** The same, with a sign before it where it is earlier: `-30m`, `1h` or `+1h`. */
export function parseShift(text: string): number | undefined {
  const durationMs = parseDuration(text.replace(/^[+-]/, ''));
  return durationMs !== undefined && text.startsWith('-') ? 0 - durationMs : durationMs;
}

/** The shortest exact form: 5400000 → 1h30m. */
export function formatDuration(durationMs: number): string {
  if (durationMs === 0) return '0s';
  let rest = durationMs;
  let text = '';
  for (const [unit, factor] of UNITS_MS) {
    const count = Math.floor(rest / factor);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * factor;
  }
  return text;
}
