// This file sets up nginx and Varnish as caches before the origin, and weir before the same.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, weirCommand, weirEnv } from '../support/weir.ts';
import { BenchServer, benchDir } from './server.ts';

export type Upstream = { readonly port: number };

/**
 * As Debian ships it, but for the access log, which weir and Varnish do not write either. Copying:
 * without `sendfile`, which is nginx's own default and the only way over TLS.
 */
export function startNginx(
  name: 'nginx' | 'nginx-copying',
  origin: Upstream,
  readyPath: string,
): Promise<BenchServer> {
  const dir = benchDir(name);
  const port = freePort();
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  mkdirSync(join(dir, 'temp'));
  const conf = `
${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off; worker_processes 1; worker_rlimit_nofile 8192;
pid ${dir}/nginx.pid; error_log stderr warn;
events { worker_connections 4096; }
http {
  sendfile ${name === 'nginx' ? 'on' : 'off'}; tcp_nopush on; access_log off; keepalive_requests 100000000;
  ${temp.map((name) => `${name}_temp_path ${dir}/temp/${name};`).join(' ')}
  proxy_cache_path ${dir}/cache levels=1:2 keys_zone=c:10m max_size=2g inactive=1h use_temp_path=off;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://127.0.0.1:${origin.port};
      proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_cache c; proxy_cache_lock on;
      proxy_cache_use_stale updating; proxy_cache_background_update on;
    }
  }
}`;
  writeFileSync(join(dir, 'nginx.conf'), conf);
  const cmd = ['nginx', '-e', 'stderr', '-p', dir, '-c', join(dir, 'nginx.conf')];
  return BenchServer.start({ name, port, dir, cmd, readyPath });
}

export function startVarnish(origin: Upstream, readyPath: string): Promise<BenchServer> {
  const dir = benchDir('varnish');
  const port = freePort();
  const backend = `backend default { .host = "127.0.0.1"; .port = "${origin.port}"; }`;
  writeFileSync(join(dir, 'bench.vcl'), `vcl 4.1;\n${backend}\n`);
  const work = ['-n', join(dir, 'work'), '-f', join(dir, 'bench.vcl')];
  const cmd = ['varnishd', '-F', ...work, '-a', `127.0.0.1:${port}`, '-s', 'malloc,1G'];
  return BenchServer.start({ name: 'varnish', port, dir, cmd, readyPath });
}

/** What it is fed by: a URL, or a file that loops. */
export type WeirChannel = {
  readonly id: string;
  readonly keepWarm?: boolean;
  /** How long what it shows is kept. */
  readonly archive?: string;
  readonly guide?: string;
} & ({ readonly source: string } | { readonly loop: string });

export type WeirSettings = {
  readonly memory?: string;
  /** A place beyond memory; none where absent. */
  readonly overflow?: string;
  /** The file of one; none where absent. */
  readonly guide?: string;
  /** The file of one; none where absent. */
  readonly lineUp?: string;
  /** On all cores, where what is measured has threads that work beside the one that serves. */
  readonly isWide?: boolean;
  readonly channels: readonly WeirChannel[];
  /** A data folder that something is in; a new one where absent. */
  readonly dataDir?: string;
};

/** No `channels`: as it is without a configuration. */
export function startWeir(settings: WeirSettings): Promise<BenchServer> {
  const dir = benchDir('weir');
  const port = freePort();
  const file = join(dir, 'weir.yaml');
  const dataDir = settings.dataDir ?? join(dir, 'data');
  const place = ['--listen', `127.0.0.1:${port}`, '--data', dataDir];
  const isBare = settings.channels.length === 0;
  if (!isBare) writeFileSync(file, weirYaml(settings));
  const cmd = [...weirCommand(), 'serve', ...(isBare ? [] : ['--config', file]), ...place];
  const { isWide = false } = settings;
  const launch = { name: 'weir', port, dir, cmd, env: weirEnv(), readyPath: '/readyz' } as const;
  return BenchServer.start({ ...launch, isWide });
}

function weirYaml({ memory = '256MiB', channels, overflow, guide, lineUp }: WeirSettings): string {
  const entries = channels.map((channel) => {
    const source =
      'loop' in channel
        ? `loop: "${channel.loop}"`
        : `url: "${channel.source}", timeouts: ${TIMEOUTS}`;
    const warm = channel.keepWarm === true ? 'keep_warm: true, ' : '';
    const archive = channel.archive === undefined ? '' : `archive: ${channel.archive}, `;
    const guided = channel.guide === undefined ? '' : `guide: ${channel.guide}, `;
    return `  - { id: ${channel.id}, ${warm}${archive}${guided}sources: [{ ${source} }] }`;
  });
  return `memory: ${memory}
${overflow === undefined ? '' : `overflow: ${overflow}\n`}${guide === undefined ? '' : `guides: [{ path: ${guide} }]\n`}${lineUp === undefined ? '' : `lineups: [{ path: ${lineUp} }]\n`}allow_private: [127.0.0.0/8]
prefetch: { idle_stop: 1h, per_origin: 64 }
log: { level: warn }
channels:
${entries.join('\n')}
`;
}

/** One row has an upstream that answers 10 s late; to give up on it is not what is measured. */
const TIMEOUTS = '{ first_byte: 30s, between_bytes: 30s, total: 60s }';
