// This file gets the headers of one hop, whichever of its addresses answers.
import { type Attempt, type AttemptContext, attempt, type Head } from './attempt.ts';
import type { Call } from './call.ts';
import { type DialContext, dial } from './dial.ts';
import { NetError } from './errors.ts';
import type { OutboundRequest } from './outbound.ts';
import type { ResolverCache } from './resolver.ts';
import type { RouteFinder } from './route.ts';
import type { Session } from './sessions.ts';
import type { Target } from './target.ts';

/** A name with more addresses than this that are all dead will not be saved by the next one. */
const MAX_ATTEMPTS = 4;

export type ExchangeContext = AttemptContext &
  DialContext & {
    readonly findRoute: RouteFinder;
    readonly resolver: ResolverCache;
  };

export type Hop = Head & { readonly session: Session };

/** Rejects with NetError. */
export async function exchange(
  context: ExchangeContext,
  call: Call,
  request: OutboundRequest,
  target: Target,
  headers: Record<string, string>,
): Promise<Hop> {
  const { policy, limits } = request;
  call.expect('NET_TIMEOUT_CONNECT', limits.connectMs);
  const { hosts, proxy } = await call.race(context.findRoute(target, policy));
  const ordered = proxy === undefined ? context.book.order(hosts, target.port) : hosts;
  const dialledAtMs = context.clock.monotonicMs();
  const send = async (host: string, hasNext: boolean): Promise<Hop> => {
    const dialled = await call.race(dial(context, call, target, host, proxy, policy.verifyTls));
    const spentMs = context.clock.monotonicMs() - dialledAtMs;
    const connectMs = Math.max(1, limits.connectMs - spentMs);
    const it: Attempt = { ...dialled, call, headers, limits, connectMs, hasNext };
    return { ...(await attempt(context, it)), session: dialled.session };
  };
  try {
    const hop = await firstAnswer(ordered.slice(0, MAX_ATTEMPTS), call, send);
    if (proxy !== undefined) checkProxyAnswer(target, hop);
    return hop;
  } catch (error) {
    if (proxy === undefined && isUnreachable(error)) context.resolver.expire(target.host);
    throw error;
  }
}

/** A GET has no effect, so an address that could not be reached may be followed by the next. */
async function firstAnswer(
  hosts: readonly string[],
  call: Call,
  send: (host: string, hasNext: boolean) => Promise<Hop>,
): Promise<Hop> {
  for (const [index, host] of hosts.entries()) {
    const hasNext = index < hosts.length - 1;
    try {
      return await send(host, hasNext);
    } catch (error) {
      if (!hasNext || call.failure !== undefined || !isUnreachable(error)) throw error;
    }
  }
  throw new NetError('NET_DNS', `Cannot fetch from ${call.origin}: it has no address`);
}

function isUnreachable(error: unknown): boolean {
  if (!(error instanceof NetError)) return false;
  return ['NET_CONNECT', 'NET_TIMEOUT_CONNECT', 'NET_PROXY'].includes(error.code);
}

// RFC 9110 §15.5.8: only a proxy may say 407; for plain http it does so in the upstream's place.
function checkProxyAnswer(target: Target, { response, abort }: Head): void {
  if (response.status !== 407) return;
  abort();
  const message = `Cannot fetch from ${target.origin}: the proxy wants other credentials (407)`;
  throw new NetError('NET_PROXY', message, { origin: target.origin });
}
