// This file says in words why a file cannot be read.

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it is not there',
  EISDIR: 'it is a folder',
  EACCES: 'it may not be read',
};

/** Of what the file system threw. */
export function whyUnreadable(error: unknown): string {
  const { code } = error as { readonly code?: string };
  return REASONS[code ?? ''] ?? `it cannot be opened (${code ?? 'unknown'})`;
}
