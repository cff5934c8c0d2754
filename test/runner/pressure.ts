// This file tells how much the machine's processors were wanted by more than they could serve.
import { readFileSync } from 'node:fs';

/** Starts measuring; the result is the share of the time since in which something had to wait. */
export function measurePressure(): () => number | undefined {
  const startMs = performance.now();
  const startUs = waitedUs();
  return () => {
    const endUs = waitedUs();
    if (startUs === undefined || endUs === undefined) return undefined;
    return (endUs - startUs) / 1000 / (performance.now() - startMs);
  };
}

/** Linux alone keeps this account, and not in every container. */
function waitedUs(): number | undefined {
  try {
    const total = /^some .*total=(\d+)/m.exec(readFileSync('/proc/pressure/cpu', 'utf8'))?.[1];
    return total === undefined ? undefined : Number(total);
  } catch {
    return undefined;
  }
}
