// This file says how fetch is brought to dial what the route found, and nothing else.
import { formatUrlHost } from './address.ts';
import type { Attempt } from './attempt.ts';
import type { Call } from './call.ts';
import { NetError } from './errors.ts';
import type { SessionInit, Sessions } from './sessions.ts';
import type { Target } from './target.ts';
import type { Tunnels } from './tunnels.ts';
import type { UpstreamProxy } from './upstream-proxy.ts';

export type DialContext = {
  readonly sessions: Sessions;
  readonly tunnels: Tunnels;
  readonly trustedCa: string | undefined;
};

export type Dialled = Pick<Attempt, 'session' | 'url' | 'peer' | 'proxyFault'>;

/**
 *     direct             URL with the checked address; Host and SNI say the name
 *     http via http(s)   URL with the name; fetch sends it to the proxy in absolute form
 *     all other proxies  URL with the name, over the Unix socket of a tunnel
 */
export async function dial(
  context: DialContext,
  call: Call,
  target: Target,
  host: string,
  proxy: UpstreamProxy | undefined,
  verifyTls: boolean,
): Promise<Dialled> {
  if (proxy === undefined) return dialDirect(context, call, target, host, verifyTls);
  if (target.scheme === 'http' && proxy.kind !== 'socks5') {
    return dialForwarded(context, call, target, proxy, verifyTls);
  }
  return await dialTunnelled(context, call, target, host, proxy, verifyTls);
}

function dialDirect(
  context: DialContext,
  call: Call,
  target: Target,
  host: string,
  verifyTls: boolean,
): Dialled {
  const peer = { address: host, port: target.port };
  const name = target.isAddress ? {} : { name: target.host };
  const serverName = target.isAddress ? {} : { serverName: target.host };
  return {
    url: `${target.scheme}://${formatUrlHost(host)}:${target.port}${target.path}`,
    peer: target.scheme === 'http' ? peer : { ...peer, tls: name },
    // Without `false` the environment's HTTP_PROXY would dial for us.
    session: context.sessions.open(`${target.origin} ${verifyTls}`, call, () => ({
      tls: { ...tlsOf(context, verifyTls), ...serverName },
      proxy: false,
    })),
    proxyFault: undefined,
  };
}

function dialForwarded(
  context: DialContext,
  call: Call,
  target: Target,
  proxy: UpstreamProxy,
  verifyTls: boolean,
): Dialled {
  const init = (): SessionInit => ({
    tls: tlsOf(context, verifyTls),
    // The environment's NO_PROXY is not the operator's word about this source.
    proxy: { url: proxy.url, respectNoProxy: false },
  });
  return {
    url: target.origin + target.path,
    peer: { address: proxy.host, port: proxy.port },
    session: context.sessions.open(`${target.origin} ${verifyTls} ${proxy.url}`, call, init),
    // The only connection there is leads to the proxy.
    proxyFault: () => '',
  };
}

async function dialTunnelled(
  context: DialContext,
  call: Call,
  target: Target,
  host: string,
  proxy: UpstreamProxy,
  verifyTls: boolean,
): Promise<Dialled> {
  const security = { verifyTls, trustedCa: context.trustedCa };
  const tunnel = await context.tunnels.open(proxy, host, target.port, security).catch((cause) => {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'failed';
    const state = `no socket for a tunnel in the folder for temporary files (${code})`;
    throw new NetError('NET_PROXY', `Cannot fetch from ${target.origin}: ${state}`);
  });
  const init = (): SessionInit => ({
    tls: tlsOf(context, verifyTls),
    proxy: false,
    unix: tunnel.path,
  });
  return {
    url: target.origin + target.path,
    peer: { address: host, port: target.port },
    session: context.sessions.open(`${target.origin} ${verifyTls} ${tunnel.path}`, call, init),
    proxyFault: () => tunnel.failure,
  };
}

function tlsOf({ trustedCa }: DialContext, verifyTls: boolean): SessionInit['tls'] {
  return { rejectUnauthorized: verifyTls, ...(trustedCa === undefined ? {} : { ca: trustedCa }) };
}
