// This file sees to it that the programs that tests call are there, as far as that is permitted.
import { programPath } from '../support/program-path.ts';
import { run } from './stage.ts';

/** Program → the Debian package it comes from. */
const PACKAGES: Readonly<Record<string, string>> = {
  ffmpeg: 'ffmpeg',
  ffprobe: 'ffmpeg',
  openssl: 'openssl',
  chromium: 'chromium',
  vlc: 'vlc',
  mpv: 'mpv',
  Xvfb: 'xvfb',
  pulseaudio: 'pulseaudio',
  'kodi.bin': 'kodi',
  'pvr.iptvsimple.so': 'kodi-pvr-iptvsimple',
  'inputstream.ffmpegdirect.so': 'kodi-inputstream-ffmpegdirect',
  nginx: 'nginx-light',
  varnishd: 'varnish',
  wrk: 'wrk',
  taskset: 'util-linux',
  'redis-server': 'redis-server',
  'redis-cli': 'redis-tools',
  postgres: 'postgresql',
  pgbouncer: 'pgbouncer',
  // The programs alone: no server is started by installing them
  mariadbd: 'mariadb-server-core',
};

/** A slow mirror must not eat the time of the tests. */
const UPDATE_TIMEOUT_MS = 120_000;
const INSTALL_TIMEOUT_MS = 300_000;

export function missingOf(programs: readonly string[]): string[] {
  return programs.filter((program) => programPath(program) === undefined);
}

/** Installs what is missing; says which programs could not be had. */
export async function ensurePrograms(programs: readonly string[]): Promise<readonly string[]> {
  const missing = missingOf(programs);
  if (missing.length === 0) return [];
  console.log(`Missing: ${missing.join(', ')}`);
  const prefix = await installPrefix();
  if (prefix === undefined) {
    console.log('Cannot install: needs apt-get and root, or sudo without a password');
    return missing;
  }
  // Installing a database must not start one: tests start their own
  const env = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const apt = [...prefix, 'apt-get', '-q', '-o', 'Dpkg::Use-Pty=0'];
  await run({ cmd: [...apt, 'update'], timeoutMs: UPDATE_TIMEOUT_MS, env });
  // Each alone, so that one that cannot be had does not take the others with it.
  for (const name of new Set(missing.map((program) => PACKAGES[program] ?? program))) {
    const install = ['install', '-y', '--no-install-recommends', name];
    await run({ cmd: [...apt, ...install], timeoutMs: INSTALL_TIMEOUT_MS, env });
  }
  return missingOf(programs);
}

async function installPrefix(): Promise<string[] | undefined> {
  if (Bun.which('apt-get') === null) return undefined;
  if (process.getuid?.() === 0) return [];
  if (Bun.which('sudo') === null) return undefined;
  const code = await run({ cmd: ['sudo', '-n', 'true'], timeoutMs: 10_000 });
  return code === 0 ? ['sudo', '-n', '--preserve-env=DEBIAN_FRONTEND,RUNLEVEL'] : undefined;
}
