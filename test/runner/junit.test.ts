// This file tests that no failure is lost between a test run and the last line.
import { describe, expect, test } from 'bun:test';
import { countTests } from './junit.ts';

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
const SKIPPED = ['test/a.test.ts: not "now"'];

describe('countTests()', () => {
  test.each([
    ['what passed, failed and was skipped', REPORT, ['test/a.test.ts'], 1, 2, 1],
    ['a file that never ran as a failure', REPORT, ['test/a.test.ts', 'test/b.test.ts'], 1, 2, 2],
    ['an error in no test as a failure', GOOD, ['test/a.test.ts'], 1, 3, 1],
    ['nothing too much where all is well', GOOD, ['test/a.test.ts'], 0, 3, 0],
  ])('counts %s', (_, report, files, code, passed, failed) => {
    expect(countTests(report, files, code)).toEqual({ passed, failed, skipped: SKIPPED });
  });

  test('says of a file that skips much how much', () => {
    const row = '<testcase name="n" file="test/a.test.ts"><skipped /></testcase>';
    expect(countTests(row.repeat(6), ['test/a.test.ts'], 0).skipped).toEqual([
      'test/a.test.ts: 6 tests',
    ]);
  });

  test('counts a run that left no report as a failure', () => {
    expect(countTests(undefined, ['test/a.test.ts'], 0).failed).toBe(1);
  });
});
