// This file tests the names of init segments under tokens that rotate.
import { describe, expect, test } from 'bun:test';
import { InitNames } from '../../../src/source/pull/init-names.ts';

/** The names given over lists that each hold one segment, number 1, with this init segment. */
function namesOver(urls: readonly string[]): string[] {
  const names = new InitNames();
  return urls.map((url) => listed(names, '1 1.m4s', url));
}

function listed(names: InitNames, segment: string, url: string, suffix = ''): string {
  names.begin();
  const name = names.nameOf(segment, { url, suffix });
  names.end();
  return name;
}

const BASE = 'https://up.example/live';

describe('InitNames', () => {
  test('the same place has the same name', () => {
    const [first, second] = namesOver([`${BASE}/init.mp4`, `${BASE}/init.mp4`]);
    expect(first).toBe(second as string);
    expect(first).toMatch(/^init-[a-z0-9]+\.mp4$/);
  });

  test('ranges of one file are different init segments', () => {
    const names = new InitNames();
    const name = (suffix: string) => listed(names, `1 ${suffix}`, `${BASE}/all.mp4`, suffix);
    expect(name('@0+700')).not.toBe(name('@700+700'));
  });

  test.each([
    ['a parameter', (n: number) => `${BASE}/init.mp4?v=2&token=${n}`],
    ['a folder', (n: number) => `${BASE}/t${n}/720/init.mp4`],
    ['the host', (n: number) => `https://edge${n}.example/live/init.mp4`],
  ])('a token as %s is no longer part of the name once it was seen to rotate', (_what, at) => {
    const names = namesOver([1, 2, 3, 4, 5, 6].map(at));
    // Four lists tell three changes; the name in use then is kept
    expect(new Set(names.slice(0, 4)).size).toBe(4);
    expect(names.slice(4)).toEqual([names[3], names[3]] as string[]);
  });

  test('what tells init segments apart stays part of the name beside a token', () => {
    const names = new InitNames();
    for (let n = 1; n <= 5; n++) listed(names, '1 1.m4s', `${BASE}/init.mp4?v=2&token=${n}`);
    const second = listed(names, '9 9.m4s', `${BASE}/init.mp4?v=2&token=8`);
    const other = listed(names, '10 10.m4s', `${BASE}/init.mp4?v=3&token=9`);
    expect(other).not.toBe(second);
  });

  test.each([
    ['changed once, as where an encoder began anew', [1, 1, 1, 2, 2, 2]],
    ['changed now and then', [1, 2, 2, 3, 3, 4]],
  ])('a parameter that %s is no token', (_what, versions) => {
    const names = namesOver(versions.map((v) => `${BASE}/init.mp4?v=${v}`));
    expect(new Set(names).size).toBe(new Set(versions).size);
  });

  test('the name of the file itself is never a token', () => {
    const names = namesOver([1, 2, 3, 4, 5, 6].map((n) => `${BASE}/init${n}.mp4`));
    expect(new Set(names).size).toBe(6);
  });

  test('URLs of another shape are not compared', () => {
    const urls = [`${BASE}/init.mp4`, `${BASE}/a/init.mp4`, `${BASE}/a/b/init.mp4`];
    expect(new Set(namesOver([...urls, ...urls])).size).toBe(3);
  });

  test('what is no URL is named as it stands', () => {
    expect(new Set(namesOver(['x', 'y', 'x'])).size).toBe(2);
  });

  test('a name that was forgotten is given again', () => {
    const names = new InitNames();
    const first = listed(names, '0', `${BASE}/init0.mp4`);
    for (let n = 1; n <= 1000; n++) listed(names, String(n), `${BASE}/init${n}.mp4`);
    expect(listed(names, '1001', `${BASE}/init0.mp4`)).toBe(first);
  });
});
