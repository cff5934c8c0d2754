// This file lists keys that would do harm to a tier that takes them for paths, patterns or text.
import type { TierKey } from '../../../src/ring/tiers/tier.ts';

const row = (channel: string, rendition: string, name: string): TierKey => ({
  channel,
  rendition,
  name,
});

/** All are different, and none may be taken for another. */
export const HOSTILE_KEYS: readonly TierKey[] = [
  row('../../../../tmp', '..', 'passwd'),
  row('..', '..', '..'),
  row('.', '.', '.'),
  row('', '', ''),
  row('', '', 'a'),
  row('/', '/etc', '/etc/passwd'),
  row('C:\\', '..\\..', 'a\\b'),
  // What joins the parts must not move the border between them
  row('a', 'b/c', 'd'),
  row('a/b', 'c', 'd'),
  row('a', 'b', 'c/d'),
  row('a:b', 'c', 'd'),
  row('a', 'b:c', 'd'),
  row('a","b', 'c', 'd'),
  row('a', 'b","c', 'd'),
  row('a\0b', 'c', 'd'),
  row('a', 'b\0c', 'd'),
  row('a', 'b', 'c\0'),
  row('a', 'b', 'c'),
  // Collations that fold case, accents or spaces at the end
  row('A', 'b', 'c'),
  row('a', 'B', 'c'),
  row('a', 'b', 'C'),
  row('a', 'b', 'c '),
  row('a', 'b', 'c\n'),
  row('a', 'b', 'ç'),
  row('a', 'b', 'c\u0327'),
  row('a', 'b', 'ß'),
  row('a', 'b', 'ss'),
  row('a', 'b', '💧'),
  row('a', 'b', '\ud800'),
  row('a', 'b', '\ud801'),
  row('a', 'b', '\ufffd'),
  // Patterns and languages
  row('*', '*', '*'),
  row('%', '_', '%'),
  row('{a}', '{b}', '{c}'),
  row("'; DROP TABLE segments; --", "'", '"'),
  row('$1', '?', ':name'),
  row('\r\nFLUSHALL\r\n', '\r\n', '\r\n'),
  // Names that mean something to a system
  row('con', 'nul', 'aux'),
  row('weir.lock', 'weir.lock', 'weir.lock'),
  row('-rf', '--', '-'),
  // Longer than a file name, a path, an index
  row('c'.repeat(300), 'r', 'n'),
  row('c', 'r'.repeat(5000), 'n'),
  row('c', 'r', 'n'.repeat(70_000)),
  row('c', 'r', `${'n'.repeat(70_000)}x`),
  row('__proto__', 'constructor', 'toString'),
];
