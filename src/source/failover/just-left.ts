// This file asks again where a provider may still count a connection that was just closed.
import { type Clock, sleep } from '../../base/clock.ts';
import { BUSY_STATUS, SourceStatusError } from '../errors.ts';
import type { ProviderLeases } from './provider-leases.ts';

/** A provider may count the connection that was just closed for a moment more. */
export const JUST_LEFT_MS = 5000;
export const JUST_LEFT_RETRY_MS = 1000;

/** The provider has no connection left, or says so in its way. */
export function isBusyRefusal(error: unknown): boolean {
  return error instanceof SourceStatusError && BUSY_STATUS.has(error.status);
}

/** Runs it again while a refusal may be the last connection's, not this one's. */
export async function askWhileJustLeft<T>(
  leases: ProviderLeases,
  provider: string | undefined,
  clock: Clock,
  signal: AbortSignal,
  run: () => Promise<T>,
): Promise<T> {
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (provider === undefined || signal.aborted || !isBusyRefusal(error)) throw error;
      if (leases.leftAgoMs(provider) >= JUST_LEFT_MS) throw error;
      await sleep(clock, JUST_LEFT_RETRY_MS, signal);
      if (signal.aborted) throw error;
    }
  }
}
