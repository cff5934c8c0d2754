// This file lists guides that are broken, or meant to break whoever reads them.
import { deflateSync, gzipSync } from 'node:zlib';
import {
  emptyMembers,
  endlessGzip,
  type HostileAnswer,
  parts,
  REFUSED_BY_ALL,
  repeated,
  text,
} from '../support/hostile-answers.ts';

export type HostileGuide = HostileAnswer & {
  readonly name: string;
  /** The code of the error that is told, or what is taken of it. */
  readonly comes:
    | string
    | { readonly programmes: number; readonly problems?: Readonly<Record<string, number>> };
};

const MIB = 1024 * 1024;
/** What stands in each that is taken: a programme that is on tomorrow. */
const DAY = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10).replaceAll('-', '');

function showing(title: string, minute = 0, channel = 'a'): string {
  const time = `${Math.floor(minute / 60) + 10}${String(minute % 60).padStart(2, '0')}`;
  return `<programme start="${DAY}${time}00" channel="${channel}"><title>${title}</title></programme>`;
}

function tv(...elements: readonly string[]): string {
  return `<?xml version="1.0"?><tv>${elements.join('\n')}</tv>`;
}

const GOOD = showing('Good');
/** It begins as a guide does, or it would be refused before it had grown. */
const BEGIN = '<tv>';

function bomb(): Buffer {
  return Buffer.concat([Buffer.from(BEGIN), Buffer.alloc(64 * MIB)]);
}

/** 64 MiB in 9 KB. */
function xzOfZeros(): Uint8Array {
  const cmd = ['sh', '-c', `(printf '${BEGIN}'; head -c 67108864 /dev/zero) | xz -0 -T1`];
  return Bun.spawnSync({ cmd, stderr: 'ignore' }).stdout;
}

/** The .xz file format 1.2.0 §5.3.1: a dictionary of 1.5 GiB for nine bytes of text. */
const XZ_OF_A_LARGE_DICTIONARY = Buffer.from(
  '/Td6WFoAAATm1rRGAgAhASUAAAA7eHtBAQAIPHR2PjwvdHY+AAAA',
  'base64',
);

const LAUGHS = `<!DOCTYPE tv [<!ENTITY lol "lol">${Array.from(
  { length: 9 },
  (_, at) => `<!ENTITY lol${at + 1} "${`&lol${at || ''};`.repeat(10)}">`,
).join('')}<!ENTITY file SYSTEM "file:///etc/passwd">]>`;

/** Where a document type leads to: nobody may ask for it. */
export const CANARY = 'canary';
const EXTERNAL = `<!DOCTYPE tv SYSTEM "${CANARY}" [<!ENTITY % all SYSTEM "${CANARY}">%all;<!ENTITY one SYSTEM "${CANARY}">]>`;

/** Once declared, and a hundred thousand times as long where it is believed. */
const LONG_ENTITY = `<!DOCTYPE tv [<!ENTITY long "${'lol'.repeat(20_000)}">]>`;

function utf16(of: string, isBigEndian: boolean): Uint8Array {
  const bytes = Buffer.from(of, 'utf16le');
  return isBigEndian ? bytes.swap16() : bytes;
}

const REFUSED: readonly HostileGuide[] = [
  ...REFUSED_BY_ALL,
  { name: 'words without end', body: () => repeated('no guide today '), comes: 'MEDIA_FORMAT' },
  { name: 'blanks without end', body: () => repeated(' '), comes: 'MEDIA_FORMAT' },
  { name: 'UTF-7', body: text('+ADw-tv+AD4APA-/tv+AD4-'), comes: 'MEDIA_FORMAT' },
  {
    name: 'UTF-32',
    body: text(Buffer.from(Uint32Array.from([...tv(GOOD)], (char) => char.codePointAt(0)!).buffer)),
    comes: 'MEDIA_FORMAT',
  },
  { name: 'gzip of zeros without end', body: () => endlessGzip(BEGIN), comes: 'NET_ENCODING' },
  {
    name: 'gzip of gzip of zeros',
    body: () => [gzipSync(gzipSync(bomb()))],
    comes: 'NET_ENCODING',
  },
  {
    name: 'gzip three times over',
    body: () => [gzipSync(gzipSync(gzipSync(tv(GOOD))))],
    comes: 'NET_ENCODING',
  },
  {
    name: 'gzip that is cut',
    body: () => [gzipSync(tv(GOOD)).subarray(0, -9)],
    comes: 'NET_ENCODING',
  },
  { name: 'deflate that nobody named', body: () => [deflateSync(tv(GOOD))], comes: 'MEDIA_FORMAT' },
  { name: 'xz of zeros', body: () => [xzOfZeros()], comes: 'GUIDE_COMPRESSION' },
  {
    name: 'xz with a large dictionary',
    body: text(XZ_OF_A_LARGE_DICTIONARY),
    comes: 'GUIDE_COMPRESSION',
  },
  {
    name: 'a length that is a lie',
    head: ['HTTP/1.1 200 OK', 'Content-Length: 100000'],
    body: text(tv(GOOD)),
    comes: 'NET_TRUNCATED',
  },
  {
    name: 'two lengths',
    head: ['HTTP/1.1 200 OK', 'Content-Length: 9', 'Content-Length: 10'],
    body: text('<tv></tv>'),
    comes: 'NET_PROTOCOL',
  },
  {
    name: 'a password that is wrong',
    head: ['HTTP/1.1 401 Unauthorized', 'Content-Length: 0'],
    comes: 'GUIDE_STATUS',
  },
  {
    name: 'an element of 64 MiB',
    body: () => parts('<tv><programme start="', repeated('x', 64 * MIB)),
    comes: 'GUIDE_EMPTY',
  },
  {
    name: 'a comment of 64 MiB',
    body: () => parts('<tv><!--', repeated('--', 64 * MIB), GOOD, '</tv>'),
    comes: 'GUIDE_EMPTY',
  },
];

const TAKEN: readonly HostileGuide[] = [
  {
    name: '64 MiB without a line break',
    body: () => parts('<tv>', repeated('<x a="y">', 64 * MIB), GOOD, '</tv>'),
    comes: { programmes: 1 },
  },
  {
    name: 'entities that multiply, and one that is a file',
    body: text(`<?xml version="1.0"?>${LAUGHS}<tv>${showing('&lol9;&file;')}</tv>`),
    comes: { programmes: 1 },
  },
  {
    name: 'one long entity over and over',
    body: text(`${LONG_ENTITY}<tv>${showing('&long;'.repeat(30_000))}</tv>`),
    comes: { programmes: 1 },
  },
  {
    name: 'a document type that leads elsewhere',
    body: text(`${EXTERNAL}<tv>${showing('&one;')}</tv>`),
    comes: { programmes: 1 },
  },
  {
    name: 'gzip of three hundred thousand parts',
    body: () => parts([gzipSync(`<tv>${GOOD}`)], emptyMembers(300_000), [gzipSync('</tv>')]),
    comes: { programmes: 1 },
  },
  {
    name: 'fifteen thousand attributes, and as many titles',
    body: text(
      tv(
        GOOD.replace(
          ' channel',
          ` ${Array.from({ length: 15_000 }, (_, at) => `a${at}="b"`).join(' ')} channel`,
        ),
        GOOD.replace('1000', '1100').replace('</p', `${'<title>T</title>'.repeat(15_000)}</p`),
      ),
    ),
    comes: { programmes: 2 },
  },
  {
    name: 'ten million entities',
    body: () =>
      parts(
        '<tv>',
        // Each of an element's own length, which some have, so that none is left out unread
        Array.from({ length: 250 }, (_, at) => showing('&#65;'.repeat(40_000), at)),
        '</tv>',
      ),
    comes: { programmes: 250 },
  },
  {
    name: 'a million tags in each other',
    body: () =>
      parts(
        '<tv><programme start="1" channel="a">',
        repeated('<a>', 3 * MIB),
        '</programme>',
        GOOD,
        '</tv>',
      ),
    comes: { programmes: 1, problems: { 'element-too-long': 1 } },
  },
  {
    name: 'tags in each other within the length of an element',
    body: text(tv(`<programme start="1" channel="a">${'<a>'.repeat(50_000)}</programme>`, GOOD)),
    comes: { programmes: 1, problems: { malformed: 1 } },
  },
  {
    name: 'names that JavaScript has too',
    body: text(tv(showing('<__proto__>x</__proto__>'), showing('A', 0, '__proto__'), GOOD)),
    comes: { programmes: 2, problems: { malformed: 1 } },
  },
  {
    name: 'line breaks and other controls in ids and titles',
    body: text(tv(showing('A&#10;#EXTINF:-1,b\r\nhttp://evil/', 0, 'a&#13;&#10;b\0c'))),
    comes: { programmes: 1 },
  },
  {
    name: 'one programme over and over',
    body: () => [gzipSync(`<tv>${GOOD.repeat(20_000)}</tv>`)],
    comes: { programmes: 1 },
  },
  { name: 'zeros between', body: text(tv(`\0${GOOD}\0`)), comes: { programmes: 1 } },
  { name: 'UTF-16 without a mark', body: text(utf16(tv(GOOD), false)), comes: { programmes: 1 } },
  {
    name: 'UTF-16, the other end first, with a mark',
    body: text(utf16(`\ufeff${tv(GOOD)}`, true)),
    comes: { programmes: 1 },
  },
  {
    name: 'UTF-16 that is none',
    body: text(tv(GOOD).replace('?>', ' encoding="UTF-16"?>')),
    comes: { programmes: 1 },
  },
  {
    name: 'an encoding that nobody knows',
    body: text(tv(GOOD).replace('?>', ' encoding="x-none"?>')),
    comes: { programmes: 1 },
  },
  {
    name: 'Latin-1 that says nothing of it',
    body: text(Buffer.from(tv(showing('Café')), 'latin1')),
    comes: { programmes: 1 },
  },
  {
    name: 'a length that is too short',
    head: ['HTTP/1.1 200 OK', `Content-Length: ${tv(GOOD).length}`],
    body: text(tv(GOOD) + tv(GOOD)),
    comes: { programmes: 1 },
  },
  {
    name: 'an end that is not there',
    body: text(`<tv>${GOOD}<programme start="`),
    comes: { programmes: 1, problems: { 'cut-off': 1 } },
  },
];

export const HOSTILE_GUIDES: readonly HostileGuide[] = [...REFUSED, ...TAKEN];
