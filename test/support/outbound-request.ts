// This file makes requests to the outbound client with limits that suit a test.
import { systemClock } from '../../src/base/clock.ts';
import type { NetError } from '../../src/net/errors.ts';
import type { OutboundLimits, OutboundPolicy, OutboundRequest } from '../../src/net/outbound.ts';
import {
  createOutbound,
  type OutboundClient,
  type OutboundOptions,
} from '../../src/net/outbound-client.ts';

/** Loopback may be dialled: that is where the servers of tests are. */
export function openClient(options: Partial<OutboundOptions> = {}): OutboundClient {
  return createOutbound({
    clock: systemClock,
    allowPrivate: ['127.0.0.0/8', '::1/128'],
    userAgent: 'weir/test',
    ...options,
  });
}

const POLICY: OutboundPolicy = { headers: {}, verifyTls: true, allowDowngrade: false };
const LIMITS: OutboundLimits = {
  connectMs: 3_000,
  firstByteMs: 3_000,
  betweenBytesMs: 3_000,
  totalMs: 10_000,
  maxBytes: 1_048_576,
};

export type RequestParts = Partial<Omit<OutboundRequest, 'url' | 'policy' | 'limits'>> & {
  readonly policy?: Partial<OutboundPolicy>;
  readonly limits?: Partial<OutboundLimits>;
};

export function requestFor(url: string, parts: RequestParts = {}): OutboundRequest {
  return {
    compressed: false,
    ...parts,
    url,
    policy: { ...POLICY, ...parts.policy },
    limits: { ...LIMITS, ...parts.limits },
  };
}

/** The body as text. */
export async function textOf(
  client: OutboundClient,
  url: string,
  parts?: RequestParts,
): Promise<string> {
  const response = await client(requestFor(url, parts));
  return Buffer.from(await response.bytes()).toString('utf8');
}

/** The code of the failure, or what came instead of one. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    return `no failure: ${await work}`;
  } catch (error) {
    return (error as NetError).code ?? `no code: ${error}`;
  }
}

/** Looks until `done` or about two seconds have passed; for what another process or thread does. */
export async function until(done: () => boolean): Promise<boolean> {
  for (let tries = 0; tries < 400; tries += 1) {
    if (done()) return true;
    await Bun.sleep(5);
  }
  return false;
}
