// This file waits for a body that is held, while who holds it is slow or only just starting.
import { type Clock, sleep } from '../../base/clock.ts';
import type { BodyForm } from '../../ring/tiers/tier.ts';
import type { ArchivedBody, ArchivedRendition } from './archived.ts';

/** Players give up on a segment after ten seconds and more; they take a 503 for the end of it. */
const PATIENCE_MS = 8000;
const AGAIN_MS = 300;

/** 'late' only where it still is after some seconds, or nobody waits any more. */
export async function awaitBody(
  rendition: ArchivedRendition,
  name: string,
  clock: Clock,
  signal: AbortSignal,
  form?: BodyForm,
): Promise<ArchivedBody> {
  const endMs = clock.monotonicMs() + PATIENCE_MS;
  for (;;) {
    const body = await rendition.body(name, form);
    if (body.kind !== 'late' || signal.aborted || clock.monotonicMs() >= endMs) return body;
    await sleep(clock, AGAIN_MS, signal);
  }
}
