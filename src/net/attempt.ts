// This file sends one request to one address and waits for the headers of its answer.
import type { Clock } from '../base/clock.ts';
import type { AddressBook } from './address-book.ts';
import { type Call, timeoutError } from './call.ts';
import type { NetError } from './errors.ts';
import { fetchError } from './fetch-error.ts';
import type { OutboundLimits } from './outbound.ts';
import type { Probe, ProbeTarget } from './probe.ts';
import type { Session } from './sessions.ts';

/**
 * The runtime has one wait for connecting and for the first byte. An answer within this time needs
 * no closer look; after it a probe tells the two apart. So a fast upstream never sees a probe.
 */
const PROBE_AFTER_MS = 300;
/** With PROBE_AFTER_MS this makes a black hole cost one second, once; TCP repeats its SYN after one. */
const GIVE_UP_AFTER_MS = 700;

export type AttemptContext = {
  readonly clock: Clock;
  readonly book: AddressBook;
  readonly probe: Probe;
};

export type Attempt = {
  readonly call: Call;
  readonly session: Session;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly limits: OutboundLimits;
  /** Behind a proxy: says whether a connection that failed is the proxy's fault, and why. */
  readonly proxyFault: ProxyFault | undefined;
  /** What is dialled, and for how much longer that may take over all addresses. */
  readonly peer: ProbeTarget;
  readonly connectMs: number;
  /** There is another address to go on with. */
  readonly hasNext: boolean;
};

export type ProxyFault = () => string | undefined;

export type Head = { readonly response: Response; readonly abort: () => void };

/** Rejects with NetError. */
export async function attempt(context: AttemptContext, it: Attempt): Promise<Head> {
  const { call } = it;
  const controller = new AbortController();
  const abort = () => controller.abort();
  const unreachable = Promise.withResolvers<never>();
  call.onStop = abort;
  using _watch = watchConnect(context, it, unreachable.reject);
  try {
    const answer = it.session.fetch(it.url, {
      headers: it.headers,
      redirect: 'manual',
      decompress: false,
      // The call's own deadlines are the ones that count.
      timeout: false,
      signal: controller.signal,
    });
    const response = await call.race(Promise.race([answer, unreachable.promise]));
    if (it.proxyFault === undefined) context.book.note(it.peer.address, it.peer.port, true);
    return { response, abort };
  } catch (cause) {
    abort();
    const error = call.failure ?? fetchError(cause, 'head', call.origin, it.proxyFault?.());
    if (it.proxyFault === undefined) learn(context.book, it.peer, error);
    throw error;
  }
}

function learn(book: AddressBook, { address, port }: ProbeTarget, { code }: NetError): void {
  if (code === 'NET_CONNECT' || code === 'NET_TIMEOUT_CONNECT') book.note(address, port, false);
  // It was reachable a moment ago; the next request may look for itself.
  else if (code === 'NET_TIMEOUT_FIRST_BYTE') book.forget(address, port);
}

/**
 * Sets the deadline of the wait for headers:
 *
 *     0 ms            300 ms                  1 s               connectMs
 *     ├─ no probe ────┼─ probe ───────────────┼─ next address ──┤ NET_TIMEOUT_CONNECT
 *                     └─ connected ───────────────── firstByteMs ──┤ NET_TIMEOUT_FIRST_BYTE
 */
function watchConnect(
  context: AttemptContext,
  it: Attempt,
  giveUp: (error: NetError) => void,
): Disposable {
  const { call, proxyFault, peer, limits, connectMs } = it;
  const stack = new DisposableStack();
  // Behind a proxy only the proxy could be probed: both waits become one.
  if (proxyFault !== undefined)
    call.expect('NET_TIMEOUT_FIRST_BYTE', connectMs + limits.firstByteMs);
  else if (context.book.isGood(peer.address, peer.port)) {
    call.expect('NET_TIMEOUT_FIRST_BYTE', limits.firstByteMs);
  } else {
    call.expect('NET_TIMEOUT_CONNECT', connectMs);
    const start = () => startProbe(context, it, stack, giveUp);
    stack.use(context.clock.after(Math.min(PROBE_AFTER_MS, connectMs / 2), start));
  }
  return stack;
}

function startProbe(
  { clock, book, probe }: AttemptContext,
  { call, peer, limits, hasNext }: Attempt,
  stack: DisposableStack,
  giveUp: (error: NetError) => void,
): void {
  const late = () => giveUp(timeoutError('NET_TIMEOUT_CONNECT', call.origin));
  const patience = hasNext ? stack.use(clock.after(GIVE_UP_AFTER_MS, late)) : undefined;
  const answered = () => patience?.[Symbol.dispose]();
  const settled = (isReachable: boolean) => {
    stack.dispose();
    if (!isReachable) return;
    book.note(peer.address, peer.port, true);
    call.expect('NET_TIMEOUT_FIRST_BYTE', limits.firstByteMs);
  };
  stack.use(probe(peer, { answered, settled }));
}
