// This file tests what a line-up request may ask for.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  DIALECTS,
  queryFor,
  readLineUpRequest,
  readProgramRequest,
} from '../../src/lineup/request.ts';

const lineUp = (query: string) => readLineUpRequest(new URLSearchParams(query));
const program = (query: string) => readProgramRequest(new URLSearchParams(query));

describe('readLineUpRequest()', () => {
  const good: readonly (readonly [string, object])[] = [
    ['', { groups: [] }],
    ['mode=&quality=&host=', { groups: [] }],
    ['mode=proxy', { mode: 'proxy', groups: [] }],
    ['quality=720', { quality: 720, groups: [] }],
    ['quality=1080p', { quality: 1080, groups: [] }],
    ['group=News&group=Sport&group=News', { groups: ['News', 'Sport'] }],
    ['group=', { groups: [''] }],
    ['host=cdn.example:81/x/', { host: 'http://cdn.example:81/x', groups: [] }],
    ['unknown=1', { groups: [] }],
    ['id=news', { groups: [], ids: ['news'] }],
    ['id=news&ids=a,b,,a&ids= c', { groups: [], ids: ['news', 'a', 'b', 'c'] }],
    ['id=&ids=,', { groups: [] }],
    ['dialect=kodi&output=ts', { groups: [], dialect: 'kodi', output: 'ts' }],
    ['dialect=&output=', { groups: [] }],
  ];
  test.each(good)('%p', (query, expected) => {
    expect(lineUp(query)).toEqual({ kind: 'line-up', ...expected } as never);
  });

  const refused: readonly (readonly [string, string])[] = [
    ['mode=fast', 'mode'],
    ['mode=Proxy', 'mode'],
    ['dialect=tivimate', 'dialect'],
    ['output=m3u8', 'output'],
    ['quality=high', 'quality'],
    ['quality=0', 'quality'],
    ['quality=-1', 'quality'],
    ['quality=123456', 'quality'],
    ['host=a%20b', 'host'],
    ['host=javascript:x', 'host'],
    ['host=a%0d%0ab', 'host'],
  ];
  test.each(refused)('%p is refused, without repeating it', (query, parameter) => {
    const answer = lineUp(query);
    expect(answer).toMatchObject({ kind: 'bad', parameter });
    if (answer.kind !== 'bad') throw new Error('unreachable');
    expect(answer.message).toStartWith(`Cannot write the line-up: ${parameter} is none, wanted `);
    expect(answer.message).not.toContain('\n');
  });

  test('what is not known is answered with what is', () => {
    const messageOf = (query: string) => (lineUp(query) as { message: string }).message;
    expect(messageOf('dialect=x')).toEndWith(
      'wanted default, kodi, vlc, enigma2, enigma2-index, enigma2-script',
    );
    expect(messageOf('output=x')).toEndWith('wanted hls, ts');
  });

  test('queryFor() writes what reads as the same', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 8 });
    const request = fc.record(
      {
        kind: fc.constant('line-up' as const),
        groups: fc.uniqueArray(text),
        ids: fc.uniqueArray(fc.constantFrom('a', 'b_c', 'd-1'), { minLength: 1 }),
        mode: fc.constantFrom('buffered' as const, 'host' as const),
        quality: fc.integer({ min: 1, max: 99_999 }),
        host: fc.constantFrom('http://tv.example', 'https://h:81/x'),
        dialect: fc.constantFrom(...DIALECTS),
        output: fc.constantFrom('hls' as const, 'ts' as const),
      },
      { requiredKeys: ['kind', 'groups'] },
    );
    fc.assert(
      fc.property(request, (wanted) => {
        const written = queryFor(wanted);
        expect(written).toMatch(/^[A-Za-z0-9%&=*._+-]*$/);
        expect(lineUp(written)).toEqual(wanted);
      }),
    );
  });

  test('the scheme of the request goes to a host without one', () => {
    const query = new URLSearchParams('host=tv.example');
    expect(readLineUpRequest(query, 'https')).toMatchObject({ host: 'https://tv.example' });
  });
});

describe('readProgramRequest()', () => {
  test('takes the names of the ancestor', () => {
    expect(program('')).toEqual({ kind: 'program', name: 'channel2' });
    expect(program('name=online&hd=480&host=h')).toEqual({
      kind: 'program',
      name: 'online',
      quality: 480,
      host: 'http://h',
    });
  });

  test.each([
    ['name=channel4', 'name'],
    ['hd=x', 'hd'],
    ['host=%22', 'host'],
  ])('%p is refused', (query, parameter) => {
    expect(program(query)).toMatchObject({ kind: 'bad', parameter });
  });
});
