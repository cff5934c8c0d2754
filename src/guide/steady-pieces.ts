// This file gives a guide up that comes byte by byte.
import type { Clock } from '../base/clock.ts';
import { GuideError } from './errors.ts';

/** A server under load may begin slowly. */
const GRACE_MS = 60_000;
/** The slowest line of a modem had four times as much. */
const LEAST_BYTES_PER_S = 1024;

/**
 * Guides are read one after the other, so one that drips would hold up all others for as long as its
 * server likes: every wait for its next byte is a short one.
 */
export async function* steadyPieces(
  source: AsyncIterable<Uint8Array>,
  clock: Pick<Clock, 'monotonicMs'>,
  place: string,
): AsyncGenerator<Uint8Array> {
  const startMs = clock.monotonicMs();
  let sizeBytes = 0;
  for await (const piece of source) {
    sizeBytes += piece.length;
    const tookS = (clock.monotonicMs() - startMs) / 1000;
    if (tookS * 1000 > GRACE_MS && sizeBytes < tookS * LEAST_BYTES_PER_S) {
      const message = `Cannot read guide from ${place}: ${sizeBytes} bytes in ${Math.round(tookS)} s, wanted ${LEAST_BYTES_PER_S} a second at least`;
      throw new GuideError('GUIDE_SLOW', message, { place, sizeBytes });
    }
    yield piece;
  }
}
