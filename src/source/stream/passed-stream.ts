// This file opens an endless stream of upstream's that is passed on as it comes.
import type { Clock } from '../../base/clock.ts';
import { FormatError } from '../../base/errors.ts';
import type { UrlSource } from '../../config/config.ts';
import { NULL_PID, PACKET_BYTES, parsePacket } from '../../media/mpegts/packet.ts';
import { PacketScanner } from '../../media/mpegts/packet-scanner.ts';
import type { Outbound } from '../../net/outbound.ts';
import { policyOf } from '../open-source.ts';
import { HttpInput } from './http-input.ts';
import type { StreamConnection } from './input.ts';
import { SNIFF_MAX_BYTES, Sniffer, type Verdict } from './sniff.ts';

/** Whole packets, as they come; disposing it closes the connection. */
export type PassedStream = AsyncDisposable & { readonly packets: AsyncGenerator<Uint8Array> };

/**
 * 'playlist' where upstream answers with one: the connection is closed then. Throws NetError,
 * SourceStatusError or FormatError.
 */
export async function openPassedStream(
  source: UrlSource,
  outbound: Outbound,
  clock: Clock,
  signal: AbortSignal,
): Promise<PassedStream | 'playlist'> {
  const request = { url: source.url, policy: policyOf(source) };
  const connection = await new HttpInput(request, source.timeouts, outbound, clock).open(signal);
  const close = () => connection[Symbol.asyncDispose]();
  try {
    const chunks = bytesOf(connection)[Symbol.asyncIterator]();
    const head = await readHead(chunks);
    if (head !== 'playlist') {
      return { packets: packetsOf(head, chunks), [Symbol.asyncDispose]: close };
    }
  } catch (error) {
    await close();
    throw error;
  }
  await close();
  return 'playlist';
}

/** Over HTTP there are no breaks but its end. */
async function* bytesOf({ chunks }: StreamConnection): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) if (chunk !== 'break') yield chunk;
}

/** Read until it is known what comes, which one chunk usually tells. */
async function readHead(chunks: AsyncIterator<Uint8Array>): Promise<Uint8Array[] | 'playlist'> {
  const sniffer = new Sniffer();
  const head: Uint8Array[] = [];
  let verdict: Verdict = 'unknown';
  while (verdict === 'unknown') {
    const { done, value } = await chunks.next();
    if (done === true) break;
    head.push(value);
    verdict = sniffer.push(value);
  }
  if (verdict === 'stream') return head;
  if (verdict === 'playlist') return 'playlist';
  const message =
    verdict === 'neither'
      ? `Cannot pass the stream on: no packets in its first ${SNIFF_MAX_BYTES} bytes, wanted MPEG-TS`
      : 'Cannot pass the stream on: it ended before any packet, wanted MPEG-TS';
  throw new FormatError('mpegts', 0, message, 'ISO/IEC 13818-1 §2.4.3.2');
}

/**
 * From the first packet that says something: media servers take a stream that begins amid a packet,
 * or with stuffing, for something else. Those of 192 and 204 bytes become plain ones.
 */
async function* packetsOf(
  head: readonly Uint8Array[],
  chunks: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const scanner = new PacketScanner();
  let hasBegun = false;
  for await (const chunk of joined(head, chunks)) {
    const packets = oneOf(scanner.push(chunk).map(({ bytes }) => bytes));
    const from = hasBegun ? 0 : firstTelling(packets);
    if (from === packets.length) continue;
    hasBegun = true;
    yield packets.subarray(from);
  }
  const rest = oneOf(scanner.flush().map(({ bytes }) => bytes));
  if (rest.length > 0) yield rest;
}

async function* joined(
  head: readonly Uint8Array[],
  chunks: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* head;
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
    yield next.value;
  }
}

/** Where the first packet begins that is no stuffing. */
function firstTelling(packets: Uint8Array): number {
  let at = 0;
  while (at < packets.length && parsePacket(packets, at).pid === NULL_PID) at += PACKET_BYTES;
  return at;
}

function oneOf(runs: readonly Uint8Array[]): Uint8Array {
  const [only] = runs;
  return runs.length === 1 && only !== undefined ? only : Buffer.concat(runs);
}
