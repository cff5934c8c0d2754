// This file says where a setting was written.

export type Origin =
  | { readonly from: 'default' }
  | { readonly from: 'file'; readonly file: string; readonly line: number; readonly column: number }
  | { readonly from: 'variable'; readonly name: string }
  | { readonly from: 'flag'; readonly name: string };

export const BY_DEFAULT: Origin = { from: 'default' };

/** `weir.yaml:3:10`, `WEIR_LISTEN`, `--listen` or `default`. */
export function formatOrigin(origin: Origin): string {
  switch (origin.from) {
    case 'default':
      return 'default';
    case 'file':
      return `${origin.file}:${origin.line}:${origin.column}`;
    case 'variable':
    case 'flag':
      return origin.name;
  }
}
