// This file makes the bodies of a simulated upstream: whole media that no other body is equal to.
import { fmp4Init, fmp4Segment } from '../support/live/fmp4-segment.ts';
import { payload } from '../support/live/payload.ts';

const PACKET_BYTES = 188;

export type Form = 'ts' | 'fmp4' | 'encrypted';

/** `name` says which content it is; the same name gives the same bytes. */
export function segmentBytes(form: Form, name: string, index: number, packets: number): Uint8Array {
  switch (form) {
    case 'fmp4':
      return fmp4Segment(name, index, 1000, packets * 100);
    case 'encrypted':
      return payload(name, packets * 160);
    case 'ts': {
      const bytes = payload(name, packets * PACKET_BYTES);
      for (let at = 0; at < bytes.length; at += PACKET_BYTES) bytes[at] = 0x47;
      return bytes;
    }
  }
}

export function initBytes(name: string): Uint8Array {
  return fmp4Init(name, 1280, 720);
}

export function keyBytes(name: string): Uint8Array {
  return payload(name, 16);
}

export function identify(bytes: Uint8Array): string {
  return `${bytes.length}-${Bun.hash.wyhash(bytes).toString(36)}`;
}
