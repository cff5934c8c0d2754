// This file tests when a thread counts as stuck.
import { expect, test } from 'bun:test';
import { Heartbeat } from '../../src/base/heartbeat.ts';

const ROWS = [
  ['never answers', 'aaa!', 'stuck'],
  ['answers each time', 'aAaAaAaAaA', 'well'],
  ['answers in the last moment', 'aaaAaaaAaaa', 'well'],
  ['answers once and no more', 'aAaaa!', 'stuck'],
  ['is asked by one who slept between two questions', 'aAa', 'well'],
] as const;

for (const [name, course, outcome] of ROWS) {
  test(`a thread that ${name}`, () => {
    const heart = new Heartbeat();
    const stuck = [...course].filter((step) => {
      if (step !== 'A') return !heart.ask();
      heart.answered();
      return false;
    });
    expect(stuck.join('')).toBe(outcome === 'stuck' ? '!' : '');
  });
}
