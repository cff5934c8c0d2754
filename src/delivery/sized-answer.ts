// This file sends a long body whose size is known, piece by piece as the viewer takes it.
import { readdirSync } from 'node:fs';
import { type Clock, sleep } from '../base/clock.ts';
import type { Counters } from './connection-limits.ts';
import type { SocketCalls } from './socket-calls.ts';

export type SizedAnswer = {
  readonly request: Request;
  readonly status: 200 | 206;
  readonly headers: Readonly<Record<string, string>>;
  readonly sizeBytes: number;
  readonly body: AsyncGenerator<Uint8Array>;
};

export type SendSized = (answer: SizedAnswer) => Response | Promise<Response>;

/*
 * Bun.serve leaves Content-Length out where the body is a stream, and a body that is no stream has to
 * be in memory whole. So the answer is written to the socket itself, on the thread that serves it:
 *
 *   request ─► peer ─► the one descriptor that has it ─► head ─► piece ─► piece … ─► end of sending
 *                                                         │ no room: wait, look again
 *                                                         └ another cookie: the viewer has gone
 *
 * Invariant: a send happens in the same synchronous turn as the look at the cookie, so that the
 * descriptor cannot have come to mean another connection. The server itself waits for an answer of
 * ours meanwhile, and writes nothing. Where this cannot be done the body is sent in chunks.
 */

export type Peer = { readonly address: string; readonly port: number };

export type RawSendDeps = {
  readonly clock: Clock;
  /** Undefined where the system is not one whose sockets we can call. */
  readonly open: () => SocketCalls | undefined;
  /** Null where the request is none of the server's, or its viewer has gone. */
  readonly peerOf: (request: Request) => Peer | null;
  /** The server's own. */
  readonly port: () => number;
};

/** The first wait for room, doubled up to the last: 128 kB each are 4 MB/s at least. */
const WAIT_MIN_MS = 2;
const WAIT_MAX_MS = 32;
/** A viewer that does not close what has ended is closed. */
const LINGER_MS = 30_000;

export function createSizedSend(deps: RawSendDeps): SendSized {
  // To bind the C library takes 15 ms: not before somebody asks
  let opened: { readonly calls: SocketCalls | undefined } | undefined;
  return (answer) => {
    opened ??= { calls: deps.open() };
    const { calls } = opened;
    const socket = calls === undefined ? undefined : socketOf(calls, deps, answer.request);
    if (calls === undefined || socket === undefined) return sendStreamed(answer);
    return sendRaw(calls, socket, deps.clock, answer);
  };
}

type Socket = { readonly fd: number; readonly cookie: number };

/** The only descriptor whose connection is that of the request. */
function socketOf(
  calls: SocketCalls,
  { peerOf, port }: RawSendDeps,
  request: Request,
): Socket | undefined {
  const peer = peerOf(request);
  if (peer === null) return undefined;
  const found: Socket[] = [];
  for (const name of readdirSync('/proc/self/fd')) {
    const fd = Number(name);
    if (calls.peer(fd)?.port !== peer.port || calls.local(fd)?.port !== port()) continue;
    const network = calls.peer(fd)?.network ?? '';
    const isSame = network.endsWith('::/64')
      ? peer.address.includes(':')
      : peer.address === network || peer.address === `::ffff:${network}`;
    const cookie = calls.cookie(fd);
    if (isSame && cookie !== undefined) found.push({ fd, cookie });
  }
  return found.length === 1 ? found[0] : undefined;
}

async function sendRaw(
  calls: SocketCalls,
  { fd, cookie }: Socket,
  clock: Clock,
  { request, status, headers, sizeBytes, body }: SizedAnswer,
): Promise<Response> {
  const { signal } = request;
  const counters: Counters = { receivedBytes: 0, sentSegments: 0, ackedBytes: 0, unsentBytes: 0 };
  const isOpen = () => !signal.aborted && calls.cookie(fd) === cookie;
  const write = async (bytes: Uint8Array): Promise<boolean> => {
    let waitMs = WAIT_MIN_MS;
    for (let at = 0; at < bytes.length; ) {
      if (!isOpen()) return false;
      const taken = calls.send(fd, bytes.subarray(at));
      at += taken;
      if (taken > 0) waitMs = WAIT_MIN_MS;
      else if (!calls.count(fd, counters)) return false;
      else {
        await sleep(clock, waitMs, signal);
        waitMs = Math.min(2 * waitMs, WAIT_MAX_MS);
      }
    }
    return true;
  };
  try {
    let isTaking = await write(headOf(status, headers, sizeBytes, clock.nowMs()));
    while (isTaking) {
      const { done, value } = await body.next();
      if (done === true) break;
      isTaking = await write(value);
    }
    if (isTaking && isOpen()) calls.finish(fd);
  } catch {
    // It has fewer bytes than it was told: a reset says so too
    if (isOpen()) calls.abort(fd);
  } finally {
    await body.return(undefined);
  }
  await sleep(clock, LINGER_MS, signal);
  if (isOpen()) calls.abort(fd);
  return new Response(null, { status: 499 });
}

const REASONS = { 200: 'OK', 206: 'Partial Content' } as const;

// RFC 9112 §4 and §9.6: the connection ends with it, as the server knows nothing of what was sent
function headOf(
  status: 200 | 206,
  headers: Readonly<Record<string, string>>,
  sizeBytes: number,
  nowMs: number,
): Uint8Array {
  const all = new Headers(headers);
  all.set('date', new Date(nowMs).toUTCString());
  all.set('content-length', String(sizeBytes));
  all.set('connection', 'close');
  const lines = [...all].map(([name, value]) => `${name}: ${value}\r\n`);
  return new TextEncoder().encode(`HTTP/1.1 ${status} ${REASONS[status]}\r\n${lines.join('')}\r\n`);
}

/** In chunks: without the length, which only a part tells, by its range. */
export const sendStreamed: SendSized = ({ status, headers, sizeBytes, body }) => {
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await body.next();
          if (done === true) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          controller.error(error);
        }
      },
      async cancel() {
        await body.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
  const length = { 'content-length': String(sizeBytes) };
  return new Response(stream, { status, headers: { ...headers, ...length } });
};
