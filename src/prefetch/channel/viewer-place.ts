// This file gets a place at a provider for one viewer whose bytes are passed on.
import type { Clock } from '../../base/clock.ts';
import {
  FOR_GOOD,
  type Lease,
  type ProviderLeases,
} from '../../source/failover/provider-leases.ts';
import { ProviderBusyError } from './channel-places.ts';

/** Who zaps asks for the next channel as it leaves the last, whose place is free in a moment. */
const PLACE_WAIT_MS = 1500;

/** Undefined where no provider counts it. Throws ProviderBusyError where none is to be had in time. */
export async function viewerPlace(
  leases: ProviderLeases,
  provider: string | undefined,
  clock: Clock,
  signal: AbortSignal,
): Promise<Lease | undefined> {
  if (provider === undefined) return undefined;
  const nowMs = clock.monotonicMs();
  const untilMs = nowMs + PLACE_WAIT_MS;
  const patience = { idleByMs: nowMs, untilMs, hopesUntilMs: untilMs };
  const lease = await leases.wait([provider], FOR_GOOD, patience, signal);
  if (lease === undefined) throw new ProviderBusyError(provider, leases.limitOf(provider) ?? 0);
  return lease;
}
