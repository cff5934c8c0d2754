// This file names what a text or the head of a body looks like where it is not what was wanted.

/** Enough for a doctype behind a long comment or licence header. */
export const LOOKS_LIKE_CHARS = 1024;

/** Completes "it is …". */
export function looksLike(text: string): string {
  const head = text.slice(0, LOOKS_LIKE_CHARS).trimStart();
  if (head === '') return 'empty';
  if (head.startsWith('<')) return looksLikeMarkup(head);
  if (head.startsWith('{') || head.startsWith('[')) return 'JSON';
  if (/^\x1f[\x8b\ufffd]/.test(head)) return 'gzip data';
  if (head.startsWith('#EXT')) return 'a playlist';
  if (head.startsWith('WEBVTT')) return 'a WebVTT file';
  if (/[\0-\x08\x0e-\x1f\x7f-\x9f\ufffd]/.test(head)) return 'binary data';
  return 'plain text';
}

function looksLikeMarkup(head: string): string {
  if (/<mpd[\s>]/i.test(head)) return 'a DASH manifest';
  if (/<!doctype html|<html|<head|<body|<title|<script/i.test(head)) return 'an HTML page';
  return 'an XML document';
}

/** As `looksLike`, of bytes; every byte is taken for one character. */
export function looksLikeBytes(bytes: Uint8Array): string {
  const isUtf8Marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const start = isUtf8Marked ? 3 : 0;
  return looksLike(String.fromCharCode(...bytes.subarray(start, start + LOOKS_LIKE_CHARS)));
}
