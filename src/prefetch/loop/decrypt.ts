// This file decrypts segments that are encrypted as a whole.
import { createDecipheriv } from 'node:crypto';
import { FormatError } from '../../base/errors.ts';
import { implicitIv } from '../../media/m3u8/key.ts';
import type { Key } from '../../media/m3u8/playlist.ts';

const BLOCK_BYTES = 16;
const KEY_BYTES = 16;
const METHOD_SPEC = 'RFC 8216 §4.3.2.4';
const CIPHER_SPEC = 'RFC 8216 §5.2';

/**
 * Of the keys in force the one that opens the segment: undefined where there is none to open. Throws
 * where all of them are of another kind: SAMPLE-AES, or a DRM that does not give its key away.
 */
// RFC 8216 §4.3.2.4: an absent KEYFORMAT means "identity", the key as 16 bytes
export function aesKeyOf(keys: readonly Key[]): Key | undefined {
  if (keys.length === 0) return undefined;
  const found = keys.find(
    ({ method, keyFormat = 'identity' }) => method === 'AES-128' && keyFormat === 'identity',
  );
  if (found !== undefined) return found;
  const kinds = keys.map(({ method, keyFormat }) => `${method} ${keyFormat ?? ''}`.trim());
  throw cipherError(0, `its keys are ${kinds.join(', ')}, wanted AES-128 identity`, METHOD_SPEC);
}

/** 32 hex digits: the key's own, or what follows from the segment's Media Sequence Number. */
// RFC 8216 §5.2
export function ivOf(key: Key, sequence: number): string {
  return key.iv ?? implicitIv(sequence);
}

/** The segment in the clear. `key` is what the key's URI answers, `iv` 32 hex digits. */
// RFC 8216 §4.3.2.4: AES-128 with a 128-bit key, CBC, PKCS7 padding, the IV anew for each segment
export function decryptSegment(segment: Uint8Array, key: Uint8Array, iv: string): Uint8Array {
  if (key.length !== KEY_BYTES) {
    throw cipherError(0, `its key has ${key.length} bytes, wanted ${KEY_BYTES}`, METHOD_SPEC);
  }
  if (!/^[0-9a-f]{32}$/i.test(iv)) {
    throw cipherError(0, 'its IV is malformed, wanted 32 hex digits', CIPHER_SPEC);
  }
  const rest = segment.length % BLOCK_BYTES;
  if (rest !== 0) {
    const at = segment.length - rest;
    throw cipherError(at, `its last block has ${rest} bytes, wanted ${BLOCK_BYTES}`, CIPHER_SPEC);
  }
  if (segment.length === 0) throw cipherError(0, 'it is empty, wanted whole blocks', CIPHER_SPEC);
  const decipher = createDecipheriv('aes-128-cbc', key, Buffer.from(iv, 'hex'));
  decipher.setAutoPadding(false);
  const clear = decipher.update(segment);
  decipher.final();
  return clear.subarray(0, clear.length - paddingBytes(clear));
}

/** What another segment's key gives is noise, and noise ends in right padding once in 256 times. */
// RFC 5652 §6.3: 1 to 16 bytes, each the number of them
function paddingBytes(clear: Uint8Array): number {
  const size = clear[clear.length - 1]!;
  const padding = clear.subarray(clear.length - size);
  const isRight = size >= 1 && size <= BLOCK_BYTES && padding.every((byte) => byte === size);
  if (isRight) return size;
  const at = clear.length - BLOCK_BYTES;
  const what = 'its padding is wrong, wanted PKCS7: key or IV may be those of another segment';
  throw cipherError(at, what, CIPHER_SPEC);
}

function cipherError(at: number, what: string, spec: string): FormatError {
  return new FormatError('aes-128', at, `Cannot decrypt the segment: ${what}`, spec);
}
