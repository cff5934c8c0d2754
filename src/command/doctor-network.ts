// This file looks at the network: the port, addresses, names.
import { networkInterfaces } from 'node:os';
import type { Config } from '../config/config.ts';
import { formatListen } from '../config/listen.ts';
import type { LoadedConfig } from '../config/load.ts';
import { formatSize } from '../config/size.ts';
import type { Finding } from './finding.ts';

const NAME_WAIT_MS = 5_000;
/** A line-up can name thousands of hosts; these are enough to see that names are answered. */
const MAX_NAMES = 5;

export async function checkNetwork(loaded: LoadedConfig): Promise<Finding[]> {
  return [
    checkListen(loaded.config),
    checkAddresses(),
    await checkNames(loaded.config),
    ...(await checkDatagrams(loaded.config)),
  ];
}

function checkListen(config: Config): Finding {
  const what = 'listen';
  const found = formatListen(config.listen);
  const { host, port } = config.listen;
  try {
    using listener = Bun.listen({ hostname: host, port, socket: { data() {} } });
    return { state: 'ok', what, found: `${formatListen({ host, port: listener.port })} is free` };
  } catch (error) {
    const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      const advice = 'good where weir itself is running; else choose another port';
      return { state: 'warn', what, found: `${found} is taken`, advice };
    }
    const advice =
      code === 'EACCES' ? 'choose a port above 1023' : 'choose an address of this machine';
    return { state: 'fail', what, found: `${found} cannot be had (${code})`, advice };
  }
}

function checkAddresses(): Finding {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const outside = all.filter(({ internal, address }) => !internal && !/^fe[89ab]/i.test(address));
  const count = (family: string) => outside.filter((each) => each.family === family).length;
  const found = `IPv4 ${count('IPv4') > 0 ? 'yes' : 'no'}, IPv6 ${count('IPv6') > 0 ? 'yes' : 'no'}`;
  if (outside.length > 0) return { state: 'ok', what: 'addresses', found };
  const advice = 'only this machine itself can be served and reached';
  return { state: 'warn', what: 'addresses', found, advice };
}

/** Where the kernel keeps less than this for a socket, a busy moment loses datagrams. */
const GOOD_RECEIVE_BUFFER_BYTES = 4 * 2 ** 20;

/** Only where a source receives any. */
async function checkDatagrams(config: Config): Promise<Finding[]> {
  const what = 'datagrams';
  const isUsed = config.channels.some(({ sources }) =>
    sources.some(({ kind }) => kind === 'datagram'),
  );
  if (!isUsed) return [];
  const file = Bun.file('/proc/sys/net/core/rmem_max');
  const bytes = Number(await file.text().catch(() => ''));
  if (!(bytes > 0)) return [{ state: 'ok', what, found: 'the receive buffer is not known here' }];
  const found = `up to ${formatSize(bytes)} are kept for a busy moment`;
  if (bytes >= GOOD_RECEIVE_BUFFER_BYTES) return [{ state: 'ok', what, found }];
  const advice = `sysctl -w net.core.rmem_max=${GOOD_RECEIVE_BUFFER_BYTES}, or some are lost`;
  return [{ state: 'warn', what, found, advice }];
}

/** Names of upstreams are asked for; without any, nothing depends on names. */
async function checkNames(config: Config): Promise<Finding> {
  const what = 'names';
  const names = [...new Set(config.channels.flatMap(({ sources }) => sources.flatMap(hostOf)))];
  if (names.length === 0) return { state: 'ok', what, found: 'no source needs one' };
  const asked = names.slice(0, MAX_NAMES);
  const answers = await Promise.all(asked.map(isAnswered));
  const unknown = asked.filter((_, index) => !answers[index]);
  const found = `${asked.length - unknown.length} of ${asked.length} asked for are answered`;
  if (unknown.length === 0) return { state: 'ok', what, found };
  const advice = `no answer for ${unknown.join(', ')}`;
  return { state: unknown.length === asked.length ? 'fail' : 'warn', what, found, advice };
}

function hostOf(source: Config['channels'][number]['sources'][number]): string[] {
  if (source.kind === 'loop' || source.kind === 'datagram') return [];
  const written = source.proxy ?? (source.kind === 'url' ? source.url : source.template);
  const host = URL.parse(written.replace(/\{[a-z]+\}/g, '0'))?.hostname ?? '';
  const isAddress = host.startsWith('[') || /^[\d.]+$/.test(host);
  return host === '' || isAddress ? [] : [host];
}

async function isAnswered(name: string): Promise<boolean> {
  const late = Bun.sleep(NAME_WAIT_MS).then(() => false);
  const answer = Bun.dns.lookup(name).then(
    (addresses) => addresses.length > 0,
    () => false,
  );
  return await Promise.race([answer, late]);
}
