// This file gets the headers of one hop, whichever of its addresses answers.

import { formatUrlHost } from './address.ts';
import { type Attempt, type AttemptContext, attempt, type Head } from './attempt.ts';
import type { Call } from './call.ts';
import { NetError } from './errors.ts';
import type { OutboundRequest } from './outbound.ts';
import type { ResolverCache } from './resolver.ts';
import type { Route, RouteFinder } from './route.ts';
import type { Session, SessionInit, Sessions } from './sessions.ts';
import type { SocksBridge } from './socks-bridge.ts';
import type { Target } from './target.ts';
import type { UpstreamProxy } from './upstream-proxy.ts';

/** A name with more addresses than this that are all dead will not be saved by the next one. */
const MAX_ATTEMPTS = 4;

export type ExchangeContext = AttemptContext & {
  readonly findRoute: RouteFinder;
  readonly resolver: ResolverCache;
  readonly sessions: Sessions;
  readonly bridge: SocksBridge;
  readonly trustedCa: string | undefined;
};

export type Hop = Head & { readonly session: Session; readonly proxied: boolean };

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
  const route = await call.race(context.findRoute(target, policy));
  const session = await call.race(openSession(context, target, policy.verifyTls, route));
  const proxied = route.proxy !== undefined;
  const hosts = proxied ? route.hosts : context.book.order(route.hosts, target.port);
  const dialledAtMs = context.clock.monotonicMs();
  const send = (host: string, hasNext: boolean) => {
    const spentMs = context.clock.monotonicMs() - dialledAtMs;
    const connectMs = Math.max(1, limits.connectMs - spentMs);
    const url = `${target.scheme}://${formatUrlHost(host)}:${target.port}${target.path}`;
    const peer = peerOf(target, host);
    const it: Attempt = { call, session, url, headers, limits, proxied, peer, connectMs, hasNext };
    return attempt(context, it);
  };
  const head = await firstAnswer(hosts.slice(0, MAX_ATTEMPTS), call, send).catch((error) => {
    if (!proxied && isUnreachable(error)) context.resolver.expire(target.host);
    throw error;
  });
  if (proxied) await checkProxyAnswer(context, target, head);
  return { ...head, session, proxied };
}

/** A GET has no effect, so an address that could not be reached may be followed by the next. */
async function firstAnswer(
  hosts: readonly string[],
  call: Call,
  send: (host: string, hasNext: boolean) => Promise<Head>,
): Promise<Head> {
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

function peerOf(target: Target, address: string): Attempt['peer'] {
  const peer = { address, port: target.port };
  if (target.scheme === 'http') return peer;
  return { ...peer, tls: target.isAddress ? {} : { name: target.host } };
}

async function openSession(
  { sessions, bridge, trustedCa }: ExchangeContext,
  target: Target,
  verifyTls: boolean,
  { proxy }: Route,
): Promise<Session> {
  const key = `${target.origin} ${verifyTls} ${proxy?.url ?? ''}`;
  const proxyOption = proxy === undefined ? false : await proxyOptionOf(proxy, bridge);
  return sessions.open(key, (): SessionInit => {
    // Dialled by address, the certificate is still the name's; dialled by name, that is the default.
    const named = !target.isAddress && proxy?.resolves !== 'there';
    return {
      tls: {
        rejectUnauthorized: verifyTls,
        ...(named ? { serverName: target.host } : {}),
        ...(trustedCa === undefined ? {} : { ca: trustedCa }),
      },
      proxy: proxyOption,
    };
  });
}

async function proxyOptionOf(
  proxy: UpstreamProxy,
  bridge: SocksBridge,
): Promise<Bun.FetchProxyOption> {
  if (proxy.kind === 'socks5') return bridge.proxyFor(proxy);
  // The environment's NO_PROXY is not the operator's word about this source.
  return { url: proxy.url, respectNoProxy: false };
}

/** For plain http the proxy answers in the upstream's place: two of its answers are failures. */
async function checkProxyAnswer(
  { bridge }: ExchangeContext,
  target: Target,
  { response, abort }: Head,
): Promise<void> {
  const bridged = bridge.failureOf(response);
  // RFC 9110 §15.5.8: only a proxy may say 407.
  if (bridged === undefined && response.status !== 407) return;
  abort();
  const reason = bridged ?? 'it wants other credentials (407)';
  throw new NetError('NET_PROXY', `Cannot reach ${target.origin} through the proxy: ${reason}`, {
    origin: target.origin,
  });
}
