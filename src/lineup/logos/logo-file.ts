// This file reads and writes a picture as it lies on the disk: one line about it, then its bytes.
import { type PictureType, pictureTypeOf } from '../../media/picture/picture.ts';
import type { LogoVersion } from './logo-fetch.ts';

export type HeldLogo = LogoVersion & {
  readonly bytes: Uint8Array;
  readonly type: PictureType;
  /** Names these bytes, for players. */
  readonly tag: string;
  /** When these bytes came first, and when upstream last said that they are the newest. */
  readonly storedMs: number;
  readonly checkedMs: number;
};

const FORM = 1;
/** The line holds two short texts of upstream's and two times. */
const MAX_HEAD_BYTES = 2048;
const LF = 0x0a;

export function writeLogoFile(logo: HeldLogo): Uint8Array {
  const { tag, storedMs, checkedMs, etag, modified } = logo;
  const head = { form: FORM, tag, storedMs, checkedMs, etag, modified };
  const line = new TextEncoder().encode(`${JSON.stringify(head)}\n`);
  const bytes = new Uint8Array(line.length + logo.bytes.length);
  bytes.set(line);
  bytes.set(logo.bytes, line.length);
  return bytes;
}

/** Undefined where it is of another form, or was damaged: its bytes have to be those of the tag. */
export function readLogoFile(file: Uint8Array): HeldLogo | undefined {
  const end = file.subarray(0, MAX_HEAD_BYTES).indexOf(LF);
  if (end < 0) return undefined;
  const head = parseHead(new TextDecoder().decode(file.subarray(0, end)));
  const bytes = file.subarray(end + 1);
  if (head === undefined || head.tag !== tagOf(bytes)) return undefined;
  // What it is was found out when it came, and may be known better by now
  const type = pictureTypeOf(bytes);
  return type === undefined ? undefined : { ...head, bytes, type };
}

export function tagOf(bytes: Uint8Array): string {
  return Bun.CryptoHasher.hash('sha256', bytes, 'hex').slice(0, 32);
}

function parseHead(line: string): Omit<HeldLogo, 'bytes' | 'type'> | undefined {
  let head: Record<string, unknown>;
  try {
    head = JSON.parse(line) ?? {};
  } catch {
    return undefined;
  }
  const { form, tag, storedMs, checkedMs, etag, modified } = head;
  if (form !== FORM || typeof tag !== 'string') return undefined;
  if (typeof storedMs !== 'number' || typeof checkedMs !== 'number') return undefined;
  return {
    tag,
    storedMs,
    checkedMs,
    ...(typeof etag === 'string' ? { etag } : {}),
    ...(typeof modified === 'string' ? { modified } : {}),
  };
}
