// This file tests that no list, however hostile, makes the reader crash, hang or grow.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { FormatError } from '../../../src/base/errors.ts';
import { MAX_LINE_CHARS } from '../../../src/media/m3u/line-splitter.ts';
import type { ParsedM3u } from '../../../src/media/m3u/list.ts';
import { parseM3u, parseM3uChunks } from '../../../src/media/m3u/parse.ts';
import { createM3uReader } from '../../../src/media/m3u/reader.ts';

const CHUNK_CHARS = 64 * 1024;

/** Feeds `count` chunks, never holding two, and says what came of it. */
function feed(head: string, chunk: string, count: number): ParsedM3u {
  const reader = createM3uReader();
  reader.push(head);
  for (let index = 0; index < count; index += 1) {
    if (!reader.push(chunk)) break;
  }
  return reader.end();
}

function rssBytes(): number {
  Bun.gc(true);
  return process.memoryUsage.rss();
}

/** What the kept text, the allocator and the tests before may take together. */
const SLACK_BYTES = 96 * 1024 * 1024;

describe('createM3uReader() is linear and bounded', () => {
  // One unit, repeated to a line of the longest length: what a scan for each unit would make square
  const units: readonly (readonly [string, string])[] = [
    ['quotes', '"'],
    ['open quotes', 'a="b c'],
    ['values in values', 'a="b"c="d"'],
    ['empty values', 'a="" '],
    ['equals signs', '='],
    ['keys without values', 'a '],
    ['keys in keys', 'a=a='],
    ['commas', ','],
    ['commas before attributes', ',a="'],
    ['commas before words', ', a-'],
    ['spaces', ' '],
    ['quotes and spaces', '" '],
    ['quotes and words', '"a-'],
    ['semicolons', ';'],
    ['bars and ampersands', '|a=%2&'],
    ['brackets', '[{<'],
  ];
  test.each(units)('lines of %s', (_, unit) => {
    const filler = unit.repeat(Math.floor((MAX_LINE_CHARS - 2000) / unit.length));
    const lines = [
      `#EXTINF:-1 ${filler}`,
      `#EXTINF:-1 tvg-id="${filler}",${filler.slice(0, 1000)}`,
      `#EXTGRP:${filler}`,
      `#EXTVLCOPT:http-user-agent=${filler}`,
      `#KODIPROP:inputstream.adaptive.stream_headers=${filler}`,
      `http://h/${filler.slice(0, 4000)}`,
      `http://h/x|${filler}`,
    ];
    const list = feed('#EXTM3U\n', `${lines.join('\n')}\n`, 20);
    expect(list.entries).toHaveLength(40);
  });

  test('a million lines', () => {
    const chunk = '#EXTINF:-1 tvg-id="x",a\n#EXTGRP:g\nhttp://h/a\njunk\n'.repeat(1000);
    const list = feed('#EXTM3U\n', chunk, 250);
    expect(list.entries).toHaveLength(100_000);
    expect(list.problems.counts.get('stray-line')).toBe(100_000);
    expect(list.problems.counts.get('too-many-entries')).toBe(1);
  });

  test('64 MiB without a line break are one line, cut', () => {
    const before = rssBytes();
    const list = feed('#EXTM3U\n#EXTINF:-1 a="', '"'.repeat(CHUNK_CHARS), 1024);
    expect(list.entries).toEqual([]);
    expect([...list.problems.counts]).toEqual([['line-too-long', 1]]);
    expect(rssBytes() - before).toBeLessThan(SLACK_BYTES);
  });

  test('64 MiB without a line break and without a sign are refused early', () => {
    let chunkCount = 0;
    const reader = createM3uReader();
    expect(() => {
      for (; chunkCount < 1024; chunkCount += 1) reader.push('x'.repeat(CHUNK_CHARS));
    }).toThrow(FormatError);
    expect(chunkCount).toBeLessThan(20);
  });

  test('an entry keeps its own text alive, not the chunk it came in', () => {
    const before = rssBytes();
    const reader = createM3uReader();
    reader.push('#EXTM3U\n');
    const comment = `# ${'-'.repeat(60_000)}`;
    const long = 'x'.repeat(400);
    for (let index = 0; index < 4000; index += 1) {
      const entry = `#EXTINF:-1 tvg-id="${index}",${long}\nhttp://h/${long}\n`;
      // Bytes decoded to one flat string, as they come off a socket or a disk
      reader.push(Buffer.from(`${entry}${comment}\n`).toString('latin1'));
    }
    expect(reader.end().entries).toHaveLength(4000);
    expect(rssBytes() - before).toBeLessThan(SLACK_BYTES);
  });

  test('stops at the limits and says so', async () => {
    const entry = `#EXTINF:-1 tvg-id="x",a\nhttp://h/${'x'.repeat(1000)}\n`;
    const few = { entries: 3, keptBytes: 1_000_000 };
    const small = { entries: 100, keptBytes: 10_000 };
    expect(parseM3u(entry.repeat(4), few).entries).toHaveLength(3);
    expect(parseM3u(entry.repeat(3), few).problems.counts.size).toBe(0);
    const cut = parseM3u(entry.repeat(50), small);
    expect(cut.entries).toHaveLength(3);
    expect([...cut.problems.counts]).toEqual([['too-much-text', 1]]);

    let pulled = 0;
    const endless = (function* () {
      for (;;) {
        pulled += 1;
        yield entry;
      }
    })();
    expect((await parseM3uChunks(endless, few)).entries).toHaveLength(3);
    expect(pulled).toBe(4);
  });
});

describe('createM3uReader() with mutated lists', () => {
  const LIST = [
    '#EXTM3U x-tvg-url="http://g/a.xml" tvg-shift=1',
    '#EXTINF:-1 tvg-id="a" tvg-name="A "B" C" group-title="G;H",Title, with "quotes"',
    '#EXTVLCOPT:http-user-agent=Mozilla/5.0 (X11)',
    'http://h/a.m3u8|referer=http%3A%2F%2Fr%2F&origin=o',
    '#EXTINF:0 tvg-chno=7 radio=true,Two',
    '#EXTGRP:Section',
    '#KODIPROP:inputstream.adaptive.stream_headers=a=b&c=d',
    'https://h/b?x=1,2',
    '',
  ].join('\r\n');
  const piece = fc.oneof(
    fc.constantFrom(
      '"',
      ',',
      '=',
      '#',
      '|',
      ';',
      '\n',
      '\r',
      '\0',
      ' ',
      '#EXTINF:',
      'http://',
      '\ufeff',
    ),
    fc.string({ unit: 'binary', maxLength: 3 }),
  );
  const edit = fc.tuple(fc.nat(LIST.length), fc.nat(20), piece);

  test('they are read or refused, the same in one piece as in many', () => {
    fc.assert(
      fc.property(
        fc.array(edit, { maxLength: 12 }),
        fc.integer({ min: 1, max: 40 }),
        (edits, size) => {
          let text = LIST;
          for (const [at, length, put] of edits)
            text = text.slice(0, at) + put + text.slice(at + length);
          const whole = outcomeOf([text]);
          const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
          expect(outcomeOf(pieces)).toEqual(whole);
          if (whole instanceof FormatError) return;
          for (const entry of whole.entries) {
            expect(entry.name).not.toBe('');
            expect(entry.url).toBe(entry.url.trim());
            expect(entry.url).not.toMatch(/[\r\n|]/);
            expect(entry.name).not.toMatch(/[\r\n]/);
            expect(entry.groups).not.toContain('');
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});

function outcomeOf(chunks: readonly string[]): ParsedM3u | FormatError {
  try {
    const reader = createM3uReader();
    for (const chunk of chunks) reader.push(chunk);
    return reader.end();
  } catch (error) {
    if (error instanceof FormatError) return error;
    throw error;
  }
}
