// This file opens an AES-128 segment the way a player does and says what is in it.
import { createDecipheriv } from 'node:crypto';
import type { Listed } from './media-list.ts';

// RFC 8216 §5.2: the IV of the tag, else the media sequence number, big-endian
export function clearSha256(sealed: Uint8Array, key: Uint8Array, listed: Listed): string {
  const iv = Buffer.alloc(16);
  if (listed.key?.iv === undefined) iv.writeBigUInt64BE(BigInt(listed.sequence), 8);
  else iv.write(listed.key.iv.replace(/^0x/i, '').padStart(32, '0'), 'hex');
  try {
    const decipher = createDecipheriv('aes-128-cbc', key, iv);
    const clear = Buffer.concat([decipher.update(sealed), decipher.final()]);
    return new Bun.CryptoHasher('sha256').update(clear).digest('hex');
  } catch {
    return 'cannot be decrypted';
  }
}
