// This file is `weir healthcheck`: it asks the weir that runs on this machine whether it is ready.
import { systemClock } from '../base/clock.ts';
import { errorRecord } from '../base/errors.ts';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { createOutbound } from '../net/outbound-client.ts';
import { EXIT, type ExitCode, type Given, type Terminal } from './command-line.ts';
import { loadInput } from './config-flags.ts';

/** A container is asked every few seconds and must not wait for the answer longer than that. */
const LIMITS = {
  connectMs: 1000,
  firstByteMs: 2000,
  betweenBytesMs: 1000,
  totalMs: 2500,
  maxBytes: 64 * 1024,
};

const POLICY = { headers: {}, verifyTls: true, allowDowngrade: false };

/** Reads the same configuration as the server, so that it knows where that listens. */
export async function runHealthcheck(given: Given, terminal: Terminal): Promise<ExitCode> {
  const { config } = await loadConfig(loadInput(given, terminal));
  const { status, text, url } = await askServer(config, '/readyz', LIMITS);
  if (status === 200) {
    terminal.out(`${text}\n`);
    return EXIT.ok;
  }
  terminal.error(`weir: ${url} ${status === undefined ? '' : `answered ${status}: `}${text}\n`);
  return EXIT.failed;
}

export type ServerAnswer = {
  readonly url: string;
  /** Undefined where it does not answer; then `text` says why. */
  readonly status: number | undefined;
  readonly text: string;
};

/** Asks the weir that runs on this machine. */
export async function askServer(
  { listen }: Config,
  path: string,
  { maxBytes, totalMs }: Pick<typeof LIMITS, 'maxBytes' | 'totalMs'>,
): Promise<ServerAnswer> {
  const url = `http://${reachable(listen.host)}:${listen.port}${path}`;
  await using outbound = createOutbound({
    clock: systemClock,
    allowPrivate: ['0.0.0.0/0', '::/0'],
    userAgent: 'weir-healthcheck',
  });
  try {
    const limits = { ...LIMITS, maxBytes, totalMs };
    const response = await outbound({ url, policy: POLICY, limits, compressed: false });
    const text = new TextDecoder().decode(await response.bytes()).trim();
    return { url, status: response.status, text };
  } catch (error) {
    return { url, status: undefined, text: `does not answer: ${errorRecord(error).message}` };
  }
}

/** Where all addresses are listened on, this machine's own is one of them. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
