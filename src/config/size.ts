// This file reads and writes sizes as people write them: 256MiB, 1.5GiB, 64MB, 1048576.

const UNITS: readonly (readonly [string, number])[] = [
  ['TiB', 2 ** 40],
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
  ['TB', 1e12],
  ['GB', 1e9],
  ['MB', 1e6],
  ['KB', 1e3],
  // A letter alone is a power of 1024, as nginx, systemd and Docker mean it.
  ['T', 2 ** 40],
  ['G', 2 ** 30],
  ['M', 2 ** 20],
  ['K', 2 ** 10],
  ['B', 1],
];

/** Whole bytes, or undefined where `text` is no size. Case does not matter. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,6})?) ?([a-z]{0,3})$/i.exec(text);
  if (match === null) return undefined;
  const [, digits, unit] = match as unknown as [string, string, string];
  const factor = unit === '' ? 1 : factorOf(unit);
  if (factor === undefined) return undefined;
  const sizeBytes = Number(digits) * factor;
  // Half a byte is a slip of the pen; half a mebibyte is not.
  if (factor === 1 && !Number.isInteger(sizeBytes)) return undefined;
  return sizeBytes <= Number.MAX_SAFE_INTEGER ? Math.round(sizeBytes) : undefined;
}

/** The largest binary unit that divides evenly, else one decimal of the largest that fits. */
export function formatSize(sizeBytes: number): string {
  const units = UNITS.slice(0, 4).filter(([, factor]) => sizeBytes >= factor);
  for (const [unit, factor] of units) {
    const count = sizeBytes / factor;
    // 24684096KiB divides evenly, and says nothing to anyone.
    if (Number.isInteger(count) && count < 10_000) return `${count}${unit}`;
  }
  const [largest] = units;
  if (largest === undefined) return `${sizeBytes}B`;
  return `${(sizeBytes / largest[1]).toFixed(1)}${largest[0]}`;
}

function factorOf(unit: string): number | undefined {
  return UNITS.find(([name]) => name.toLowerCase() === unit.toLowerCase())?.[1];
}
