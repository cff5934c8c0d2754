// This file reads the URL of a Redis: one server, Sentinels that know it, or a Cluster.
import { TierError } from './errors.ts';

export type RedisHost = { readonly host: string; readonly port: number };

export type RedisAddress = {
  readonly kind: 'single' | 'sentinel' | 'cluster';
  readonly hosts: readonly RedisHost[];
  readonly isEncrypted: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
  /** What the Sentinels call it. */
  readonly masterName: string;
  readonly sentinelPassword: string | undefined;
  /** For the log. */
  readonly place: string;
};

const FORM =
  /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/?#]*)@)?([^/?#@]+)([^?#]*)(?:\?([^#]*))?$/i;
const DEFAULT_PORTS = { single: 6379, cluster: 6379, sentinel: 26_379 } as const;

/** `redis://user:pass@host:port/db`, `redis+sentinel://host,host/name/db`, `redis+cluster://host,host`. */
export function parseRedisAddress(url: string): RedisAddress {
  const [, scheme = '', manner = 'single', login, authority = '', path = '', query = ''] =
    FORM.exec(url) ?? [];
  if (scheme === '') throw unusable('it is no URL of a Redis');
  const kind = manner.toLowerCase() as RedisAddress['kind'];
  const hosts = authority.split(',').map((host) => parseHost(host, DEFAULT_PORTS[kind]));
  if (kind === 'single' && hosts.length > 1) throw unusable('more than one host');
  const { masterName, db } = parsePath(kind, path);
  const names = hosts.map(({ host, port }) => `${host}:${port}`).join(',');
  const place = {
    single: `redis at ${names}, database ${db}`,
    sentinel: `redis ${masterName} by sentinels at ${names}, database ${db}`,
    cluster: `redis cluster at ${names}`,
  }[kind];
  const isEncrypted = scheme.toLowerCase() === 'rediss';
  const sentinelPassword = parseQuery(query);
  return {
    kind,
    hosts,
    isEncrypted,
    ...parseLogin(login),
    db,
    masterName,
    sentinelPassword,
    place,
  };
}

function parseHost(text: string, defaultPort: number): RedisHost {
  const match = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/i.exec(text);
  const port = Number(match?.[2] ?? defaultPort);
  if (match === null || port < 1 || port > 65_535) throw unusable('a host that is none');
  return { host: (match[1] as string).replace(/^\[|\]$/g, ''), port };
}

function parseLogin(login = ''): Pick<RedisAddress, 'username' | 'password'> {
  const colon = login.indexOf(':');
  const user = decode(colon < 0 ? login : login.slice(0, colon));
  const password = colon < 0 ? '' : decode(login.slice(colon + 1));
  return { username: user || undefined, password: password || undefined };
}

function parsePath(kind: RedisAddress['kind'], path: string): { masterName: string; db: number } {
  const parts = path.split('/').slice(1).map(decode);
  const masterName = kind === 'sentinel' ? (parts.shift() ?? '') : '';
  if (kind === 'sentinel' && masterName === '') {
    throw unusable('no name, wanted redis+sentinel://host,host/name');
  }
  const [db = ''] = parts;
  if (parts.length > 1 || !/^\d{0,5}$/.test(db))
    throw unusable('a path that is no database number');
  if (kind === 'cluster' && Number(db) > 0) throw unusable('a Cluster has database 0 only');
  return { masterName, db: Number(db) };
}

function parseQuery(query: string): string | undefined {
  const params = new URLSearchParams(query);
  for (const name of params.keys()) {
    if (name !== 'sentinel_password') throw unusable(`unknown parameter ${name}`);
  }
  return params.get('sentinel_password') ?? undefined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw unusable('a % that escapes nothing');
  }
}

function unusable(state: string): TierError {
  return new TierError('TIER_REFUSED', `Cannot use the URL of a Redis: ${state}`);
}
