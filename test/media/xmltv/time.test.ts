// This file tests the dates and times of guides.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { formatXmltvTime, parseXmltvTime } from '../../../src/media/xmltv/time.ts';

const TIMES: readonly (readonly [string, string, string | undefined])[] = [
  ['seconds and zone', '20261121200000 +0000', '2026-11-21T20:00:00.000Z'],
  ['east of Greenwich', '20261121200000 +0100', '2026-11-21T19:00:00.000Z'],
  ['west of Greenwich', '20261121200000 -0530', '2026-11-22T01:30:00.000Z'],
  ['no zone is UTC', '20261121200000', '2026-11-21T20:00:00.000Z'],
  ['no blank before the zone', '20261121200000+0200', '2026-11-21T18:00:00.000Z'],
  ['a colon in the zone', '20261121200000 +02:00', '2026-11-21T18:00:00.000Z'],
  ['a zone of one digit', '20261121200000 +100', '2026-11-21T19:00:00.000Z'],
  ['a zone by name', '20261121200000 UTC', '2026-11-21T20:00:00.000Z'],
  // The example of the DTD itself
  ['the summer of Britain', '200007281733 BST', '2000-07-28T16:33:00.000Z'],
  ['a zone by name west of Greenwich', '20261121200000 PST', '2026-11-22T04:00:00.000Z'],
  ['a zone by name in small letters', '20261121200000cet', '2026-11-21T19:00:00.000Z'],
  ['a name that several zones have', '20261121200000 IST', undefined],
  ['Z', '20261121200000Z', '2026-11-21T20:00:00.000Z'],
  ['minutes', '202611212000 +0000', '2026-11-21T20:00:00.000Z'],
  ['hours', '2026112120', '2026-11-21T20:00:00.000Z'],
  ['a day', '20261121', '2026-11-21T00:00:00.000Z'],
  ['a year', '2026', '2026-01-01T00:00:00.000Z'],
  ['blanks around it', '  20261121200000 +0000 ', '2026-11-21T20:00:00.000Z'],
  ['fractions of a second', '20261121200000.123 +0000', '2026-11-21T20:00:00.000Z'],
  ['midnight as the end of a day', '20261121240000', '2026-11-22T00:00:00.000Z'],
  ['the last of February in a leap year', '20280229000000', '2028-02-29T00:00:00.000Z'],
  ['the last of February in another', '20270229000000', undefined],
  ['month 13', '20261321200000', undefined],
  ['day 0', '20261100200000', undefined],
  ['hour 25', '20261121250000', undefined],
  ['minute 60', '20261121206000', undefined],
  ['a year nobody lives in', '00000101000000', undefined],
  ['a zone beyond the earth', '20261121200000 +9900', undefined],
  ['an odd number of digits', '202611212', undefined],
  ['a date of ISO 8601', '2026-11-21T20:00:00Z', undefined],
  ['nothing', '', undefined],
  ['words', 'tonight', undefined],
];

describe('parseXmltvTime()', () => {
  test.each(TIMES)('%s', (_, text, wanted) => {
    const timeMs = parseXmltvTime(text);
    expect(timeMs === undefined ? undefined : new Date(timeMs).toISOString()).toBe(wanted);
  });

  test('reads what formatXmltvTime() writes', () => {
    const seconds = fc.integer({ min: -2_208_988_800, max: 7_258_118_399 });
    fc.assert(
      fc.property(seconds, (s) => {
        expect(parseXmltvTime(formatXmltvTime(s * 1000))).toBe(s * 1000);
      }),
    );
  });
});
