// This file measures what readers cost that ask for a segment and then take nothing.
import { type Bench, type Contender, Contest, cell, newestSegment } from '../contest.ts';
import { added, type Figure, megabytes, verdict } from '../figure.ts';
import type { ServerName } from '../server.ts';
import { TimedClient } from '../timed-client.ts';

const TARGET_BYTES = 64 * 1024 * 1024;
/** Shorter than the guard of connections takes to lose patience with them. */
const SETTLE_MS = 5000;
const OPENED_AT_ONCE = 50;

type Cost = { readonly addedBytes: number; readonly queuedBytes: number };

export async function stalledReadersFigure(bench: Bench): Promise<Figure> {
  const readers = bench.isQuick ? 100 : 1500;
  await using contest = await Contest.start(bench);
  const results = new Map<ServerName, Cost>();
  for (const contender of contest.contenders) {
    bench.say(`${readers} readers that stall on ${contender.server.name}`);
    const settleMs = bench.isQuick ? 500 : SETTLE_MS;
    results.set(contender.server.name, await stall(contender, readers, settleMs));
  }
  const text = ({ addedBytes, queuedBytes }: Cost) =>
    `${added(addedBytes, megabytes)} RSS, ${megabytes(queuedBytes)} in the kernel`;
  const { addedBytes } = results.get('weir')!;
  return {
    what: `${readers.toLocaleString('en-US')} readers that stall`,
    weir: cell(results, 'weir', text),
    nginx: cell(results, 'nginx', text),
    varnish: cell(results, 'varnish', text),
    target: '+ ≤ 64 MB RSS',
    verdict: verdict(addedBytes <= TARGET_BYTES),
    note: 'each asks for a 1.5 MB segment and stops reading at its first byte; RSS of all processes of the server, and what its sockets hold unsent in the kernel, which no RSS shows',
  };
}

async function stall(contender: Contender, readers: number, settleMs: number): Promise<Cost> {
  const { server } = contender;
  const path = await newestSegment(contender);
  await Bun.sleep(settleMs / 5);
  const beforeBytes = server.rssBytes();
  const clients: TimedClient[] = [];
  try {
    for (let from = 0; from < readers; from += OPENED_AT_ONCE) {
      const size = Math.min(OPENED_AT_ONCE, readers - from);
      const opened = await Promise.all(
        Array.from({ length: size }, () => TimedClient.open(server.port)),
      );
      clients.push(...opened);
      await Promise.all(
        opened.map(async (client) => {
          await client.get(path, 'first body byte');
          client.stall();
        }),
      );
    }
    await Bun.sleep(settleMs);
    const addedBytes = server.rssBytes() - beforeBytes;
    return { addedBytes, queuedBytes: await queuedBytes(server.port) };
  } finally {
    for (const client of clients) client[Symbol.dispose]();
  }
}

/** Written by the server, not yet acknowledged by the other end. */
async function queuedBytes(port: number): Promise<number> {
  const ours = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  let bytes = 0;
  for (const line of (await Bun.file('/proc/net/tcp').text()).split('\n').slice(1)) {
    // Columns: slot, local, remote, state, tx_queue:rx_queue
    const [, local = '', , , queues = ''] = line.trim().split(/\s+/);
    if (local.endsWith(ours)) bytes += Number.parseInt(queues.split(':')[0]!, 16);
  }
  return bytes;
}
