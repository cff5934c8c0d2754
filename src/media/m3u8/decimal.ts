// This file reads and writes the numbers of a playlist.

/** Digits kept behind the point: a microsecond, finer than any media clock in HLS (90 kHz). */
const DECIMALS = 6;
const SCALE = 10 ** DECIMALS;

/**
 * RFC 8216 §4.2 decimal-integer, 0 to 2^64 - 1; what stands behind the digits is ignored. A
 * number beyond 2^53 comes back rounded: who needs it exact must check.
 */
export function parseDecimalInteger(text: string): number | undefined {
  const value = Number.parseInt(text, 10);
  return value >= 0 ? value + 0 : undefined;
}

/**
 * RFC 8216 §4.2 (signed-)decimal-floating-point, rounded to what `formatDecimal` writes. A decimal
 * comma, as printf writes it in many locales, is the caller's to replace.
 */
export function parseDecimal(text: string): number | undefined {
  const value = Number.parseFloat(text);
  return Number.isFinite(value) ? roundDecimal(value) : undefined;
}

function roundDecimal(value: number): number {
  const rounded = Math.round(value * SCALE) / SCALE;
  return Number.isFinite(rounded) ? rounded + 0 : value;
}

/** At most six digits behind the point, never an exponent. */
export function formatDecimal(value: number): string {
  const text = String(roundDecimal(value));
  // toFixed itself writes an exponent from 1e21 on; such a number is cut to what it can.
  return text.includes('e') ? Math.max(-1e20, Math.min(value, 1e20)).toFixed(0) : text;
}
