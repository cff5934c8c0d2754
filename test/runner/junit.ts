// This file counts what a run of tests did, from the report that it leaves.

export type TestCount = {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly string[];
};

/** Skipped tests of one file that are named one by one. */
const MAX_NAMED = 5;

/**
 * `files` are those that were to run, `code` is the exit code. A file that broke while it was
 * loaded is not in the report, and an error between tests is in no test: each counts as a failure.
 */
export function countTests(
  report: string | undefined,
  files: readonly string[],
  code: number,
): TestCount {
  if (report === undefined) return { passed: 0, failed: 1, skipped: [] };
  let passed = 0;
  let failed = 0;
  const skipped = new Map<string, string[]>();
  const ran = new Set<string>();
  const rows = /<testcase name="([^"]*)"[^>]*?file="([^"]*)"[^>]*?(\/>|>([\s\S]*?)<\/testcase>)/g;
  for (const [, name = '', file = '', , inside = ''] of report.matchAll(rows)) {
    ran.add(file);
    if (/<failure|<error/.test(inside)) failed++;
    else if (/<skipped/.test(inside)) {
      skipped.set(file, [...(skipped.get(file) ?? []), unescaped(name)]);
    } else passed++;
  }
  for (const file of files) if (!ran.has(file)) failed++;
  if (code !== 0 && failed === 0) failed = 1;
  return { passed, failed, skipped: [...skipped].flatMap(skippedLines) };
}

/** A file that skips much is one line: what it lacks is one thing. */
function skippedLines([file, names]: [string, string[]]): string[] {
  if (names.length > MAX_NAMED) return [`${file}: ${names.length} tests`];
  return names.map((name) => `${file}: ${name}`);
}

function unescaped(text: string): string {
  const marks: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, mark: string) => marks[mark] ?? '');
}
