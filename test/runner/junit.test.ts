// This file tests that no failure is lost between a test run and the last line.
import { describe, expect, test } from 'bun:test';
import { brokenLines, countTests, skippedLines, sumOf } from './junit.ts';

const REPORT = `<?xml version="1.0"?>
<testsuites name="bun test" tests="4">
  <testsuite name="test/a.test.ts" file="test/a.test.ts">
    <testsuite name="d &lt;a&gt;" file="test/a.test.ts">
      <testcase name="good" classname="d" time="0.1" file="test/a.test.ts" line="2" assertions="1" />
      <testcase name="not &quot;now&quot;" classname="d" time="0" file="test/a.test.ts" line="3">
        <skipped />
      </testcase>
      <testcase name="bad" classname="d" time="0" file="test/a.test.ts" line="4">
        <failure type="AssertionError" message="x">x</failure>
      </testcase>
    </testsuite>
    <testcase name="last" classname="" time="0" file="test/a.test.ts" line="9" assertions="0" />
  </testsuite>
</testsuites>`;
const GOOD = REPORT.replace(/<failure[\s\S]*?<\/failure>/, '');
const A = 'test/a.test.ts';
const B = 'test/b.test.ts';

describe('countTests()', () => {
  test.each([
    ['what passed, failed and was skipped', REPORT, [A], 1, 2, 1],
    ['a file that never ran as a failure', REPORT, [A, B], 1, 2, 2],
    ['an error in no test as a failure', GOOD, [A], 1, 3, 1],
    ['nothing too much where all is well', GOOD, [A], 0, 3, 0],
    ['every file of a run that was killed as a failure', undefined, [A, B], 124, 0, 2],
  ])('counts %s', (_, report, files, code, passed, failed) => {
    expect(sumOf(countTests(report, files, code))).toEqual({ passed, failed });
  });

  test('tells the files apart', () => {
    const counts = countTests(REPORT, [A, B], 1);
    expect(counts.get(A)).toEqual({
      passed: 2,
      failed: 1,
      skipped: ['not "now"'],
      broken: ['bad\n    x'],
    });
    expect(counts.get(B)).toEqual({ passed: 0, failed: 1, skipped: [], broken: [] });
  });
});

describe('skippedLines()', () => {
  const row = `<testcase name="n" file="${A}"><skipped /></testcase>`;
  test.each([
    [1, [`${A}: n`]],
    [6, [`${A}: 6 tests`]],
  ])('says of a file that skips %d what is missing', (count, lines) => {
    expect(skippedLines(countTests(row.repeat(count), [A], 0))).toEqual(lines);
  });
});

describe('brokenLines()', () => {
  test.each([
    ['a test with its reason', REPORT, 1, [`${A}: bad\n    x`]],
    ['a file that names none', undefined, 124, [`${A}: did not run to its end`]],
    ['nothing where all is well', GOOD, 0, []],
  ])('names %s', (_, report, code, lines) => {
    expect(brokenLines(countTests(report, [A], code))).toEqual(lines);
  });
});
