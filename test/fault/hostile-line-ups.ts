// This file lists line-ups that are broken, or meant to break whoever reads them.
import { gzipSync } from 'node:zlib';
import {
  emptyMembers,
  endlessGzip,
  type HostileAnswer,
  parts,
  REFUSED_BY_ALL,
  repeated,
  text,
} from '../support/hostile-answers.ts';

export type HostileLineUp = HostileAnswer & {
  readonly name: string;
  /** The code of the error that is told, or the names of the channels that come of it. */
  readonly comes: string | readonly string[];
};

const MIB = 1024 * 1024;

let count = 0;
/** Each with a URL of its own, so that no two are one channel. */
function entry(name: string, attributes = ''): string {
  count += 1;
  return `#EXTINF:-1 ${attributes},${name}\nhttp://127.0.0.1:9/${count}.m3u8\n`;
}

function m3u(...entries: readonly string[]): string {
  return `#EXTM3U\n${entries.join('')}`;
}

const REFUSED: readonly HostileLineUp[] = [
  ...REFUSED_BY_ALL,
  { name: 'a list of nothing', body: text('#EXTM3U\n'), comes: 'LINEUP_EMPTY' },
  { name: 'a playlist', body: text('#EXTM3U\n#EXT-X-TARGETDURATION:4\n'), comes: 'MEDIA_FORMAT' },
  { name: 'words without end', body: () => repeated('no list today '), comes: 'MEDIA_FORMAT' },
  { name: 'lines without end', body: () => repeated('no list today\r\n'), comes: 'MEDIA_FORMAT' },
  { name: 'gzip of zeros without end', body: () => endlessGzip(m3u()), comes: 'NET_ENCODING' },
  {
    name: 'gzip of gzip of zeros',
    body: () => [gzipSync(gzipSync(Buffer.concat([Buffer.from(m3u()), Buffer.alloc(64 * MIB)])))],
    comes: 'NET_ENCODING',
  },
  {
    name: 'gzip that is cut',
    body: () => [gzipSync(m3u(entry('x'))).subarray(0, -9)],
    comes: 'NET_ENCODING',
  },
  {
    name: 'a length that is a lie',
    head: ['HTTP/1.1 200 OK', 'Content-Length: 100000'],
    body: text(m3u(entry('x'))),
    comes: 'NET_TRUNCATED',
  },
  {
    name: 'a password that is wrong',
    head: ['HTTP/1.1 401 Unauthorized', 'Content-Length: 0'],
    comes: 'LINEUP_STATUS',
  },
];

const TAKEN: readonly HostileLineUp[] = [
  {
    name: '64 MiB without a line break',
    body: () => parts(m3u('#EXTINF:-1 a="'), repeated('x', 64 * MIB), '\n', entry('after 64 MiB')),
    comes: ['after 64 MiB'],
  },
  {
    name: 'a million lines that say nothing',
    body: () => parts(m3u(), repeated('#\n', 2 * MIB), entry('after a million')),
    comes: ['after a million'],
  },
  {
    name: 'a hundred thousand attributes',
    body: text(m3u(`#EXTINF:-1 ${'a="" '.repeat(100_000)},x\nhttp://h/x\n`, entry('no more'))),
    comes: ['no more'],
  },
  {
    name: 'line breaks of all kinds',
    body: text(
      m3u(
        entry('one\r#EXTINF:-1,injected'),
        entry('two\u2028#EXTINF:-1,x', 'tvg-id="a\u0085b"'),
        entry('three\v\f#EXTM3U'),
      ),
    ),
    // Of two lines of attributes the second counts: what stood above it has no URL
    comes: ['injected', 'two EXTINF', 'three EXTM3U'],
  },
  {
    // Their low bytes are CR and LF; a URL's escapes stay escapes
    name: 'line breaks in disguise',
    body: text(
      m3u(
        entry(
          'four \u560d\u560a#EXTINF:-1,x \u010d\u010a',
          'tvg-id="a\u560ab" group-title="%0d%0aG"',
        ),
      ),
    ),
    comes: ['four'],
  },
  {
    name: 'gzip of three hundred thousand parts',
    body: () =>
      parts([gzipSync(m3u())], emptyMembers(300_000), [gzipSync(entry('in the last part'))]),
    comes: ['in the last part'],
  },
  {
    name: 'zeros and bytes that are no UTF-8',
    body: () => [Buffer.from(m3u(entry('zero\0\x80\xffed')), 'latin1')],
    comes: ['zero'],
  },
  {
    name: 'UTF-16',
    body: () => [Buffer.from(`\ufeff${m3u(entry('Größe in two bytes'))}`, 'utf16le')],
    comes: ['Größe in two bytes'],
  },
  {
    name: 'Latin-1',
    body: () => [Buffer.from(m3u(entry('Größe in one byte')), 'latin1')],
    comes: ['Größe in one byte'],
  },
  {
    name: 'names that JavaScript has too',
    body: text(m3u(entry('proto', '__proto__="x" constructor="y" tvg-id="__proto__"'))),
    comes: ['proto'],
  },
  {
    name: 'addresses that lead to files, scripts and programs',
    body: text(
      m3u(
        ...['file:///etc/passwd', 'javascript:alert(1)', 'data:text/html,x'].map(
          (url) => `#EXTINF:-1,bad\n${url}\n`,
        ),
        '#EXTINF:-1,bad\npipe:0\n',
        '#EXTVLCOPT:http-user-agent=a\u0001b\r\u2028x\n',
        entry('good one'),
      ),
    ),
    comes: ['good one'],
  },
];

export const HOSTILE_LINE_UPS: readonly HostileLineUp[] = [...REFUSED, ...TAKEN];
