// This file reads what panels answer, whose JSON has numbers as text, {} for [] and null for anything.

export type PanelRow = Readonly<Record<string, unknown>>;

/** '' where it is neither text nor number. */
export function textIn(row: PanelRow, ...names: readonly string[]): string {
  for (const name of names) {
    const value = row[name];
    if (typeof value === 'number' && Number.isFinite(value)) return String(value);
    if (typeof value === 'string' && value.trim() !== '') return value.trim();
  }
  return '';
}

export function numberIn(row: PanelRow, ...names: readonly string[]): number | undefined {
  const text = textIn(row, ...names);
  const number = /^-?\d{1,15}(?:\.\d{1,9})?$/.test(text) ? Number(text) : undefined;
  return number;
}

/** Whole, from 0. */
export function idIn(row: PanelRow, name: string): number | undefined {
  const number = numberIn(row, name) ?? -1;
  return Number.isInteger(number) && number >= 0 ? number : undefined;
}

/** A list, the values of what should have been one, or nothing; what is no row is left out. */
export function rowsOf(value: unknown): readonly PanelRow[] {
  if (typeof value !== 'object' || value === null) return [];
  const items: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  return items.filter(isRow);
}

export function rowOf(value: unknown): PanelRow {
  return isRow(value) ? value : {};
}

/** Texts of a list, or of one text with commas. */
export function textsOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.filter((each) => typeof each === 'string');
  return typeof value === 'string' ? value.split(',').map((each) => each.trim()) : [];
}

function isRow(value: unknown): value is PanelRow {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
