// This file knows the containers of segments: by their bytes, whole or broken, and as served.
import { headOf, sizeOf } from './chunk-cursor.ts';
import type { Flaw } from './flaw.ts';
import { boxType, checkFragments, type SegmentRole } from './fmp4/check.ts';
import { looksLikeBytes } from './looks-like.ts';
import { checkTransportStream } from './mpegts/check.ts';
import { PACKET_BYTES, SYNC_BYTE } from './mpegts/packet.ts';
import { checkPackedAudio } from './packed-audio/check.ts';
import { id3Bytes, isId3 } from './packed-audio/id3.ts';
import { audioFormatAt } from './packed-audio/sync.ts';

export type Container = 'mpegts' | 'fmp4' | 'aac' | 'mp3' | 'ac3' | 'webvtt' | 'unknown';

/** Bytes of the head that `sniffContainer` can make use of: an ID3 tag with a small picture. */
export const SNIFF_BYTES = 4096;

/** What a caller knows of a segment beforehand. */
export type Expectation = {
  /** An init segment (EXT-X-MAP) has a moov, a media segment fragments; 'either' by default. */
  readonly role?: SegmentRole;
  /** The whole segment is encrypted (METHOD=AES-128), so that nothing of its container is seen. */
  readonly encrypted?: boolean;
};

/**
 * The container by its first bytes; the more of the first `SNIFF_BYTES` there are, the surer.
 * 'unknown' also for whole-segment encryption: do not ask of such bytes, chance may give a name.
 */
export function sniffContainer(head: Uint8Array): Container {
  if (isTransportStream(head)) return 'mpegts';
  if (isFragment(head)) return 'fmp4';
  if (isWebVtt(head)) return 'webvtt';
  let at = 0;
  while (isId3(head, at)) at += id3Bytes(head, at);
  // RFC 8216 §3.4: an ID3 tag begins packed audio. Where it hides the frames, AAC is likeliest.
  return audioFormatAt(head, at) ?? (at > 0 && at >= head.length ? 'aac' : 'unknown');
}

/** As `sniffContainer`, of a segment in chunks, however small the first of them is. */
export function sniffChunks(chunks: readonly Uint8Array[]): Container {
  return sniffContainer(headOf(chunks, SNIFF_BYTES));
}

function isTransportStream(head: Uint8Array): boolean {
  return head[0] === SYNC_BYTE && (head[PACKET_BYTES] ?? SYNC_BYTE) === SYNC_BYTE;
}

/** Boxes that a segment or init segment begins with. */
const FIRST_BOXES = new Set(
  'ftyp styp moov moof sidx ssix emsg prft mdat free skip pdin meta uuid'.split(' ').map(boxType),
);

// ISO/IEC 14496-12 §4.2; a size below that of a box header is 1 for a 64-bit size
function isFragment(head: Uint8Array): boolean {
  if (head.length < 8) return false;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const size = view.getUint32(0);
  return (size >= 8 || size === 1) && FIRST_BOXES.has(view.getUint32(4));
}

// WebVTT §4: "WEBVTT", then a space, tab or line end; a byte order mark may stand before it
function isWebVtt(head: Uint8Array): boolean {
  const start = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0;
  const text = String.fromCharCode(...head.subarray(start, start + 7));
  return /^WEBVTT(?:[ \t\r\n]|$)/.test(text);
}

/**
 * Undefined where a segment is whole, as far as its bytes can tell. The chunks are those of one
 * segment, in order; they are neither joined nor copied.
 */
export function checkWhole(
  chunks: readonly Uint8Array[],
  expect: Expectation = {},
): Flaw | undefined {
  const head = headOf(chunks, SNIFF_BYTES);
  if (head.length === 0) return { reason: 'it is empty, wanted a media segment', offset: 0 };
  if (expect.encrypted !== true) return checkContainer(chunks, head, expect.role ?? 'either');
  const flaw = checkEncrypted(chunks, head);
  // Subtitles in the clear beside encrypted pictures are met; so is SAMPLE-AES, whole as it stands.
  const isClear = flaw !== undefined && checkContainer(chunks, head, 'either') === undefined;
  return isClear ? undefined : flaw;
}

function checkContainer(
  chunks: readonly Uint8Array[],
  head: Uint8Array,
  role: SegmentRole,
): Flaw | undefined {
  const container = sniffContainer(head);
  // "Gateway Timeout" begins with a sync byte.
  if (container !== 'webvtt' && isText(head.subarray(0, TEXT_BYTES))) return notMedia(head);
  switch (container) {
    case 'mpegts':
      return checkTransportStream(chunks);
    case 'fmp4':
      return checkFragments(chunks, role);
    case 'aac':
    case 'mp3':
    case 'ac3':
      return checkPackedAudio(chunks);
    case 'webvtt':
      return undefined;
    case 'unknown':
      // A second packet without its sync byte is a broken stream rather than no stream.
      if (head[0] === SYNC_BYTE) return checkTransportStream(chunks);
      return notMedia(head);
  }
}

function notMedia(head: Uint8Array): Flaw {
  return { reason: `it is ${looksLikeBytes(head)}, wanted a media segment`, offset: 0 };
}

/** AES in CBC mode with PKCS7 padding, RFC 8216 §4.3.2.4: whole blocks. */
const BLOCK_BYTES = 16;
/** So many printable bytes in a row are no ciphertext: chance makes them once in 10^26. */
const TEXT_BYTES = 64;

function checkEncrypted(chunks: readonly Uint8Array[], head: Uint8Array): Flaw | undefined {
  if (isText(head.subarray(0, TEXT_BYTES))) {
    return { reason: `it is ${looksLikeBytes(head)}, wanted an encrypted segment`, offset: 0 };
  }
  const rest = sizeOf(chunks) % BLOCK_BYTES;
  if (rest === 0) return undefined;
  const reason = `its last block has ${rest} bytes, wanted ${BLOCK_BYTES}`;
  return { reason, offset: sizeOf(chunks) - rest };
}

function isText(bytes: Uint8Array): boolean {
  return bytes.every((byte) => (byte >= 0x20 && byte < 0x7f) || (byte >= 0x09 && byte <= 0x0d));
}

type Served = { readonly type: string; readonly extensions: readonly string[] };

/**
 * What each container is served as; the first extension is the usual one.
 *
 * fMP4 is video/mp4 also where it is named .m4s: VLC knows the container by the word behind the
 * slash and has no "iso.segment", AVPlayer and browsers take either. For the same reason text/vtt
 * goes without a charset. FFmpeg from 7.1.1 on refuses a segment whose extension is not one of its
 * container's, so upstream's is kept only where it is in the list.
 */
const SERVED: Readonly<Record<Exclude<Container, 'unknown'>, Served>> = {
  mpegts: { type: 'video/mp2t', extensions: ['ts', 'mpegts', 'm2t', 'mts'] },
  fmp4: { type: 'video/mp4', extensions: ['m4s', 'mp4', 'm4v', 'm4a', 'cmfv', 'cmfa', 'cmft'] },
  aac: { type: 'audio/aac', extensions: ['aac'] },
  mp3: { type: 'audio/mpeg', extensions: ['mp3'] },
  ac3: { type: 'audio/ac3', extensions: ['ac3', 'ec3', 'eac3'] },
  webvtt: { type: 'text/vtt', extensions: ['vtt', 'webvtt'] },
};

/** Extensions that say more than the container does. */
const BY_EXTENSION: Readonly<Record<string, string>> = {
  m4a: 'audio/mp4',
  cmfa: 'audio/mp4',
  ec3: 'audio/eac3',
  eac3: 'audio/eac3',
};

/** The Content-Type of a segment; of encrypted ones the extension alone tells. */
export function contentTypeOf(container: Container, uri: string): string {
  const extension = extensionIn(uri);
  const served = servedAs(container, extension);
  if (served === undefined) return 'application/octet-stream';
  const special = BY_EXTENSION[extension];
  return special !== undefined && served.extensions.includes(extension) ? special : served.type;
}

/**
 * The extension to serve a segment under, without the dot. One that nothing tells of is called ts:
 * so are nearly all encrypted segments, and FFmpeg and Kodi refuse names they do not know.
 */
export function extensionOf(container: Container, uri: string): string {
  const extension = extensionIn(uri);
  const served = servedAs(container, extension) ?? SERVED.mpegts;
  return served.extensions.includes(extension) ? extension : (served.extensions[0] as string);
}

function servedAs(container: Container, extension: string): Served | undefined {
  if (container !== 'unknown') return SERVED[container];
  return Object.values(SERVED).find((served) => served.extensions.includes(extension));
}

/** The extension of the last path component, in lower case; empty where there is none. */
function extensionIn(uri: string): string {
  const end = uri.search(/[?#]/);
  const path = end < 0 ? uri : uri.slice(0, end);
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot < 0 ? '' : name.slice(dot + 1).toLowerCase();
}
