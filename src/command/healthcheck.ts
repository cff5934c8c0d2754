// This file is `weir healthcheck`: it asks the weir that runs on this machine whether it is ready.
import { systemClock } from '../base/clock.ts';
import { errorRecord } from '../base/errors.ts';
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
  const url = `http://${reachable(config.listen.host)}:${config.listen.port}/readyz`;
  await using outbound = createOutbound({
    clock: systemClock,
    allowPrivate: ['0.0.0.0/0', '::/0'],
    userAgent: 'weir-healthcheck',
  });
  try {
    const response = await outbound({ url, policy: POLICY, limits: LIMITS, compressed: false });
    const answer = new TextDecoder().decode(await response.bytes()).trim();
    if (response.status === 200) {
      terminal.out(`${answer}\n`);
      return EXIT.ok;
    }
    terminal.error(`weir: ${url} answered ${response.status}: ${answer}\n`);
  } catch (error) {
    terminal.error(`weir: ${url} does not answer: ${errorRecord(error).message}\n`);
  }
  return EXIT.failed;
}

/** Where all addresses are listened on, this machine's own is one of them. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
