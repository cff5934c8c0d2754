// This file reads the URL of a Postgres or MySQL.
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

/** `postgres://user:pass@host:port/database?sslmode=require`, and the same with `mysql:`; or what is wrong. */
export function readSqlAddress(kind: 'postgres' | 'mysql', text: string): SqlAddress | string {
  const url = URL.parse(text);
  const { port: defaultPort, scheme } = DEFAULTS[kind];
  if (url === null || url.hostname === '' || !scheme.test(url.protocol)) return 'it is none';
  for (const name of url.searchParams.keys()) {
    if (name !== 'sslmode') return `unknown parameter ${name}`;
  }
  const sslMode = SSL_MODES.find((mode) => mode === (url.searchParams.get('sslmode') ?? 'disable'));
  if (sslMode === undefined) return `sslmode is none of ${SSL_MODES.join(', ')}`;
  const [username, password, path] = [url.username, url.password, url.pathname.slice(1)].map(
    decode,
  );
  if (username === undefined || password === undefined || path === undefined) {
    return 'a % that escapes nothing';
  }
  if (username === '') return 'it names no user';
  const database = path || username;
  const port = Number(url.port || defaultPort);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const place = `${kind} at ${url.hostname}:${port}, database ${database}`;
  return { host, port, username, password, database, sslMode, place };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
