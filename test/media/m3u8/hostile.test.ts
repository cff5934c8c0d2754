// This file tests that no text makes the playlist parser crash, hang or grow.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { FormatError } from '../../../src/base/errors.ts';
import { formatMediaPlaylist } from '../../../src/media/m3u8/format-media.ts';
import { formatMultivariantPlaylist } from '../../../src/media/m3u8/format-multivariant.ts';
import { MAX_TEXT_CHARS, parsePlaylist } from '../../../src/media/m3u8/parse-playlist.ts';
import { MEDIA, MULTIVARIANT, OPTIONS } from './vectors.ts';

/** Parses and writes; anything but a FormatError is a crash. */
function survive(text: string): 'parsed' | 'refused' {
  try {
    const playlist = parsePlaylist(text, OPTIONS);
    if (playlist.kind === 'media') formatMediaPlaylist(playlist);
    else formatMultivariantPlaylist(playlist);
    return 'parsed';
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    // A message goes into logs: one line, of bounded size, however long the text was.
    expect(error.message).toMatch(/^Cannot [^\n\r]{1,200}$/);
    expect(error.message).toContain(', wanted ');
    expect(error.offset).toBeGreaterThan(0);
    return 'refused';
  }
}

const HEAD = '#EXTM3U\n#EXT-X-TARGETDURATION:4\n';

function fill(piece: string, head = HEAD): string {
  return head + piece.repeat(Math.floor((MAX_TEXT_CHARS - head.length) / piece.length));
}

/** As many lines as fit, each of nearly the longest length. */
function longLines(start: string, piece: string, head = HEAD): string {
  const line = `${start}${piece.repeat(Math.floor((65_500 - start.length) / piece.length))}\n`;
  return fill(line, head);
}

const VARIABLE = `${HEAD}#EXT-X-DEFINE:NAME="a",VALUE="{"\n`;

/**
 * The largest texts of each shape, made to hurt a parser that backtracks, looks again or copies.
 * What takes linear time is done in milliseconds here; what does not, runs into the time limit.
 */
const SHAPES: readonly (readonly [name: string, text: string, outcome: 'parsed' | 'refused'])[] = [
  ['two million blank lines', fill('\n'), 'parsed'],
  ['a million lines of space', fill(' \n'), 'parsed'],
  ['a million carriage returns', fill('\r\n'), 'parsed'],
  ['two million control characters', fill('\0'), 'parsed'],
  ['a million lines of a comment', fill('#\n'), 'parsed'],
  ['a million URIs', fill('a\n'), 'refused'],
  ['as many tags', fill('#EXTINF:1\n'), 'parsed'],
  ['one line of two megabytes', fill('x'), 'refused'],
  ['one line of spaces', fill(' '), 'refused'],
  ['one line of quotes', fill('"'), 'refused'],
  ['lines of spaces', longLines('#EXTINF:1,', ' '), 'parsed'],
  ['lines of digits', longLines('#EXTINF:', '1'), 'parsed'],
  ['lines of digits and commas', longLines('#EXTINF:', '1,'), 'parsed'],
  ['dates of digits', longLines('#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.', '0'), 'parsed'],
  ['dates of spaces', longLines('#EXT-X-PROGRAM-DATE-TIME:2026-01-01T', ' '), 'parsed'],
  ['ranges of digits', longLines('a\n#EXT-X-BYTERANGE:', '1'), 'refused'],
  ['ranges of spaces', longLines('a\n#EXT-X-BYTERANGE:1', ' '), 'parsed'],
  ['attributes of quotes', longLines('#EXT-X-DATERANGE:A=', '"'), 'parsed'],
  ['attributes of open quotes', longLines('#EXT-X-DATERANGE:', 'A="x"y,'), 'refused'],
  ['attributes of quotes and spaces', longLines('#EXT-X-DATERANGE:A="', '" '), 'parsed'],
  ['attributes of quotes and names', longLines('#EXT-X-DATERANGE:A="', '"AAAA'), 'parsed'],
  ['attributes of one long name', longLines('#EXT-X-DATERANGE:A="x"', 'A'), 'parsed'],
  ['attributes of equals signs', longLines('#EXT-X-DATERANGE:', '='), 'parsed'],
  ['attributes of commas', longLines('#EXT-X-DATERANGE:', ','), 'parsed'],
  ['attributes without values', longLines('#EXT-X-DATERANGE:', 'A=,'), 'refused'],
  ['attributes without end', longLines('#EXT-X-DATERANGE:', 'A=1,'), 'refused'],
  ['date ranges without end', fill('#EXT-X-DATERANGE:ID="1"\n'), 'parsed'],
  ['keys of many formats', `${HEAD}${manyKeys(2000)}`, 'refused'],
  [
    'keys that change at every segment',
    fill(`#EXT-X-KEY:METHOD=A,URI="k"\n${'a\n'}`, `${HEAD}${manyKeys(15)}`),
    'refused',
  ],
  ['maps without end', fill('#EXT-X-MAP:URI="i"\n'), 'parsed'],
  ['references never closed', longLines('', '{$', VARIABLE), 'parsed'],
  ['references of one long name', longLines('{$', 'a', VARIABLE), 'parsed'],
  ['references to nothing', longLines('', '{$b}', VARIABLE), 'refused'],
  ['references that grow', longLines('', '{$a}', VARIABLE), 'parsed'],
  ['variants without end', fill('#EXT-X-STREAM-INF:\nv\n', '#EXTM3U\n'), 'refused'],
  ['URIs without variants', fill('v\n', '#EXTM3U\n#EXT-X-STREAM-INF:\n'), 'parsed'],
  ['defines without end', fill('#EXT-X-DEFINE:NAME="x",VALUE="y"\n'), 'refused'],
];

function manyKeys(count: number): string {
  const key = (index: number) =>
    `#EXT-X-KEY:METHOD=A,URI="${'u'.repeat(500)}",KEYFORMAT="f${index}"\n`;
  return Array.from({ length: count }, (_, index) => key(index)).join('');
}

describe('texts made to hurt', () => {
  for (const [name, text, outcome] of SHAPES) {
    test(`${name}: ${outcome}`, () => expect(survive(text)).toBe(outcome));
  }

  test('writing does not grow what was read', () => {
    const head = `${HEAD}${manyKeys(15)}`;
    const changes = '#EXT-X-KEY:METHOD=A,URI="k"\na\n#EXT-X-KEY:METHOD=A,URI="l"\nb\n'.repeat(5000);
    const playlist = parsePlaylist(head + changes);
    if (playlist.kind !== 'media') throw new Error('not a media playlist');
    const text = formatMediaPlaylist(playlist);
    const added = playlist.segments.length * '#EXTINF:4.0,\n'.length;
    expect(text.length).toBeLessThan(head.length + changes.length + added + 1000);
  });
});

const GOOD = [...MEDIA, ...MULTIVARIANT].map((vector) => vector.text);

const SPLICE = fc.oneof(
  fc.constantFrom('"', ',', '=', '\n', '\r', '#', ':', '{$', '}', '@', '0x', '-1', '1e400', '\0'),
  fc.constantFrom('#EXTM3U\n', '#EXTINF:', '#EXT-X-KEY:', '#EXT-X-MAP:', '#EXT-X-BYTERANGE:9\n'),
  fc.constantFrom('URI="', 'METHOD=', '\u2028', '\ufeff', '\ud800', 'é', '99999999999999999999'),
  fc.string({ maxLength: 5 }),
);

const MUTATION = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  cut: fc.nat({ max: 12 }),
  insert: SPLICE,
});

function mutate(text: string, mutations: readonly { at: number; cut: number; insert: string }[]) {
  let mutated = text;
  for (const { at, cut, insert } of mutations) {
    const place = Math.floor(at * mutated.length);
    mutated = mutated.slice(0, place) + insert + mutated.slice(place + cut);
  }
  return mutated;
}

describe('texts made by chance', () => {
  test('good playlists with splices are parsed or refused', () => {
    const seen = { parsed: 0, refused: 0 };
    fc.assert(
      fc.property(
        fc.constantFrom(...GOOD),
        fc.array(MUTATION, { minLength: 1, maxLength: 6 }),
        (text, mutations) => {
          seen[survive(mutate(text, mutations))]++;
        },
      ),
      { numRuns: 4000 },
    );
    expect(seen.parsed).toBeGreaterThan(200);
    expect(seen.refused).toBeGreaterThan(200);
  });

  test('good playlists cut anywhere are parsed or refused', () => {
    for (const text of GOOD)
      for (let end = 0; end <= text.length; end++) survive(text.slice(0, end));
  });

  test('lines of one playlist in another, in any order', () => {
    const lines = GOOD.flatMap((text) => text.split('\n'));
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...lines), { maxLength: 25 }), (picked) => {
        survive(['#EXTM3U', ...picked].join('\n'));
      }),
      { numRuns: 2000 },
    );
  });

  test('any string at all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.boolean(), (text, headed) => {
        survive(headed ? `#EXTM3U\n${text}` : text);
      }),
      { numRuns: 2000 },
    );
  });
});
