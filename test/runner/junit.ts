// This file counts what a run of tests did, from the report that it leaves.

export type FileCount = {
  readonly passed: number;
  readonly failed: number;
  /** Names of tests. */
  readonly skipped: readonly string[];
  /** What broke: names of tests with the reason; empty where no test can be named. */
  readonly broken: readonly string[];
};

/** A reason longer than this says nothing more in a summary. */
const REASON_MAX_CHARS = 1000;
const NOTHING: FileCount = { passed: 0, failed: 0, skipped: [], broken: [] };

/**
 * What each of `files` did. One that broke while it was loaded is not in the report, and a run that
 * was killed leaves none: every file without a result counts as one failure. An error between tests
 * is in no test; where the exit code alone tells of it, it is held against the last file.
 */
export function countTests(
  report: string | undefined,
  files: readonly string[],
  code: number,
): ReadonlyMap<string, FileCount> {
  const counts = new Map<string, FileCount>();
  const rows = /<testcase name="([^"]*)"[^>]*?file="([^"]*)"[^>]*?(\/>|>([\s\S]*?)<\/testcase>)/g;
  for (const [, name = '', file = '', , inside = ''] of (report ?? '').matchAll(rows)) {
    const { passed, failed, skipped, broken } = counts.get(file) ?? NOTHING;
    const isBad = /<failure|<error/.test(inside);
    const isSkipped = !isBad && inside.includes('<skipped');
    counts.set(file, {
      passed: passed + (isBad || isSkipped ? 0 : 1),
      failed: failed + (isBad ? 1 : 0),
      skipped: isSkipped ? [...skipped, unescaped(name)] : skipped,
      broken: isBad ? [...broken, `${unescaped(name)}${reasonOf(inside)}`] : broken,
    });
  }
  for (const file of files) {
    if (!counts.has(file)) counts.set(file, { ...NOTHING, failed: 1 });
  }
  const last = files.at(-1);
  if (code !== 0 && last !== undefined && sumOf(counts).failed === 0) {
    counts.set(last, { ...counts.get(last)!, failed: 1 });
  }
  return counts;
}

export function sumOf(counts: ReadonlyMap<string, FileCount>): { passed: number; failed: number } {
  let [passed, failed] = [0, 0];
  for (const count of counts.values()) {
    passed += count.passed;
    failed += count.failed;
  }
  return { passed, failed };
}

/** Skipped tests of one file that are named one by one; what more lack is one thing. */
const MAX_NAMED = 5;

export function skippedLines(counts: ReadonlyMap<string, FileCount>): string[] {
  return [...counts].flatMap(([file, { skipped }]) =>
    skipped.length > MAX_NAMED
      ? [`${file}: ${skipped.length} tests`]
      : skipped.map((name) => `${file}: ${name}`),
  );
}

/** What failed, one a line with its reason under it. */
export function brokenLines(counts: ReadonlyMap<string, FileCount>): string[] {
  return [...counts].flatMap(([file, { failed, broken }]) => {
    if (failed > broken.length) return [...broken, 'did not run to its end'].map(at(file));
    return broken.map(at(file));
  });
}

function at(file: string): (what: string) => string {
  return (what) => `${file}: ${what}`;
}

/** The report's own words on a failure: its message, and what was seen. */
function reasonOf(inside: string): string {
  const [, attributes = '', text = ''] =
    /<(?:failure|error)([^>]*?)(?:\/>|>([\s\S]*?)<\/(?:failure|error)>)/.exec(inside) ?? [];
  const message = /message="([^"]*)"/.exec(attributes)?.[1] ?? '';
  const reason = unescaped(text.includes(message) ? text : `${message}\n${text}`).trim();
  return reason === '' ? '' : `\n${reason.slice(0, REASON_MAX_CHARS)}`.replaceAll('\n', '\n    ');
}

function unescaped(text: string): string {
  const marks: Record<string, string> = {
    lt: '<',
    gt: '>',
    quot: '"',
    apos: "'",
    amp: '&',
    '#10': '\n',
  };
  return text.replace(/&(lt|gt|quot|apos|amp|#10);/g, (_, mark: string) => marks[mark] ?? '');
}
