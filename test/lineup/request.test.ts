// This file tests what a line-up request may ask for.
import { describe, expect, test } from 'bun:test';
import { readLineUpRequest, readProgramRequest } from '../../src/lineup/request.ts';

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
  ];
  test.each(good)('%p', (query, expected) => {
    expect(lineUp(query)).toEqual({ kind: 'line-up', ...expected } as never);
  });

  const refused: readonly (readonly [string, string])[] = [
    ['mode=fast', 'mode'],
    ['mode=Proxy', 'mode'],
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
