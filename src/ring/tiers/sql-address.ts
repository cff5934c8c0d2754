// This file reads the URL of a Postgres or MySQL.
import { TierError } from './errors.ts';

export type SqlAddress = {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly database: string;
  /** `require` encrypts and trusts any certificate; `verify-full` trusts those of the name only. */
  readonly sslMode: 'disable' | 'require' | 'verify-full';
  /** For the log. */
  readonly place: string;
};

const DEFAULTS = {
  postgres: { port: 5432, scheme: /^postgres(?:ql)?:$/ },
  mysql: { port: 3306, scheme: /^(?:mysql|mariadb):$/ },
} as const;

const SSL_MODES = ['disable', 'require', 'verify-full'] as const;

/** `postgres://user:pass@host:port/database?sslmode=require`, and the same with `mysql:`. */
export function parseSqlAddress(kind: 'postgres' | 'mysql', text: string): SqlAddress {
  const url = URL.parse(text);
  const { port: defaultPort, scheme } = DEFAULTS[kind];
  if (url === null || url.hostname === '' || !scheme.test(url.protocol)) {
    throw unusable(kind, 'it is none');
  }
  for (const name of url.searchParams.keys()) {
    if (name !== 'sslmode') throw unusable(kind, `unknown parameter ${name}`);
  }
  const sslMode = SSL_MODES.find((mode) => mode === (url.searchParams.get('sslmode') ?? 'disable'));
  if (sslMode === undefined) throw unusable(kind, `sslmode is none of ${SSL_MODES.join(', ')}`);
  const username = decode(kind, url.username);
  const database = decode(kind, url.pathname.slice(1)) || username;
  if (username === '') throw unusable(kind, 'it names no user');
  const port = Number(url.port || defaultPort);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const place = `${kind} at ${url.hostname}:${port}, database ${database}`;
  return { host, port, username, password: decode(kind, url.password), database, sslMode, place };
}

function decode(kind: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw unusable(kind, 'a % that escapes nothing');
  }
}

function unusable(kind: string, state: string): TierError {
  return new TierError('TIER_REFUSED', `Cannot use the URL of a ${kind}: ${state}`);
}
